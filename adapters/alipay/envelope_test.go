package alipay

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// C31, C32: an answer without a good signature proves neither success nor failure.
func TestC31_C32_unverifiedAnswers(t *testing.T) {
	refusal := `{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"交易不存在"}`
	wrong := mustSign(t, gatewayKey(t), "something else")
	for name, body := range map[string]string{
		"C31 unsigned success":           `{"alipay_trade_query_response":` + paidNode + `}`,
		"C31 empty sign":                 `{"alipay_trade_query_response":` + paidNode + `,"sign":""}`,
		"C31 null sign":                  `{"alipay_trade_query_response":` + paidNode + `,"sign":null}`,
		"C31 bad signature":              `{"alipay_trade_query_response":` + paidNode + `,"sign":"` + wrong + `"}`,
		"C31 signature with line break":  `{"alipay_trade_query_response":` + paidNode + `,"sign":"` + wrong[:76] + `\n` + wrong[76:] + `"}`,
		"C31 one byte changed":           strings.Replace(signedAnswer(t, MethodQuery, paidNode), "88.88", "88.89", 1),
		"C31 white space changed":        strings.Replace(signedAnswer(t, MethodQuery, paidNode), `,"msg"`, `, "msg"`, 1),
		"C32 unsigned refusal":           `{"alipay_trade_query_response":` + refusal + `}`,
		"C32 unsigned error_response":    `{"error_response":{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-app-id"}}`,
		"C32 badly signed refusal":       `{"alipay_trade_query_response":` + refusal + `,"sign":"` + wrong + `"}`,
		"C32 refusal signed as another":  `{"error_response":` + refusal + `,"sign":"` + mustSign(t, gatewayKey(t), paidNode) + `"}`,
		"C31 certificate without one":    strings.Replace(signedAnswer(t, MethodQuery, paidNode), "88.88", "1.00", 1),
		"C32 throttled but not signed":   `{"alipay_trade_query_response":{"code":"40005","msg":"Call Limited"}}`,
		"C31 success signed by the shop": `{"alipay_trade_query_response":` + paidNode + `,"sign":"` + signedByShop(t, paidNode) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := answering(t, http.StatusOK, body)
			_, result := queryOne(app)
			wantClass(t, result, Unknown)
			if result.Err == nil || result.KeyVersion != "" {
				t.Fatalf("%+v", result)
			}
		})
	}
}

func signedByShop(t *testing.T, node string) string {
	t.Helper()
	key, err := ParsePrivateKey(testKeys(t)["app_pkcs1"])
	if err != nil {
		t.Fatal(err)
	}
	return mustSign(t, rsaSigner{key}, node)
}

