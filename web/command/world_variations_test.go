package command_test

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"github.com/paymux/paymux/adapters/alipay"
)

// variation is a case's message with more of what Alipay does to messages: signed anew, so that
// only the change is tried.
type variation struct {
	of      string // the case
	pre     string
	types   []string          // Content-Type headers; nil keeps the case's
	headers [][2]string       // beside them
	set     map[string]string // fields; "-" takes one away
	gbk     bool              // the bytes are in GB18030
	order   func(a, b [2]string) int
	escape  func(string) string // url.QueryEscape by default
	signAll bool                // sign_type is signed too
	spoil   func(body string) string
	refused bool
	end     worldEnd
}

// C51: the shapes of the cases in other orders, other charsets, under other headers, and several at
// once.
func TestC51_worldVariations(t *testing.T) {
	w := startWorld(t, false)
	key, err := alipay.ParsePrivateKey(worldKeys(t)["alipay_pkcs1"])
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]worldCase{}
	for _, c := range worldCases(t, 48, "notify", "app_message") {
		cases[c.ID] = c
	}
	for name, v := range messageVariations() {
		t.Run(name, func(t *testing.T) {
			c := cases[v.of]
			c.Body, c.BodyBase64 = v.body(t, c, key), nil
			if v.types != nil {
				c.Headers = nil
			}
			for _, media := range v.types {
				c.Headers = append(c.Headers, [2]string{"Content-Type", media})
			}
			c.Headers = append(c.Headers, v.headers...)
			c.Expect, c.Pre = v.end, v.pre
			c.Expect.Accept = "accept"
			if v.refused {
				c.Expect.Accept = "refuse"
			}
			w.in(t).message(c)
		})
	}
}

// body writes the varied form and signs it.
func (v variation) body(t *testing.T, c worldCase, key *rsa.PrivateKey) string {
	t.Helper()
	var fields [][2]string
	for pair := range strings.SplitSeq(string(c.body()), "&") {
		name, value, _ := strings.Cut(pair, "=")
		text, err := url.QueryUnescape(value)
		if err == nil && (c.Charset == "GBK" || c.Charset == "gbk") {
			text, err = simplifiedchinese.GB18030.NewDecoder().String(text)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, changed := v.set[name]; !changed && name != "sign" {
			fields = append(fields, [2]string{name, text})
		}
	}
	for name, text := range v.set {
		if text != "-" {
			fields = append(fields, [2]string{name, text})
		}
	}
	if v.gbk {
		for i, f := range fields {
			bytes, err := simplifiedchinese.GB18030.NewEncoder().String(f[1])
			if err != nil {
				t.Fatal(err)
			}
			fields[i][1] = bytes
		}
	}
	fields = append(fields, [2]string{"sign", v.sign(t, fields, key)})
	if v.order != nil {
		slices.SortFunc(fields, v.order)
	}
	escape := v.escape
	if escape == nil {
		escape = url.QueryEscape
	}
	pairs := make([]string, 0, len(fields))
	for _, f := range fields {
		pairs = append(pairs, f[0]+"="+escape(f[1]))
	}
	body := strings.Join(pairs, "&")
	if v.spoil != nil {
		body = v.spoil(body)
	}
	return body
}

func (v variation) sign(t *testing.T, fields [][2]string, key *rsa.PrivateKey) string {
	t.Helper()
	sorted := slices.SortedFunc(slices.Values(fields), byName)
	var parts []string
	for _, f := range sorted {
		if f[0] != "sign_type" || v.signAll {
			parts = append(parts, f[0]+"="+f[1])
		}
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "&")))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

func byName(a, b [2]string) int { return strings.Compare(a[0], b[0]) }

func blanksEscaped(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// allEscaped writes each byte as an escape, in lower case.
func allEscaped(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02x", text[i])
	}
	return b.String()
}

