package alipay

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// withMember adds a member to a node.
func withMember(node, text string) string { return strings.TrimSuffix(node, "}") + "," + text + "}" }

// C46: what decides nothing never loses a verified answer, whatever JSON it is; its name is counted
// and logged, without its value.
func TestC46_decorations(t *testing.T) {
	for text, odd := range map[string]string{
		`"fund_bill_list":[{"fund_channel":"PCREDIT","amount":10}]`:     "",
		`"fund_bill_list":[{"fund_channel":"PCREDIT","amount":10.555}]`: "fund_bill_list",
		`"fund_bill_list":"[]"`:                                          "fund_bill_list",
		`"fund_bill_list":null`:                                          "",
		`"voucher_detail_list":""`:                                       "voucher_detail_list",
		`"voucher_detail_list":{}`:                                       "voucher_detail_list",
		`"voucher_detail_list":[{"amount":"ten"}]`:                       "voucher_detail_list",
		`"voucher_detail_list":[{"name":"\ud83d"}]`:                      "",
		`"hb_fq_pay_info":{"user_install_num":3}`:                        "hb_fq_pay_info",
		`"hb_fq_pay_info":"x"`:                                           "hb_fq_pay_info",
		`"hb_fq_pay_info":[]`:                                            "hb_fq_pay_info",
		`"buyer_logon_id":"a\ud83d*"`:                                    "",
		`"buyer_logon_id":7`:                                             "buyer_logon_id",
		`"buyer_user_id":2088000000000002`:                               "buyer_user_id",
		`"buyer_open_id":{}`:                                             "buyer_open_id",
		`"sub_msg":5`:                                                    "sub_msg",
		`"store_id":true`:                                                "store_id",
		`"passback_params":{"a":[1,{"b":null}]}`:                         "passback_params",
		`"receipt_amount":"8,888.00"`:                                    "receipt_amount",
		`"receipt_amount":1e2`:                                           "receipt_amount",
		`"receipt_amount":88.88`:                                         "",
		`"buyer_pay_amount":""`:                                          "",
		`"point_amount":-1`:                                              "point_amount",
		`"invoice_amount":[]`:                                            "invoice_amount",
		`"charge_info_list":[{"charge_fee":0.5}]`:                        "",
		"\"subject\":\"a\tb\r\nc\\\\\"":                                  "",
		"\"store_name\":\"\x00\\\"\x1f\",\"discount\":{\"a\nb\":\"\v\"}": "",
		`"nobody_knows":{"deep":[[[{"x":1e400}]]]}`:                      "",
		`"trade_settle_info":{"trade_settle_detail_list":[1,"",]}`:       "broken",
	} {
		app, _ := answeringNode(t, MethodQuery, withMember(paidNode, text))
		var logged bytes.Buffer
		var counted []string
		app.config.Logger = slog.New(slog.NewTextHandler(&logged, nil))
		app.config.Oddity = func(source, field string) { counted = append(counted, source+" "+field) }
		response, result := queryOne(app)
		if odd == "broken" { // no JSON at all is no answer
			wantRefusal(t, result.Err, ErrMalformedResponse)
			continue
		}
		if result.Class != Done || response.TotalAmount != 8888 || response.TradeStatus != TradeSuccess {
			t.Errorf("%s lost the answer: %v", text, result.Err)
			continue
		}
		var want []string
		if odd != "" {
			want = []string{MethodQuery + " " + odd}
		}
		if !slices.Equal(counted, want) || strings.Contains(logged.String(), "fields="+"["+odd+"]") != (odd != "") {
			t.Errorf("%s counted as %q, logged as %s", text, counted, logged.String())
		}
		if strings.Contains(logged.String(), "8,888") || strings.Contains(logged.String(), "2088000000000002") {
			t.Errorf("a value is logged: %s", logged.String())
		}
	}
}

// C46: an odd date is no date, and is counted.
func TestC46_dates(t *testing.T) {
	for _, date := range []string{`"yesterday"`, `20261122`, `{}`, `"2026-13-01 00:00:00"`, `"2026-11-22T20:00:05Z"`} {
		app, _ := answeringNode(t, MethodQuery, strings.Replace(paidNode, `"2026-11-22 20:00:05"`, date, 1))
		response, result := queryOne(app)
		wantClass(t, result, Done)
		if !response.SendPayDate.IsZero() || !slices.Equal(result.Oddities, []string{"send_pay_date"}) {
			t.Errorf("%s: %v %q", date, response.SendPayDate, result.Oddities)
		}
	}
}

