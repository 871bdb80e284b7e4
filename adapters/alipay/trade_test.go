package alipay

import (
	"strings"
	"testing"
	"time"
)

func validCreate() CreateRequest {
	return CreateRequest{OutTradeNo: "T1", TotalAmount: 8888, Subject: "奶茶", BuyerOpenID: "o1", TimeExpire: At(testNow().Add(15 * time.Minute))}
}

func TestCreate(t *testing.T) {
	app, gateway := answeringNode(t, MethodCreate, `{"code":"10000","out_trade_no":"T1","trade_no":"2026112222001400000000000001"}`)
	response, result := app.Create(t.Context(), validCreate())
	wantClass(t, result, Done)
	if response.TradeNo != "2026112222001400000000000001" || result.KeyVersion != "v1" {
		t.Fatalf("%+v", response)
	}
	want := `{"out_trade_no":"T1","total_amount":"88.88","subject":"奶茶","product_code":"JSAPI_PAY","op_app_id":"2021000000000001",` +
		`"buyer_open_id":"o1","time_expire":"2026-11-23 04:37:31"}`
	if got := gateway.form.Get("biz_content"); got != want {
		t.Fatalf("biz_content\n%s, want\n%s", got, want)
	}
	app, _ = answeringNode(t, MethodCreate, `{"code":"10000","out_trade_no":"T1"}`)
	_, result = app.Create(t.Context(), validCreate())
	wantClass(t, result, Unknown)
	wantRefusal(t, result.Err, ErrUnknownTradeOutcome)
}

// Every documented limit is checked before anything is sent, and named.
func TestCreate_limits(t *testing.T) {
	app := newTestApp(t, nil)
	for name, c := range map[string]struct {
		field  string
		change func(*CreateRequest)
	}{
		"no number":            {"out_trade_no", func(r *CreateRequest) { r.OutTradeNo = "" }},
		"dashed number":        {"out_trade_no", func(r *CreateRequest) { r.OutTradeNo = "a-b" }},
		"long number":          {"out_trade_no", func(r *CreateRequest) { r.OutTradeNo = strings.Repeat("a", 65) }},
		"wide number":          {"out_trade_no", func(r *CreateRequest) { r.OutTradeNo = "订单1" }},
		"A01 zero":             {"total_amount", func(r *CreateRequest) { r.TotalAmount = 0 }},
		"A01 negative":         {"total_amount", func(r *CreateRequest) { r.TotalAmount = -1 }},
		"A02 over the cap":     {"total_amount", func(r *CreateRequest) { r.TotalAmount = MaxAmount + 1 }},
		"no subject":           {"subject", func(r *CreateRequest) { r.Subject = "" }},
		"long subject":         {"subject", func(r *CreateRequest) { r.Subject = strings.Repeat("茶", 257) }},
		"subject with newline": {"subject", func(r *CreateRequest) { r.Subject = "a\nb" }},
		"subject not UTF-8":    {"subject", func(r *CreateRequest) { r.Subject = "\xff" }},
		"long body":            {"body", func(r *CreateRequest) { r.Body = strings.Repeat("b", 129) }},
		"no buyer":             {"buyer_id", func(r *CreateRequest) { r.BuyerOpenID = "" }},
		"odd buyer":            {"buyer_id", func(r *CreateRequest) { r.BuyerID = "1234" }},
		"odd seller":           {"seller_id", func(r *CreateRequest) { r.SellerID = "2088" }},
		"151 goods":            {"goods_detail", func(r *CreateRequest) { r.GoodsDetail = make([]GoodsDetail, 151) }},
		"goods without id":     {"goods_detail.goods_id", func(r *CreateRequest) { r.GoodsDetail = []GoodsDetail{{GoodsName: "x", Quantity: 1}} }},
		"goods without number": {"goods_detail.quantity", func(r *CreateRequest) { r.GoodsDetail = []GoodsDetail{{GoodsID: "1", GoodsName: "x"}} }},
		"four instalments":     {"extend_params.hb_fq_num", func(r *CreateRequest) { r.ExtendParams = &ExtendParams{HbFqNum: "4", HbFqSellerPercent: "0"} }},
		"half the fee":         {"extend_params.hb_fq_seller_percent", func(r *CreateRequest) { r.ExtendParams = &ExtendParams{HbFqNum: "3", HbFqSellerPercent: "50"} }},
		"percent alone":        {"extend_params.hb_fq_num", func(r *CreateRequest) { r.ExtendParams = &ExtendParams{HbFqSellerPercent: "0"} }},
		"client address":       {"business_params.mc_create_trade_ip", func(r *CreateRequest) { r.BusinessParams = &BusinessParams{ClientIP: "localhost"} }},
		"both channel lists": {"enable_pay_channels", func(r *CreateRequest) {
			r.EnablePayChannels, r.DisablePayChannels = PayChannels{"balance"}, PayChannels{"pcredit"}
		}},
		"notify_url relative": {"notify_url", func(r *CreateRequest) { r.NotifyURL = "/notify" }},
		"notify_url long":     {"notify_url", func(r *CreateRequest) { r.NotifyURL = "https://a/" + strings.Repeat("n", 256) }},
		"passback long":       {"passback_params", func(r *CreateRequest) { r.PassbackParams = strings.Repeat("p", 513) }},
	} {
		t.Run(name, func(t *testing.T) {
			request := validCreate()
			c.change(&request)
			_, result := app.Create(t.Context(), request)
			wantField(t, result, c.field)
		})
	}
}