func messageVariations() map[string]variation {
	const paid, refund, pushed = "n01-app-odd-content-type", "n15-refund-partial", "a01-complaint"
	full := worldEnd{Conclusion: "paid", TotalFen: worldTotal}
	part := worldEnd{Conclusion: "refund_partial", TotalFen: worldTotal, Refunded: 500}
	complaint := worldEnd{Conclusion: "complaint"}
	odd := func(charset string) []string {
		return []string{"application/x-www-form-urlencoded; text/html; charset=" + charset}
	}
	variations := map[string]variation{
		"sorted by name":                 {of: paid, order: byName},
		"in reverse":                     {of: paid, order: func(a, b [2]string) int { return byName(b, a) }},
		"called a page":                  {of: paid, types: []string{"text/html"}},
		"called nothing":                 {of: paid, types: []string{}},
		"called twice":                   {of: paid, types: append(odd("utf-8"), "application/x-www-form-urlencoded")},
		"called JSON and a form":         {of: paid, types: []string{"application/json, application/x-www-form-urlencoded"}},
		"semicolons":                     {of: paid, types: []string{"application/x-www-form-urlencoded;;charset=utf-8;"}},
		"encoded as it is":               {of: paid, headers: [][2]string{{"Content-Encoding", "identity"}}},
		"header says GBK, form UTF-8":    {of: paid, types: odd("GBK"), set: map[string]string{"charset": "utf-8"}},
		"GB18030 with a rare sign":       {of: paid, types: odd("GB18030"), gbk: true, set: map[string]string{"charset": "GB18030", "subject": "㐀𠀀 测试"}},
		"gb2312 by name, header UTF-8":   {of: paid, types: odd("utf-8"), gbk: true, set: map[string]string{"charset": "gb2312"}},
		"GBK by the header alone":        {of: paid, types: odd("GBK"), gbk: true, set: map[string]string{"charset": "-"}},
		"GBK without a word":             {of: paid, types: []string{}, gbk: true, set: map[string]string{"charset": "-"}},
		"UTF-8 without a word":           {of: paid, types: []string{}, set: map[string]string{"charset": "-"}},
		"every byte escaped, reversed":   {of: paid, escape: allEscaped, order: func(a, b [2]string) int { return byName(b, a) }},
		"blanks as %20":                  {of: paid, escape: blanksEscaped, set: map[string]string{"subject": " a b+c "}},
		"lines and emoji":                {of: paid, set: map[string]string{"subject": "第一行\r\n第二行\t👨‍👩‍👧\u2028"}},
		"broken lists":                   {of: paid, set: map[string]string{"fund_bill_list": "[{", "voucher_detail_list": "", "hb_fq_pay_info": "{\"user_install_num\":3}"}},
		"unheard-of fields":              {of: paid, set: map[string]string{"Zz_new": "1", "merchant_app_id": worldAppID, "a": ""}},
		"no payee, open_id, GBK":         {of: paid, types: odd("GBK"), gbk: true, set: map[string]string{"charset": "GBK", "seller_id": "-", "buyer_id": "-", "buyer_open_id": "099aaAA0aa0aaA00aaaa0A0AAaaaAaA0aA-AAA0A0aAaaa0a0"}},
		"refund_fee null":                {of: paid, set: map[string]string{"refund_fee": "null"}},
		"refund_fee empty, gmt_close":    {of: paid, set: map[string]string{"refund_fee": "", "gmt_close": "2026-11-27 10:00:09"}},
		"no time of payment":             {of: paid, set: map[string]string{"gmt_payment": "-"}},
		"time with milliseconds":         {of: paid, set: map[string]string{"gmt_payment": "2026-11-27 10:00:09.123"}},
		"passback three times escaped":   {of: paid, set: map[string]string{"passback_params": "a%25253Db%2526c"}},
		"finished after paid":            {of: paid, pre: "paid", set: map[string]string{"trade_status": "TRADE_FINISHED"}},
		"waiting after paid":             {of: paid, pre: "paid", set: map[string]string{"trade_status": "WAIT_BUYER_PAY"}},
		"a refund in GBK":                {of: refund, pre: "paid", types: odd("GBK"), gbk: true, set: map[string]string{"charset": "GBK"}, end: part},
		"a refund without a number":      {of: refund, pre: "paid", types: []string{}, set: map[string]string{"out_biz_no": "-"}, end: part},
		"a refund before the payment":    {of: refund, order: byName, end: part},
		"a complaint in GBK, all signed": {of: pushed, types: odd("GBK"), gbk: true, signAll: true, set: map[string]string{"charset": "GBK"}, end: complaint},
		"a complaint called nothing":     {of: pushed, types: []string{}, order: byName, end: complaint},
		"a risk, all signed":             {of: "a16-risk-security", types: []string{"text/plain"}, signAll: true, end: worldEnd{Conclusion: "risk"}},
		"an old risk push in UTF-8":      {of: "a18-riskgo-gbk-rsa2", types: odd("utf-8"), set: map[string]string{"charset": "utf-8"}, end: worldEnd{Conclusion: "risk"}},

		"one fen less":       {of: paid, set: map[string]string{"total_amount": "12.79"}, end: worldEnd{Conclusion: "not_paid"}},
		"another payee":      {of: paid, set: map[string]string{"seller_id": "2088000000000099"}, end: worldEnd{Conclusion: "wrong_payee"}},
		"another app":        {of: paid, set: map[string]string{"app_id": "2021000000000099"}, refused: true},
		"SHA-1 by its name":  {of: paid, set: map[string]string{"sign_type": "RSA"}, refused: true},
		"MD5 by its name":    {of: paid, set: map[string]string{"sign_type": "MD5"}, refused: true},
		"a field twice":      {of: paid, refused: true, spoil: func(body string) string { return body + "&total_amount=12.80" }},
		"a byte changed":     {of: paid, refused: true, spoil: func(body string) string { return strings.Replace(body, "T2026", "U2026", 1) }},
		"no signature":       {of: paid, refused: true, spoil: func(body string) string { return strings.Replace(body, "sign=", "sing=", 1) }},
		"escaped once more":  {of: paid, refused: true, spoil: func(body string) string { return strings.ReplaceAll(body, "%", "%25") }},
		"trade_status small": {of: paid, set: map[string]string{"trade_status": "trade_success"}, end: worldEnd{Conclusion: "info"}},
	}
	for name, v := range variations {
		if v.end == (worldEnd{}) && !v.refused {
			v.end = full
			variations[name] = v
		}
	}
	return variations
}