// C46: what decides is read strictly. Ids and states are text; amounts are text, or a number as it
// is written, without sign and exponent, never by a float.
func TestC46_decidingFields(t *testing.T) {
	replace := func(old, changed string) string { return strings.Replace(paidNode, old, changed, 1) }
	for name, node := range map[string]string{
		"code, a number":             replace(`"10000"`, `10000`),
		"sub_code, an object":        withMember(paidNode, `"sub_code":{}`),
		"out_trade_no, a number":     replace(`"T1"`, `1`),
		"trade_no, a number":         replace(`"2026112222001400000000000001"`, `2026112222001400000000000001`),
		"trade_status, a list":       replace(`"TRADE_SUCCESS"`, `["TRADE_SUCCESS"]`),
		"trade_status, null":         replace(`"TRADE_SUCCESS"`, `null`),
		"total_amount, an exponent":  replace(`"88.88"`, `8888e-2`),
		"total_amount, signed":       replace(`"88.88"`, `-88.88`),
		"total_amount, signed text":  replace(`"88.88"`, `"-88.88"`),
		"total_amount, three places": replace(`"88.88"`, `88.880`),
		"total_amount, true":         replace(`"88.88"`, `true`),
		"total_amount, null":         replace(`"88.88"`, `null`),
		"total_amount, no amount":    replace(`"88.88"`, `"88,88"`),
		"total_amount, blank":        replace(`"88.88"`, `" 88.88"`),
		"total_amount, huge":         replace(`"88.88"`, `88888888888888888888.88`),
		"out_request_no, a number":   withMember(paidNode, `"out_request_no":1`),
	} {
		app, _ := answeringNode(t, MethodQuery, node)
		if _, result := queryOne(app); result.Class != Unknown || result.Err == nil {
			t.Errorf("%s: class %s", name, result.Class)
		}
	}
	for literal, want := range map[string]Amount{`88.88`: 8888, `88.8`: 8880, `88`: 8800, `"88"`: 8800, `"88.8"`: 8880, `90071992.17`: 9007199217, `0.07`: 7} {
		app, _ := answeringNode(t, MethodQuery, replace(`"88.88"`, literal))
		response, result := queryOne(app)
		wantClass(t, result, Done)
		if response.TotalAmount != want {
			t.Errorf("%s read as %d", literal, response.TotalAmount)
		}
	}
	for text, class := range map[string]Class{
		`"fund_change":"Y"`: Done, `"fund_change":true`: Unknown, `"fund_change":null`: Pending, `"fund_change":"Y","refund_fee":"x"`: Unknown,
		`"fund_change":"Y","refund_fee":5.00`: Done, `"fund_change":"Y","send_back_fee":[]`: Unknown, `"fund_change":"Y","gmt_refund_pay":5`: Done,
		`"fund_change":"Y","refund_detail_item_list":{"a":1}`: Done,
	} {
		app, _ := answeringNode(t, MethodRefund, `{"code":"10000","out_trade_no":"T1","trade_no":"2026",`+text+`}`)
		_, result := app.Refund(t.Context(), validRefund())
		if result.Class != class {
			t.Errorf("%s: class %s, want %s", text, result.Class, class)
		}
	}
	for text, class := range map[string]Class{
		`"deposit_back_info":""`: Done, `"deposit_back_info":{"dback_status":"S","dback_amount":5}`: Done, `"deposit_back_info":{"dback_status":1}`: Unknown,
		`"deposit_back_info":{"dback_amount":"five"}`: Unknown, `"deposit_back_info":{"bank_ack_time":7}`: Done,
	} {
		app, _ := answeringNode(t, MethodRefundQuery,
			`{"code":"10000","out_trade_no":"T1","trade_no":"2026","out_request_no":"R1","refund_status":"REFUND_SUCCESS","refund_amount":"5.00",`+text+`}`)
		_, result := app.RefundQuery(t.Context(), RefundQueryRequest{OutTradeNo: "T1", OutRequestNo: "R1"})
		if result.Class != class {
			t.Errorf("%s: class %s, want %s", text, result.Class, class)
		}
	}
}

// C33, C47: a name that stands twice refuses the answer, in any spelling of case, escaped or not,
// at any depth, among decorations too.
func TestC33_C47_namesTwice(t *testing.T) {
	many := make([]string, 0, 80)
	for i := range 80 {
		many = append(many, `"f`+strings.Repeat("a", i)+`":1`)
	}
	for _, text := range []string{
		`"Code":"40004"`, `"TRADE_STATUS":"WAIT_BUYER_PAY"`, `"trade_statu\u0073":"x"`, `"trade_ſtatus":"x"`, `"total_amount":"88.88"`,
		`"store_id":"1","Store_ID":"1"`, `"fund_bill_list":[{"amount":"1.00","Amount":"2.00"}]`, `"x":{"y":[{"a":1,"b":{"c":1,"C":2}}]}`,
		`"hb_fq_pay_info":{"user_install_num":"3","user_install_num":"6"}`, strings.Join(many, ",") + `,"F":1`, strings.Join(many, ",") + `,"fAAA":1`,
	} {
		app, _ := answeringNode(t, MethodQuery, withMember(paidNode, text))
		_, result := queryOne(app)
		if RefusalCode(result.Err) != string(ErrAmbiguousResponse) {
			t.Errorf("%.60s: class %s, %v", text, result.Class, result.Err)
		}
	}
	for _, text := range []string{`"storeid":"1","store_id":"2"`, `"a":{"x":1},"b":{"x":1}`, `"list":[{"x":1},{"x":2}]`, strings.Join(many, ",")} {
		app, _ := answeringNode(t, MethodQuery, withMember(paidNode, text))
		_, result := queryOne(app)
		wantClass(t, result, Done)
	}
}

