package core_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/paymux/paymux/core"
)

const (
	family  = "👨\u200d👩\u200d👧\u200d👦"
	england = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
	spelled = "葛\U000e0100城" // a variant of a Chinese character
)

// cleaned is what pages and gateways get of a text: what is to be seen stays as it is, what is not
// is gone.
func cleaned() map[string]string {
	same := []string{
		"“不要了”", `"不要了"`, "don't", "a&b=c/d", "<b>", "全角／＝＆　空格", family, "❤️\u200d🔥", "👩🏽\u200d🚀", "1️⃣#️⃣", "🇨🇳", england, spelled, "🙂\u200d↔️", "é", "𠮷野家",
	}
	table := map[string]string{
		"line\nbreak": "line break", "crlf\r\ntwo": "crlf two", "tab\tand \v more": "tab and more", "\n a \n": "a", "nel\u0085x": "nel x",
		"a\u2028b\u2029c": "a b c", "a\x00b\x1b[0m": "ab[0m", "\u202egnp.exe": "gnp.exe", "\u2066a\u2069": "a", "\ufeffa\u200bb\u200d": "ab", "a\u00adb": "ab",
		"a\u200db": "ab", "👨\u200d": "👨", "\u200d👨": "👨", "👨\u200d\u200d👩": "👨\u200d👩", "a\ufe0fb": "ab", "1\ufe0f2": "12", "❤\ufe0f\ufe0f": "❤️", "a\U000e0100": "a",
		"🏴\U000e0067\U000e0062": "🏴", "x\U000e0067\U000e007f": "x", "\u3164\u115f\uffa0\u2800\u034f\u061c": "", "\ue000\U000fffff\u0378": "", "broken \xff": "broken", "half \ufffd": "half",
		"\u202a\u202b\u202c\u202d\u2067\u2068\u200e\u200f\u2060\u180e": "",
	}
	for _, text := range same {
		table[text] = text
	}
	return table
}

// A18, W34, C21: no reason refuses a refund, whatever it holds; the gateway gets what is to be seen
// of it, and who gave it reads it as it was given.
func TestRefundReason(t *testing.T) {
	long := strings.Repeat("长", 300)
	cases := map[string]string{"": "", "\t\n": "退款", "\u200b": "退款", "\u3164\u115f\ufffc": "退款", long: long[:3*256], strings.Repeat("a", 255) + family: strings.Repeat("a", 255), "a&refund_amount=100": "a&refund_amount=100"}
	for given, sent := range cleaned() {
		if cases[given] = sent; sent == "" {
			cases[given] = "退款"
		}
	}
	for given, sent := range cases {
		w := newWorld(t)
		v := w.paid("A1", 100)
		a, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, Reason: given, IdempotencyKey: "k"})
		if err != nil {
			t.Errorf("%q: %v", given, err)
			continue
		}
		if got := w.bank.refundAsks[0].Reason; got != sent {
			t.Errorf("of %q the gateway got %q, want %q", given, got, sent)
		}
		// what no database takes
		kept := strings.ReplaceAll(strings.ToValidUTF8(given, "\ufffd"), "\x00", "\ufffd")
		if got := refundView(t, a.Body).Reason; got != kept {
			t.Errorf("%q is given back as %q", given, got)
		}
	}
}

// A18: what is sent ends where people see an end, at 256 characters or before.
func TestRefundReasonIsCut(t *testing.T) {
	for name, one := range map[string]string{
		"letters": "a", "Chinese": "长", "faces": "😀", "families": family, "flags": "🇨🇳", "tones": "👍🏽", "accents": "e\u0301", "keycaps": "1️⃣", "regions": england, "variants": spelled[:len(spelled)-3],
		"jamo": "\u1112\u1161\u11ab",
	} {
		w := newWorld(t)
		v := w.paid("A1", 100)
		if _, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, Reason: strings.Repeat(one, 300), IdempotencyKey: "k"}); err != nil {
			t.Fatal(name, err)
		}
		sent, size := w.bank.refundAsks[0].Reason, utf8.RuneCountInString(one)
		if n := utf8.RuneCountInString(sent); n != 256/size*size || strings.ReplaceAll(sent, one, "") != "" {
			t.Errorf("%s: %d characters, %+q", name, n, sent)
		}
	}
	w := newWorld(t)
	v := w.paid("A1", 100)
	// one letter, as people see it, and more than anybody keeps
	piled := "a" + strings.Repeat("\u0301", 5000)
	a, err := w.Refund(context.Background(), shopCaller, core.RefundAsk{PaymentID: v.ID, AmountFen: 1, Reason: piled, IdempotencyKey: "k"})
	if err != nil || w.bank.refundAsks[0].Reason != piled[:1+255*len("\u0301")] || utf8.RuneCountInString(refundView(t, a.Body).Reason) > 1024 {
		t.Errorf("%v: %+q", err, w.bank.refundAsks[0].Reason)
	}
}