// C33: an envelope with two readings is refused; text that looks like an
// envelope inside a field is just text.
func TestC33_ambiguousEnvelopes(t *testing.T) {
	good := signedAnswer(t, MethodQuery, paidNode)
	sign := `"sign":"` + mustSign(t, gatewayKey(t), paidNode) + `"`
	node := `"alipay_trade_query_response":` + paidNode
	for name, body := range map[string]string{
		"C33 another method's node":  strings.Replace(good, "trade_query", "trade_close", 1),
		"C33 two signs":              `{` + node + `,` + sign + `,` + sign + `}`,
		"C33 two signs, one empty":   `{` + node + `,"sign":"",` + sign + `}`,
		"C33 two nodes":              `{` + node + `,` + node + `,` + sign + `}`,
		"C33 escaped second node":    `{` + node + `,"alipay_trade_query_respons\u0065":{},` + sign + `}`,
		"C33 beside error_response":  `{` + node + `,"error_response":{},` + sign + `}`,
		"C33 node of another method": `{` + node + `,"alipay_trade_close_response":{},` + sign + `}`,
		"C33 bytes after":            good + `{}`,
		"C33 duplicate inside":       signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"code":"10000"`, `"code":"10000","code":"40004"`, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := answering(t, http.StatusOK, body)
			_, result := queryOne(app)
			wantClass(t, result, Unknown)
			wantRefusal(t, result.Err, ErrAmbiguousResponse)
		})
	}
	for name, body := range map[string]string{
		"C33 sign inside a field":  signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"msg":"Success"`, `"msg":"x\",\"sign\":\"y\"} , {"`, 1)),
		"C33 node named in a text": signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"Success"`, `"\"alipay_trade_query_response\":{"`, 1)),
		"C33 nested sign member":   signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"msg":"Success"`, `"sign":"inner"`, 1)),
		"white space":              "\n " + strings.Replace(good, `":{`, "\" :\t{", 1) + " \n",
		"unknown neighbour":        strings.Replace(good, `,"sign"`, `,"trace_id":"x","sign"`, 1),
		"sign first":               `{` + sign + `,` + node + `}`,
		"escaped slashes":          signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"msg":"Success"`, `"msg":"https:\/\/a\u4e2d"`, 1)),
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := answering(t, http.StatusOK, body)
			response, result := queryOne(app)
			wantClass(t, result, Done)
			if response.TotalAmount != 8888 || response.TradeStatus != TradeSuccess || result.KeyVersion != "v1" {
				t.Fatalf("%+v %+v", response, result)
			}
		})
	}
}

// G04: whatever is no complete answer is unknown.
func TestG04_brokenAnswers(t *testing.T) {
	good := signedAnswer(t, MethodQuery, paidNode)
	type c struct {
		status int
		body   string
	}
	cases := map[string]c{
		"G04 empty 200":        {200, ""},
		"G04 502 page":         {502, "<html>Bad Gateway</html>"},
		"G04 HTML 200":         {200, "<html>调试错误</html>"},
		"G04 good body in 500": {500, good},
		"G04 redirect":         {302, good},
		"G04 array":            {200, "[]"},
		"G04 no node":          {200, "{}"},
		"G04 node is null":     {200, `{"alipay_trade_query_response":null}`},
		"G04 node is a number": {200, `{"alipay_trade_query_response":1,"sign":"x"}`},
		"G04 sign is a number": {200, `{"alipay_trade_query_response":{},"sign":1}`},
		"G04 invalid UTF-8":    {200, strings.Replace(good, "Success", "\xff", 1)},
		"G04 code is a number": {200, signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"10000"`, `10000`, 1))},
		"G04 amount is odd":    {200, signedAnswer(t, MethodQuery, strings.Replace(paidNode, `88.88`, `1e3`, 1))},
		"G04 no code":          {200, signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"code":"10000",`, ``, 1))},
		"G04 no status":        {200, signedAnswer(t, MethodQuery, strings.Replace(paidNode, `TRADE_SUCCESS`, `TRADE_NEW`, 1))},
		"G04 no amount":        {200, signedAnswer(t, MethodQuery, strings.Replace(paidNode, `"88.88"`, `""`, 1))},
	}
	for i := range len(good) - 1 {
		if i%37 == 0 {
			cases["G04 truncated"] = c{200, good[:i]}
		}
	}
	for name, broken := range cases {
		t.Run(name, func(t *testing.T) {
			app, gateway := answering(t, broken.status, broken.body)
			response, result := queryOne(app)
			wantClass(t, result, Unknown)
			if result.Err == nil || response.TotalAmount != 0 || gateway.calls != 1 {
				t.Fatalf("%+v %+v, %d calls", response, result, gateway.calls)
			}
		})
	}
}

// G04: truncation at every byte.
func TestG04_truncatedAnywhere(t *testing.T) {
	good := signedAnswer(t, MethodQuery, paidNode)
	length := 0
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return 200, good[:length] }}
	app := newTestApp(t, func(c *AppConfig) { c.Transport, c.BreakAfter = gateway, 1<<30 })
	for length = range len(good) {
		_, result := queryOne(app)
		wantClass(t, result, Unknown)
	}
}

// C30: during rotation an answer signed by either key is verified, and told apart.
func TestC30_answersDuringRotation(t *testing.T) {
	current := keyConfig(t)
	body := `{"alipay_trade_query_response":` + paidNode + `,"sign":"` + signedByShop(t, paidNode) + `"}`
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return 200, body }}
	app := newTestApp(t, func(c *AppConfig) {
		c.Transport = gateway
		c.Keys = []KeyConfig{current, {Version: "v0", Use: KeyVerifyOnly, AlipayPublicKey: testKeys(t)["app_public"]}}
	})
	_, result := queryOne(app)
	wantClass(t, result, Done)
	if result.KeyVersion != "v0" {
		t.Fatalf("verified by %q", result.KeyVersion)
	}
}
