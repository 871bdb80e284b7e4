package alipay

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"
)

// answeringIn makes an app whose gateway answers with a header of its own.
func answeringIn(tb testing.TB, contentType, body string, change func(*AppConfig)) *App {
	tb.Helper()
	gateway := &fakeGateway{answer: func(url.Values) (int, string) { return http.StatusOK, body }, header: http.Header{"Content-Type": {contentType}}}
	return newTestApp(tb, func(c *AppConfig) {
		c.Transport = gateway
		if change != nil {
			change(c)
		}
	})
}

// C44: an answer is cut and verified in its own bytes, whatever charset was asked for and whatever
// it says; text for people is read as what it is, or loses a character, and what the answer proves
// stays. "昞", "誠" and "乗" end in a byte that looks like a backslash in GBK, "聙" in one that
// looks like "@".
func TestC44_answersInAnotherCharset(t *testing.T) {
	const refused = `{"code":"40004","msg":"Business Failed","sub_code":"ACQ.SELLER_BALANCE_NOT_ENOUGH","sub_msg":"%","refund_fee":"0.00"}`
	for _, said := range []string{"text/html;charset=utf-8", "text/html;charset=GBK", "text/html", "", "application/json;;charset=x"} {
		for name, text := range map[string]string{
			"utf-8":              "卖家余额不足",
			"GBK":                gbk(t, "卖家余额不足"),
			"GBK, backslash":     gbk(t, "誠昞乗"),
			"GBK, backslash 2":   gbk(t, "余额昞") + `\"` + gbk(t, "誠") + `\n`,
			"GBK, odd":           gbk(t, "聙") + "\xff\x80",
			"GB18030, 4 bytes":   gbk(t, "𠮷🍵") + "{}",
			"utf-8, cut":         "卖家余额不足"[:16],
			"utf-8, cut, quote":  "卖家余额不足"[:10] + `\"x\\`,
			"utf-8 and GBK":      "余额" + gbk(t, "余") + "额",
			"lone surrogate":     `\ud83d`,
			"surrogates swapped": `\ude00\ud83d x`,
			"nothing":            "",
		} {
			t.Run(said+" "+name, func(t *testing.T) {
				node := strings.Replace(refused, "%", text, 1)
				_, result := answeringIn(t, said, signedAnswer(t, MethodRefund, node), nil).Refund(t.Context(), validRefund())
				wantClass(t, result, FinalRefund)
				if result.KeyVersion != "v1" || result.SubCode != "ACQ.SELLER_BALANCE_NOT_ENOUGH" {
					t.Fatalf("%+v", result)
				}
				if name == "GBK, backslash" && result.SubMsg != "誠昞乗" {
					t.Errorf("read %q", result.SubMsg)
				}
				_, result = answeringIn(t, said, "\ufeff"+signedAnswer(t, MethodRefund, node), nil).Refund(t.Context(), validRefund())
				wantClass(t, result, FinalRefund) // a byte order mark is no part of what is signed
				// A close ends in the same way, and an unsigned answer still shows its code.
				node = strings.Replace(`{"code":"40004","msg":"x","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"%"}`, "%", text, 1)
				_, result = answeringIn(t, said, signedAnswer(t, MethodClose, node), nil).Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
				wantClass(t, result, NotExist)
				_, result = answeringIn(t, said, `{"alipay_trade_close_response":`+node+`}`, nil).Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
				wantClass(t, result, Unknown)
				wantRefusal(t, result.Err, ErrSignatureMissing)
				if result.SubCode != "ACQ.TRADE_NOT_EXIST" {
					t.Errorf("an operator sees %q", result.SubCode)
				}
			})
		}
	}
}

func validRefund() RefundRequest {
	return RefundRequest{OutTradeNo: "T1", OutRequestNo: "R1", RefundAmount: 500}
}

// C44: an answer with a subject in GBK is as good as any; one that was altered is not, in whatever
// charset.
func TestC44_GBKSuccess(t *testing.T) {
	node := strings.Replace(paidNode, `"msg"`, `"buyer_logon_id":"`+gbk(t, "昞誠")+`","msg"`, 1)
	good := signedAnswer(t, MethodQuery, node)
	response, result := queryOne(answeringIn(t, "text/html;charset=utf-8", good, nil))
	wantClass(t, result, Done)
	if response.TotalAmount != 8888 || response.BuyerLogonID != "昞誠" || len(result.Oddities) != 0 {
		t.Fatalf("%+v", response)
	}
	_, result = queryOne(answeringIn(t, "", strings.Replace(good, "88.88", "88.89", 1), nil))
	wantRefusal(t, result.Err, ErrSignatureMismatch)
	_, result = queryOne(answeringIn(t, "", strings.Replace(good, `,"sign"`, `,"SIGN":"","sign"`, 1), nil))
	wantRefusal(t, result.Err, ErrAmbiguousResponse)
}