// C46: a message's content is read by the same rule as an answer; and a notification's own odd
// decorations are named, and take nothing from it.
func TestC46_messages(t *testing.T) {
	app := newTestApp(t, nil)
	read := func(content string) (DepositBackCompleted, *GatewayMessage, error) {
		message, err := receiveMessage(app, complaintForm().with("msg_method", MessageDepositBack).with("biz_content", content).
			signed(t, gatewayKey(t), signRule{}).encode())
		if err != nil {
			t.Fatal(err)
		}
		var back DepositBackCompleted
		err = message.Decode(&back)
		return back, message, err
	}
	const good = `{"trade_no":"T1","out_request_no":"R1","dback_status":"F","dback_amount":5.5,"bank_ack_time":{},"name":"\ud83d","x":1}`
	if back, message, err := read(good); err != nil || back.Amount != 550 || back.Status != "F" || !slices.Equal(message.Oddities, []string{"bank_ack_time"}) {
		t.Fatalf("%+v %v", back, err)
	}
	for _, bad := range []string{`{"dback_amount":"1e2"}`, `{"dback_status":1}`, `{"trade_no":7}`, `{"dback_status":"S","Dback_Status":"F"}`, `[]`, `"x"`} {
		if _, _, err := read(bad); RefusalCode(err) == "" {
			t.Errorf("%s: %v", bad, err)
		}
	}
	n, err := receive(app, paidForm().with("receipt_amount", "ten").with("gmt_payment", "soon").with("fund_bill_list", "{").
		with("voucher_detail_list", "").with("hb_fq_pay_info", "null").with("buyer_pay_amount", "null").signed(t, gatewayKey(t), notifyRule()).encode())
	if err != nil || !slices.Equal(n.Oddities, []string{"receipt_amount", "gmt_payment"}) {
		t.Fatalf("%+v %v", n, err)
	}
	if fen, err := n.TotalFen(); err != nil || fen != 8888 {
		t.Fatal(fen, err)
	}
}

// C46: a raw control character refuses nothing among what decorates, is no part of what decides,
// and hides no member.
func TestC46_rawControls(t *testing.T) {
	for text, want := range map[string]Class{
		"\"x\":\"\n\"":           Done,
		"\"x\":\"\\\n\"":         Unknown, // no escape has that
		"\"x\":\"\",\x01\"y\":1": Unknown,
		"\"a\nb\":1,\"a b\":2":   Unknown, // one name, to whoever reads them alike
		"\"x\":\"\n\\\",\\\"total_amount\\\":\\\"1.00\\\"\"": Done,
		"\"x\":\"\n\",\"total_amount\":\"1.00\"":             Unknown,
	} {
		app, _ := answeringNode(t, MethodQuery, withMember(paidNode, text))
		response, result := queryOne(app)
		if result.Class != want || want == Done && response.TotalAmount != 8888 {
			t.Errorf("%q: %s, %s, %v", text, result.Class, response.TotalAmount, result.Err)
		}
	}
	app, _ := answeringNode(t, MethodQuery, strings.Replace(paidNode, "TRADE_SUCCESS", "TRADE_SUCCESS\n", 1))
	if _, result := queryOne(app); result.Class != Unknown {
		t.Errorf("a state with a line break: %s", result.Class)
	}
}

// C43, C46: an amount that says "null" is absent, and a certificate's number of another kind names
// none.
func TestC43_nullInAnswers(t *testing.T) {
	const node = `{"code":"10000","out_trade_no":"T1","trade_no":"2","fund_change":"Y","refund_fee":"null","send_back_fee":"null"}`
	app, _ := answeringNode(t, MethodRefund, node)
	response, result := app.Refund(t.Context(), RefundRequest{OutTradeNo: "T1", OutRequestNo: "R1", RefundAmount: 100})
	if result.Class != Done || response.RefundFee != 0 || response.SendBackFee != 0 {
		t.Errorf("%s %+v %v", result.Class, response, result.Err)
	}
	for _, serial := range []string{"null", "5", "[]"} {
		app, _ = answering(t, 200, strings.TrimSuffix(signedAnswer(t, MethodQuery, paidNode), "}")+`,"alipay_cert_sn":`+serial+`}`)
		_, result = queryOne(app)
		wantClass(t, result, Done)
	}
}