// C52: answers with blanks, orders, escapes and strangers in places where the cases have none.
func TestC52_worldVariations(t *testing.T) {
	const node = `{"code":"10000","msg":"Success","out_trade_no":"` + worldOrderNo + `","trade_no":"` + worldTradeNo + `","trade_status":"TRADE_SUCCESS","total_amount":"12.80"}`
	escaped := strings.Replace(node, "Success", `\u6210\u529f\/`, 1)
	absent := `{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"<a href=\"x\">交易&amp;不存在<\/a>"}`
	for name, c := range map[string]struct{ node, body, want string }{
		"sign first":         {node, `{"sign":"SIGN","alipay_trade_query_response":NODE}`, "success"},
		"blanks everywhere":  {node, "\r\n {\t\"alipay_trade_query_response\" :\r\n NODE , \"sign\" : \"SIGN\" }\r\n\r\n", "success"},
		"a stranger between": {node, `{"alipay_trade_query_response":NODE,"trace":{"sign":"no"},"sign":"SIGN"}`, "success"},
		"blanks inside":      {strings.ReplaceAll(node, `","`, "\",\n\t\""), `{"alipay_trade_query_response":NODE,"sign":"SIGN"}`, "success"},
		"escapes":            {escaped, `{"alipay_trade_query_response":NODE,"sign":"SIGN"}`, "success"},
		"slashes in sign":    {node, `{"alipay_trade_query_response":NODE,"sign":"SLASHED"}`, "success"},
		"HTML in the text":   {absent, `{"alipay_trade_query_response":NODE,"sign":"SIGN"}`, "absent"},
		"error_response":     {strings.Replace(absent, "ACQ.TRADE_NOT_EXIST", "isv.invalid-signature", 1), `{"error_response":NODE,"sign":"SIGN"}`, "unknown refused"},
		"another order's":    {strings.Replace(node, worldOrderNo, "T2", 1), `{"alipay_trade_query_response":NODE,"sign":"SIGN"}`, "unknown"},
		"another method's":   {node, `{"alipay_trade_refund_response":NODE,"sign":"SIGN"}`, "unknown"},
		"two answers":        {node, `{"alipay_trade_query_response":NODE,"alipay_trade_query_response":NODE,"sign":"SIGN"}`, "unknown"},
		"sign is null":       {node, `{"alipay_trade_query_response":NODE,"sign":null}`, "unknown"},
		"cut":                {node, `{"alipay_trade_query_response":NODE,"sign":"SI`, "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := alipay.ParsePrivateKey(worldKeys(t)["alipay_pkcs1"])
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256([]byte(c.node))
			signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, sum[:])
			if err != nil {
				t.Fatal(err)
			}
			sign := base64.StdEncoding.EncodeToString(signature)
			body := strings.NewReplacer("NODE", c.node, "SLASHED", strings.ReplaceAll(sign, "/", `\/`), "SIGN", sign).Replace(c.body)
			app := worldApp(t, false, replaying(t, http.StatusOK, nil, []byte(body)))
			amount, _, result := worldCall(t, app, "query")
			if got := conclusionOf("query", amount, result); !slices.Contains(strings.Fields(c.want), got) {
				t.Errorf("concludes %s, want %s: %s %s, %v", got, c.want, result.Class, result.SubCode, result.Err)
			}
			if c.want == "success" && amount != worldTotal {
				t.Errorf("%d fen", amount)
			}
		})
	}
}