func TestQuery(t *testing.T) {
	node := `{"code":"10000","msg":"Success","buyer_user_id":"2088000000000002","fund_bill_list":[{"amount":"80.00","fund_channel":"PCREDIT"},` +
		`{"amount":"8.88","fund_channel":"COUPON"}],"out_trade_no":"T1","trade_no":"2026","trade_status":"TRADE_SUCCESS","total_amount":"88.88",` +
		`"receipt_amount":"88.88","buyer_pay_amount":"80.00","point_amount":"0.00","send_pay_date":"2026-11-22 20:00:05","hb_fq_pay_info":{"user_install_num":"3"}}`
	app, _ := answeringNode(t, MethodQuery, node)
	response, result := app.Query(t.Context(), QueryRequest{OutTradeNo: "T1", TradeNo: "2026", QueryOptions: []string{"fund_bill_list"}})
	wantClass(t, result, Done)
	if response.BuyerPayAmount != 8000 || response.TotalAmount != 8888 || len(response.FundBillList) != 2 || response.FundBillList[1].Amount != 888 ||
		response.Instalments.UserInstallNum != "3" || !response.SendPayDate.Time.Equal(time.Date(2026, 11, 22, 12, 0, 5, 0, time.UTC)) {
		t.Fatalf("%+v", response)
	}
	// G09: not existing is an answer of its own, neither failed nor unknown.
	app, _ = answeringNode(t, MethodQuery, `{"code":"40004","msg":"Business Failed","sub_code":"ACQ.TRADE_NOT_EXIST","sub_msg":"交易不存在","out_trade_no":"T1","buyer_pay_amount":"0.00"}`)
	_, result = queryOne(app)
	wantClass(t, result, NotExist)
	if result.Class.Final() || result.SubCode != "ACQ.TRADE_NOT_EXIST" {
		t.Fatalf("%+v", result)
	}
	_, result = app.Query(t.Context(), QueryRequest{})
	wantField(t, result, "out_trade_no")
}

func TestClose(t *testing.T) {
	app, _ := answeringNode(t, MethodClose, `{"code":"10000","out_trade_no":"T1","trade_no":"2026"}`)
	response, result := app.Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
	wantClass(t, result, Done)
	if response.TradeNo != "2026" {
		t.Fatalf("%+v", response)
	}
	for _, sub := range []string{"ACQ.TRADE_STATUS_ERROR", "ACQ.REASON_TRADE_STATUS_INVALID"} {
		app, _ = answeringNode(t, MethodClose, `{"code":"40004","sub_code":"`+sub+`"}`)
		_, result = app.Close(t.Context(), CloseRequest{TradeNo: "2026"})
		wantClass(t, result, DoneElsewhere)
	}
	_, result = app.Close(t.Context(), CloseRequest{})
	wantField(t, result, "out_trade_no")
}

func TestRefund(t *testing.T) {
	request := RefundRequest{OutTradeNo: "T1", OutRequestNo: "R1", RefundAmount: 3000, RefundReason: "不要了"}
	app, gateway := answeringNode(t, MethodRefund, `{"code":"10000","out_trade_no":"T1","trade_no":"2026","fund_change":"Y","refund_fee":"50.00"}`)
	response, result := app.Refund(t.Context(), request)
	wantClass(t, result, Done)
	if response.RefundFee != 5000 || gateway.form.Get("biz_content") != `{"out_trade_no":"T1","out_request_no":"R1","refund_amount":"30.00","refund_reason":"不要了"}` {
		t.Fatalf("%+v %s", response, gateway.form.Get("biz_content"))
	}
	// G07: a success that moved nothing is no success yet.
	for _, change := range []string{`"fund_change":"N",`, ``, `"fund_change":"y",`} {
		app, _ = answeringNode(t, MethodRefund, `{"code":"10000",`+change+`"out_trade_no":"T1","refund_fee":"50.00"}`)
		_, result = app.Refund(t.Context(), request)
		wantClass(t, result, Pending)
	}
	// G15: the seller's balance is short: final, for the merchant to mend.
	app, _ = answeringNode(t, MethodRefund, `{"code":"40004","sub_code":"ACQ.SELLER_BALANCE_NOT_ENOUGH"}`)
	_, result = app.Refund(t.Context(), request)
	wantClass(t, result, FinalRefund)
	for field, broken := range map[string]RefundRequest{
		"out_trade_no":                     {OutRequestNo: "R1", RefundAmount: 1},
		"out_request_no":                   {OutTradeNo: "T1", RefundAmount: 1},
		"refund_amount":                    {OutTradeNo: "T1", OutRequestNo: "R1"},
		"refund_royalty_parameters.amount": {OutTradeNo: "T1", OutRequestNo: "R1", RefundAmount: 1, RefundRoyalty: []RefundRoyalty{{TransOut: "2088"}}},
		"refund_reason":                    {OutTradeNo: "T1", OutRequestNo: "R1", RefundAmount: 1, RefundReason: strings.Repeat("r", 257)},
	} {
		_, result = app.Refund(t.Context(), broken)
		wantField(t, result, field)
	}
}