// I19: a refund that is sent again carries the same text, also when the program that made it knew
// no cleaning.
func TestRefundReasonIsTheSameAtEveryRepeat(t *testing.T) {
	w := newWorld(t)
	v := w.paid("A1", 100)
	w.bank.plan("refund", "unknown", "unknown")
	w.bank.plan("query_refund", "absent")
	ask := core.RefundAsk{PaymentID: v.ID, AmountFen: 1, Reason: "不要了\u2028" + family, IdempotencyKey: "k"}
	for range 2 {
		if _, err := w.Refund(context.Background(), shopCaller, ask); err != nil {
			t.Fatal(err)
		}
	}
	if asks := w.bank.refundAsks; len(asks) != 2 || asks[0].Reason != "不要了 "+family || asks[1].Reason != asks[0].Reason {
		t.Errorf("%+v", asks)
	}
}

// A19, W34: a subject or a goods' name is refused for what the gateway documents, and else told as
// it can be seen.
func TestSubjectAndNames(t *testing.T) {
	for given, want := range cleaned() {
		w := newWorld(t)
		req := order("A1", "wechat", 100)
		req.Subject, req.Lines[0].Name, req.Lines[0].GoodsID, req.Metadata = given, "n"+given, "g\n", map[string]string{"k": strings.ToValidUTF8(given, "")}
		a, err := w.Checkout(context.Background(), shopCaller, req)
		if wrong := want == "" || strings.ContainsAny(want, "/=&") || !utf8.ValidString(given); wrong != (err != nil) {
			t.Errorf("%q: %v", given, err)
		}
		if err != nil {
			continue
		}
		w.with(func(m *core.Merchant) { m.Name = "店" + given })
		v := view(t, a.Body)
		page, err := w.Page(context.Background(), token(v))
		if err != nil || v.Subject != want || page.Subject != want || page.MerchantName != strings.TrimSpace("店"+want) && !strings.HasPrefix(given, "\n") {
			t.Errorf("%q: subject %q, page %q of %q, %v", given, v.Subject, page.Subject, page.MerchantName, err)
		}
		if _, _, err := w.Open(context.Background(), page.Token); err != nil {
			t.Fatal(err)
		}
		if got := w.bank.payAsks[0]; got.Subject != want || strings.ContainsAny(got.Lines[0].Name, "\n\u2028\u202e\u200b") || got.Lines[0].GoodsID != "g" {
			t.Errorf("of %q the gateway got %q and %q", given, got.Subject, got.Lines[0].Name)
		}
		if v.Metadata["k"] != given {
			t.Errorf("metadata %q became %q", given, v.Metadata["k"])
		}
	}
}

// W34: what an approver writes is kept in one form whatever its length, and never keeps money
// reserved.
func TestRejectReason(t *testing.T) {
	for given, want := range map[string]string{"": "", "太\u2028晚\u202e": "太 晚", strings.Repeat("长", 2000): strings.Repeat("长", 256)} {
		w := newWorld(t).with(func(m *core.Merchant) { m.RefundApprovalOverFen = 10 })
		v := w.paid("A1", 100)
		r := w.refund(v.ID, "r1", 60)
		if _, err := w.Reject(context.Background(), bobCaller, r.ID, given); err != nil {
			t.Fatalf("%q: %v", given, err)
		}
		kept := ""
		for _, a := range w.memory.All().Audits {
			if a.Action == "refund.reject" {
				kept = a.Detail
			}
		}
		if kept != want {
			t.Errorf("of %q is kept %q", given, kept)
		}
	}
}

// A18, D09: the largest order that the API takes, with every reason at its longest and every
// character escaped, still fits what stores keep of an event.
func TestTheLargestEventFits(t *testing.T) {
	long := func(n int) string { return strings.Repeat("<", n) } // six bytes each in JSON
	o := core.Order{Payment: core.Payment{Subject: long(core.MaxSubjectCharacters), ReturnURL: long(512), Metadata: map[string]string{}}}
	for range core.MaxLines {
		o.Payment.Lines = append(o.Payment.Lines, core.Line{LineID: long(64), MerchantOrderNo: long(64), GoodsID: long(64), Name: long(256), Category: long(64)})
	}
	for i := range core.MaxMetadataEntries {
		o.Payment.Metadata[string(rune('a'+i))+long(63)] = long(core.MaxMetadataBytes)
	}
	for range core.MaxAttempts {
		o.Attempts = append(o.Attempts, core.Attempt{ID: long(26), OutTradeNo: long(32), TradeNo: long(64), Account: long(64), Reason: long(64), Settling: true})
	}
	for range core.MaxRefunds + core.MaxAttempts {
		o.Refunds = append(o.Refunds, core.Refund{ID: long(30), MerchantRefundNo: long(64), OutRequestNo: long(32), ReasonGiven: long(1024), Asker: long(40), Approver: long(40), FailCode: long(64)})
	}
	view := core.ViewOf(&o)
	body, err := json.Marshal(core.EventView{Payment: view, Refund: &view.Refunds[0], Attempt: &view.Attempts[0]})
	if err != nil || len(body) > 2<<20 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
}