// C44: as OpenAPI v3 answers, and the refusals of both when they come encrypted.
func TestC44_v3InGBK(t *testing.T) {
	gateway := (&v3Gateway{status: 400, body: `{"code":"ACQ.TRADE_NOT_EXIST","message":"` + gbk(t, "交易昞") + `"}`}).sign(t)
	_, result := v3App(t, gateway, nil).Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
	wantClass(t, result, NotExist)
	gateway = (&v3Gateway{status: 200, body: strings.Replace(paidNode, "Success", gbk(t, "成功昞"), 1)}).sign(t)
	response, result := queryOne(v3App(t, gateway, nil))
	wantClass(t, result, Done)
	if response.TotalAmount != 8888 {
		t.Fatalf("%+v", response)
	}
}

// C45: of an encrypted answer that is unsigned or badly signed, operators see the codes and nobody
// believes them; signed, they count.
func TestC45_encryptedRefusals(t *testing.T) {
	sealed := aesCipher(t, vectorAESKey)
	encrypted := func(c *AppConfig) { c.EncryptContent, c.Keys[0].AESKey = true, vectorAESKey }
	for name, plain := range map[string]string{
		"utf-8": `{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature","sub_msg":"验签出错"}`,
		"GBK":   `{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-signature","sub_msg":"` + gbk(t, "验签昞") + `"}`,
	} {
		node := `"` + sealed.encrypt([]byte(plain)) + `"`
		for sign, want := range map[string]Refusal{"": ErrSignatureMissing, mustSign(t, gatewayKey(t), "x"): ErrSignatureMismatch} {
			for _, member := range []string{"alipay_trade_close_response", "error_response"} {
				app := answeringIn(t, "", `{"`+member+`":`+node+`,"sign":"`+sign+`"}`, encrypted)
				_, result := app.Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
				wantClass(t, result, Unknown)
				wantRefusal(t, result.Err, want)
				if result.Code != "40002" || result.SubCode != "isv.invalid-signature" || result.KeyVersion != "" {
					t.Errorf("%s %s: operators see %+v", name, want, result)
				}
			}
		}
		_, result := answeringIn(t, "", signedAnswer(t, MethodClose, node), encrypted).Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
		if result.KeyVersion != "v1" || result.Class == Unknown {
			t.Errorf("%s, signed: %+v", name, result)
		}
	}
	// A success that nobody signed is none, however well it opens.
	app := answeringIn(t, "", `{"alipay_trade_query_response":"`+sealed.encrypt([]byte(paidNode))+`"}`, encrypted)
	response, result := queryOne(app)
	wantClass(t, result, Unknown)
	if response.TradeStatus != "" || result.Code != "10000" {
		t.Fatalf("%+v %+v", response, result)
	}
	v3 := v3App(t, &v3Gateway{status: 400, body: sealed.encrypt([]byte(`{"code":"isv.invalid-signature","message":"x"}`))}, encrypted)
	_, result = v3.Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
	wantClass(t, result, Unknown)
	if result.SubCode != "isv.invalid-signature" {
		t.Fatalf("v3: %+v", result)
	}
}

// A skeleton is as long as its text and has the ASCII that a decoder finds in it, in its place: so
// what is cut by it is cut right.
func TestSkeleton(t *testing.T) {
	ascii := func(text string) string {
		return strings.Map(func(r rune) rune {
			if r < 0x80 && r != 'x' {
				return r
			}
			return -1
		}, text)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.SampledFrom([]byte("a\"\\{}0x9\x80\x81\x95\xc4\xe3\xfe\xff")), 0, 12).Draw(t, "text")
		for _, c := range []charset{charsetUTF8, charsetGB} {
			if got := c.skeleton(text); len(got) != len(text) {
				t.Fatalf("%x became %x", text, got)
			}
		}
		// A text that ends within a character is read in two ways by the decoder itself: that is no
		// text.
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(append(bytes.Clone(text), "    "...))
		if err != nil || bytes.ContainsRune(decoded, '\ufffd') {
			return
		}
		if got := ascii(string(charsetGB.skeleton(text))); got != strings.TrimRight(ascii(string(decoded)), " ") {
			t.Fatalf("%x: skeleton has %q, the text %q", text, got, decoded)
		}
	})
}