func TestRefundQuery(t *testing.T) {
	request := RefundQueryRequest{OutTradeNo: "T1", OutRequestNo: "R1"}
	for name, c := range map[string]struct {
		node  string
		class Class
	}{
		"succeeded":               {`{"code":"10000","out_trade_no":"T1","trade_no":"2026","out_request_no":"R1","refund_amount":"30.00","refund_status":"REFUND_SUCCESS"}`, Done},
		"G08 no data at all":      {`{"code":"10000","msg":"Success"}`, Pending},
		"G08 numbers, no status":  {`{"code":"10000","out_trade_no":"T1","out_request_no":"R1"}`, Pending},
		"G08 an unknown status":   {`{"code":"10000","out_trade_no":"T1","out_request_no":"R1","refund_status":"REFUND_FAIL"}`, Pending},
		"G12 another refund":      {`{"code":"10000","out_trade_no":"T1","out_request_no":"R2","refund_amount":"30.00","refund_status":"REFUND_SUCCESS"}`, Unknown},
		"G12 another trade":       {`{"code":"10000","out_trade_no":"T2","out_request_no":"R1","refund_amount":"30.00","refund_status":"REFUND_SUCCESS"}`, Unknown},
		"G12 success, no numbers": {`{"code":"10000","refund_amount":"30.00","refund_status":"REFUND_SUCCESS"}`, Unknown},
		"success without amount":  {`{"code":"10000","out_trade_no":"T1","out_request_no":"R1","refund_status":"REFUND_SUCCESS"}`, Unknown},
		"no such trade":           {`{"code":"40004","sub_code":"TRADE_NOT_EXIST"}`, NotExist},
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := answeringNode(t, MethodRefundQuery, c.node)
			response, result := app.RefundQuery(t.Context(), request)
			wantClass(t, result, c.class)
			if (response.RefundAmount == 3000) != (c.class == Done) {
				t.Fatalf("%+v", response)
			}
		})
	}
	_, result := newTestApp(t, nil).RefundQuery(t.Context(), RefundQueryRequest{OutTradeNo: "T1"})
	wantField(t, result, "out_request_no")
}

func TestOAuthToken(t *testing.T) {
	node := `{"access_token":"a1","auth_start":"2026-11-22 20:00:00","expires_in":1296000,"open_id":"o1","re_expires_in":"2592000","refresh_token":"r1"}`
	app, gateway := answeringNode(t, MethodOAuthToken, node)
	response, result := app.OAuthToken(t.Context(), OAuthTokenRequest{Code: "c1"})
	wantClass(t, result, Done)
	if response.OpenID != "o1" || response.ExpiresIn != 1296000 || response.ReExpiresIn != 2592000 {
		t.Fatalf("%+v", response)
	}
	if gateway.form.Get("grant_type") != "authorization_code" || gateway.form.Get("code") != "c1" || gateway.form.Has("biz_content") {
		t.Fatalf("%v", gateway.form)
	}
	assertSigned(t, gateway.form)
	_, result = app.OAuthToken(t.Context(), OAuthTokenRequest{RefreshToken: "r1"})
	wantClass(t, result, Done)
	if gateway.form.Get("grant_type") != "refresh_token" || gateway.form.Has("code") {
		t.Fatalf("%v", gateway.form)
	}
	app, _ = answeringNode(t, MethodOAuthToken, `{"code":"40002","sub_code":"isv.code-invalid","sub_msg":"授权码code无效"}`)
	_, result = app.OAuthToken(t.Context(), OAuthTokenRequest{Code: "c1"})
	wantClass(t, result, FinalUser)
	app, _ = answeringNode(t, MethodOAuthToken, `{"access_token":"a1"}`)
	_, result = app.OAuthToken(t.Context(), OAuthTokenRequest{Code: "c1"})
	wantClass(t, result, Unknown)
	for _, request := range []OAuthTokenRequest{{}, {Code: "c", RefreshToken: "r"}} {
		_, result = app.OAuthToken(t.Context(), request)
		wantField(t, result, "code")
	}
	// A missing code means success in this API only.
	app, _ = answeringNode(t, MethodClose, `{"out_trade_no":"T1","trade_no":"2026"}`)
	_, result = app.Close(t.Context(), CloseRequest{OutTradeNo: "T1"})
	wantClass(t, result, Unknown)
}
