package alipay

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

func validPay() PayRequest {
	return PayRequest{OutTradeNo: "T1", TotalAmount: 8888, Subject: "奶茶", AuthCode: "281234567890123456"}
}

func TestPay(t *testing.T) {
	paid := `{"code":"10000","out_trade_no":"T1","trade_no":"2026","total_amount":"88.88","gmt_payment":"2026-11-22 20:00:05","fund_bill_list":[{"amount":"88.88","fund_channel":"PCREDIT"}]}`
	app, gateway := answeringNode(t, MethodPay, paid)
	response, result := app.Pay(t.Context(), validPay())
	wantClass(t, result, Done)
	if response.FundBillList[0].FundChannel != "PCREDIT" || !strings.Contains(gateway.form.Get("biz_content"), `"scene":"bar_code"`) {
		t.Fatalf("%+v %s", response, gateway.form.Get("biz_content"))
	}
	agreement := PayRequest{OutTradeNo: "T1", TotalAmount: 8888, Subject: "会员", AgreementParams: &AgreementParams{AgreementNo: "A1"}}
	_, result = app.Pay(t.Context(), agreement)
	wantClass(t, result, Done)
	if biz := gateway.form.Get("biz_content"); !strings.Contains(biz, `"product_code":"GENERAL_WITHHOLDING"`) || strings.Contains(biz, "scene") {
		t.Fatal(biz)
	}
	agreement.IsAsyncPay = true
	_, result = app.Pay(t.Context(), agreement)
	wantClass(t, result, Pending)
	for name, c := range map[string]struct {
		node  string
		class Class
	}{
		"waits for the password": {`{"code":"10003","msg":"order success pay inprocess","out_trade_no":"T1","trade_no":"2026"}`, Pending},
		"G05 unknown":            {`{"code":"20000","sub_code":"aop.unknow-error"}`, Unknown},
		"another amount":         {strings.Replace(paid, `"88.88","gmt`, `"8.88","gmt`, 1), Unknown},
		"no trade":               {`{"code":"10000","out_trade_no":"T1"}`, Unknown},
		"old code":               {`{"code":"40004","sub_code":"ACQ.PAYMENT_AUTH_CODE_INVALID"}`, FinalUser},
		"paid before":            {`{"code":"40004","sub_code":"ACQ.TRADE_HAS_SUCCESS"}`, DoneElsewhere},
		"other data before":      {`{"code":"40004","sub_code":"ACQ.CONTEXT_INCONSISTENT"}`, NewNumber},
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := answeringNode(t, MethodPay, c.node)
			_, result := app.Pay(t.Context(), validPay())
			wantClass(t, result, c.class)
		})
	}
}

func TestPay_limits(t *testing.T) {
	app := newTestApp(t, nil)
	for name, c := range map[string]struct {
		field  string
		change func(*PayRequest)
	}{
		"no code":            {"auth_code", func(r *PayRequest) { r.AuthCode = "" }},
		"code and agreement": {"auth_code", func(r *PayRequest) { r.AgreementParams = &AgreementParams{AgreementNo: "A"} }},
		"code of WeChat":     {"auth_code", func(r *PayRequest) { r.AuthCode = "134567890123456789" }},
		"code with letters":  {"auth_code", func(r *PayRequest) { r.AuthCode = "28123456789012345x" }},
		"short face token":   {"auth_code", func(r *PayRequest) { r.Scene, r.AuthCode = SceneFace, "fp1" }},
		"unknown scene":      {"scene", func(r *PayRequest) { r.Scene = "wave_code" }},
		"async without":      {"is_async_pay", func(r *PayRequest) { r.IsAsyncPay = true }},
		"empty agreement":    {"agreement_params.agreement_no", func(r *PayRequest) { r.AuthCode, r.AgreementParams = "", &AgreementParams{} }},
		"agreement, product": {"product_code", func(r *PayRequest) {
			r.AuthCode, r.ProductCode, r.AgreementParams = "", ProductFaceToFace, &AgreementParams{AgreementNo: "A"}
		}},
		"A01": {"total_amount", func(r *PayRequest) { r.TotalAmount = -1 }},
	} {
		t.Run(name, func(t *testing.T) {
			request := validPay()
			c.change(&request)
			_, result := app.Pay(t.Context(), request)
			wantField(t, result, c.field)
		})
	}
	face := validPay()
	face.Scene, face.AuthCode = SceneFace, "fp"+strings.Repeat("a", 33)
	if err := face.check(); err != nil {
		t.Fatal(err)
	}
}

func TestCancel(t *testing.T) {
	for node, class := range map[string]Class{
		`{"code":"10000","out_trade_no":"T1","retry_flag":"N","action":"close"}`:  Done,
		`{"code":"10000","out_trade_no":"T1","retry_flag":"N","action":"refund"}`: Done,
		`{"code":"10000","retry_flag":"N"}`:                                       Done,
		`{"code":"10000","out_trade_no":"T1","retry_flag":"Y"}`:                   Pending,
		`{"code":"10000","out_trade_no":"T2","retry_flag":"N","action":"close"}`:  Unknown,
		`{"code":"40004","sub_code":"AQC.SYSTEM_ERROR"}`:                          Unknown,
		`{"code":"40004","sub_code":"ACQ.TRADE_CANCEL_TIME_OUT"}`:                 FinalRefund,
	} {
		app, _ := answeringNode(t, MethodCancel, node)
		_, result := app.Cancel(t.Context(), CancelRequest{OutTradeNo: "T1"})
		wantClass(t, result, class)
	}
	_, result := newTestApp(t, nil).Cancel(t.Context(), CancelRequest{})
	wantField(t, result, "out_trade_no")
}

func TestPrecreate(t *testing.T) {
	request := PrecreateRequest{OutTradeNo: "T2", TotalAmount: 1, Subject: "a"}
	app, _ := answeringNode(t, MethodPrecreate, `{"code":"10000","msg":"Success","out_trade_no":"T2","qr_code":"https:\/\/qr.alipay.com\/bax0"}`)
	response, result := app.Precreate(t.Context(), request)
	wantClass(t, result, Done)
	if response.QRCode != "https://qr.alipay.com/bax0" {
		t.Fatal(response)
	}
	app, _ = answeringNode(t, MethodPrecreate, `{"code":"10000","out_trade_no":"T2"}`)
	_, result = app.Precreate(t.Context(), request)
	wantClass(t, result, Unknown)
	_, result = app.Precreate(t.Context(), PrecreateRequest{OutTradeNo: "T2", Subject: "a"})
	wantField(t, result, "total_amount")
}

func TestAppPay(t *testing.T) {
	app := newTestApp(t, nil)
	request := AppPayRequest{OutTradeNo: "T1", TotalAmount: 8888, Subject: "奶茶 大杯", TimeExpire: At(testNow().Add(time.Hour)), NotifyURL: "https://pay.example.com/n?a=1"}
	text, err := app.AppPayOrderString(request)
	if err != nil {
		t.Fatal(err)
	}
	values, err := url.ParseQuery(text)
	if err != nil || values.Get("method") != MethodAppPay || strings.ContainsAny(text, "+ ") {
		t.Fatal(text)
	}
	assertSigned(t, values)
	request.TimeExpire = Time{}
	_, err = app.AppPayOrderString(request)
	wantField(t, invalid(err), "time_expire")
	request.TimeExpire, request.AgreementSignParams = At(testNow()), &AgreementSign{}
	_, err = app.AppPayOrderString(request)
	wantField(t, invalid(err), "product_code")
	request.ProductCode = ProductCyclePay
	_, err = app.AppPayOrderString(request)
	wantField(t, invalid(err), "agreement_sign_params.personal_product_code")
	request.AgreementSignParams, request.SellerID = nil, "2088"
	_, err = app.AppPayOrderString(request)
	wantField(t, invalid(err), "seller_id")
}

func TestVerifyAppResult(t *testing.T) {
	app := newTestApp(t, nil)
	node := `{"code":"10000","msg":"Success","app_id":"` + testAppID + `","out_trade_no":"T1","trade_no":"2026","total_amount":"88.88","seller_id":"` + testSellerID + `"}`
	frame := func(node, sign string) string {
		return `{"alipay_trade_app_pay_response":` + node + `,"sign":"` + sign + `","sign_type":"RSA2"}`
	}
	good := frame(node, mustSign(t, gatewayKey(t), node))
	got, err := app.VerifyAppResult(good)
	if err != nil || got.OutTradeNo != "T1" || got.Total != 8888 {
		t.Fatalf("%+v, %v", got, err)
	}
	foreign := strings.Replace(node, testAppID, "2021000000000002", 1)
	for text, want := range map[string]Refusal{
		strings.Replace(good, "88.88", "8.88", 1):           ErrSignatureMismatch,
		strings.Replace(good, "RSA2", "RSA", 1):             ErrSignTypeMismatch,
		frame(foreign, mustSign(t, gatewayKey(t), foreign)): ErrAppMismatch,
		"":                                     ErrMalformedResponse,
		"null":                                 ErrMalformedResponse,
		strings.Repeat("x", MaxNotification+1): ErrBodyTooLarge,
		strings.Replace(good, "trade_app_pay", "trade_close", 1): ErrAmbiguousResponse,
	} {
		_, err := app.VerifyAppResult(text)
		wantRefusal(t, err, want)
	}
}

func TestPagePay(t *testing.T) {
	app := newTestApp(t, nil)
	request := PagePayRequest{OutTradeNo: "T1", TotalAmount: 8888, Subject: "奶茶", TimeExpire: At(testNow()), ReturnURL: "https://shop.example.com/back"}
	address, err := app.PagePayURL(request)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(address)
	if err != nil || !strings.Contains(parsed.Query().Get("biz_content"), ProductPage) {
		t.Fatal(address)
	}
	assertSigned(t, parsed.Query())
	if page, err := app.PagePayForm(request); err != nil || !strings.Contains(page.Action, "alipay.trade.page.pay") {
		t.Fatal(err)
	}
	request.QRPayMode = "9"
	_, err = app.PagePayForm(request)
	wantField(t, invalid(err), "qr_pay_mode")
	_, err = app.PagePayURL(request)
	wantField(t, invalid(err), "qr_pay_mode")
	request.QRPayMode, request.SellerID = "", "2088"
	_, err = app.PagePayURL(request)
	wantField(t, invalid(err), "seller_id")
}

func TestSettle(t *testing.T) {
	request := SettleRequest{OutRequestNo: "S1", TradeNo: "2026", Royalties: []RoyaltyPart{{TransIn: "2088000000000003", TransInType: "userId", Amount: 100, Desc: "佣金"}}}
	app, gateway := answeringNode(t, MethodSettle, `{"code":"10000","trade_no":"2026","settle_no":"N1"}`)
	response, result := app.Settle(t.Context(), request)
	wantClass(t, result, Done)
	if response.SettleNo != "N1" || !strings.Contains(gateway.form.Get("biz_content"), `"amount":"1.00"`) {
		t.Fatal(gateway.form.Get("biz_content"))
	}
	request.RoyaltyMode = "async"
	_, result = app.Settle(t.Context(), request)
	wantClass(t, result, Pending)
	for field, change := range map[string]func(*SettleRequest){
		"out_request_no":            func(r *SettleRequest) { r.OutRequestNo = "" },
		"trade_no":                  func(r *SettleRequest) { r.TradeNo = "" },
		"royalty_parameters":        func(r *SettleRequest) { r.Royalties = nil },
		"royalty_mode":              func(r *SettleRequest) { r.RoyaltyMode = "later" },
		"royalty_parameters.amount": func(r *SettleRequest) { r.Royalties = []RoyaltyPart{{TransIn: "x", TransInType: "userId"}} },
		"royalty_parameters.amount_percentage": func(r *SettleRequest) {
			r.Royalties = []RoyaltyPart{{TransIn: "x", TransInType: "userId", AmountPercentage: 101}}
		},
		"royalty_parameters.trans_in_type": func(r *SettleRequest) { r.Royalties = []RoyaltyPart{{TransIn: "x", TransInType: "card", Amount: 1}} },
	} {
		broken := request
		change(&broken)
		_, result = app.Settle(t.Context(), broken)
		wantField(t, result, field)
	}
	app, _ = answeringNode(t, MethodSettleQuery, `{"code":"10000","out_request_no":"S1","royalty_detail_list":[{"amount":"1.00","state":"FAIL","error_code":"X"}]}`)
	query, result := app.SettleQuery(t.Context(), SettleQueryRequest{TradeNo: "2026", OutRequestNo: "S1"})
	wantClass(t, result, Done)
	if query.Details[0].State != "FAIL" || query.Details[0].Amount != 100 {
		t.Fatalf("%+v", query)
	}
	_, result = app.SettleQuery(t.Context(), SettleQueryRequest{TradeNo: "2026"})
	wantField(t, result, "settle_no")
}

func TestRelation(t *testing.T) {
	request := RelationRequest{OutRequestNo: "B1", Receivers: []RoyaltyReceiver{{Type: "userId", Account: "2088000000000003"}}}
	for node, class := range map[string]Class{
		`{"code":"10000","result_code":"SUCCESS"}`: Done, `{"code":"10000","result_code":"FAIL"}`: FinalMerchant, `{"code":"10000"}`: Unknown,
	} {
		app, _ := answeringNode(t, MethodRelationBind, node)
		wantClass(t, app.RelationBind(t.Context(), request), class)
		app, _ = answeringNode(t, MethodRelationUnbind, node)
		wantClass(t, app.RelationUnbind(t.Context(), request), class)
	}
	app := newTestApp(t, nil)
	wantField(t, app.RelationBind(t.Context(), RelationRequest{OutRequestNo: "B1"}), "receiver_list")
	wantField(t, app.RelationBind(t.Context(), RelationRequest{OutRequestNo: "B1", Receivers: []RoyaltyReceiver{{Type: "loginName", Account: "a@b.c"}}}), "receiver_list.name")
}

func TestAgreement(t *testing.T) {
	app := newTestApp(t, nil)
	request := AgreementSign{
		PersonalProductCode: "CYCLE_PAY_AUTH_P", ProductCode: ProductCyclePay, SignScene: "INDUSTRY|DIGITAL_MEDIA", ExternalAgreementNo: "E1",
		AccessParams:     AccessParams{"ALIPAYAPP"},
		PeriodRuleParams: &PeriodRule{PeriodType: "MONTH", Period: 1, ExecuteTime: "2026-12-01", SingleAmount: 1000},
		NotifyURL:        "https://pay.example.com/n", ReturnURL: "https://shop.example.com/r",
	}
	address, err := app.AgreementSignURL(request)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	assertSigned(t, parsed.Query())
	link, err := app.AgreementSignLink(request)
	if err != nil {
		t.Fatal(err)
	}
	_, signText, _ := strings.Cut(link, "sign_params=")
	once, err := url.QueryUnescape(signText)
	if err != nil {
		t.Fatal(err)
	}
	values, err := url.ParseQuery(once)
	if err != nil || values.Has("return_url") || !strings.Contains(values.Get("biz_content"), `"single_amount":"10.00"`) {
		t.Fatal(once)
	}
	assertSigned(t, values)
	for field, change := range map[string]func(*AgreementSign){
		"personal_product_code": func(r *AgreementSign) { r.PersonalProductCode = "" },
		"access_params.channel": func(r *AgreementSign) { r.AccessParams.Channel = "SMS" },
		"sign_scene":            func(r *AgreementSign) { r.SignScene = "" },
		"external_agreement_no": func(r *AgreementSign) { r.ExternalAgreementNo = strings.Repeat("e", 33) },
		"period_rule_params":    func(r *AgreementSign) { r.PeriodRuleParams = nil },
		"period_rule_params.execute_time": func(r *AgreementSign) {
			r.PeriodRuleParams = &PeriodRule{PeriodType: "MONTH", Period: 1, ExecuteTime: "2026-12-29", SingleAmount: 1}
		},
	} {
		broken := request
		change(&broken)
		_, err := app.AgreementSignURL(broken)
		wantField(t, invalid(err), field)
		_, err = app.AgreementSignString(broken)
		wantField(t, invalid(err), field)
	}
	answered, _ := answeringNode(t, MethodAgreementQuery, `{"code":"10000","agreement_no":"A1","status":"NORMAL","valid_time":"2026-11-22 20:00:00"}`)
	response, result := answered.AgreementQuery(t.Context(), AgreementRef{AgreementNo: "A1"})
	wantClass(t, result, Done)
	if response.Status != AgreementNormal {
		t.Fatal(response)
	}
	_, result = answered.AgreementQuery(t.Context(), AgreementRef{AgreementNo: "A2"})
	wantClass(t, result, Unknown)
	_, result = answered.AgreementQuery(t.Context(), AgreementRef{})
	wantField(t, result, "agreement_no")
	answered, _ = answeringNode(t, MethodAgreementUnsign, `{"code":"40004","sub_code":"USER_AGREEMENT_STATUS_NOT_NORMAL"}`)
	wantClass(t, answered.AgreementUnsign(t.Context(), AgreementRef{AgreementNo: "A1"}), DoneElsewhere)
	wantField(t, answered.AgreementUnsign(t.Context(), AgreementRef{}), "agreement_no")
}

func TestComplaint(t *testing.T) {
	app, _ := answeringNode(t, MethodComplaintQuery, `{"code":"10000","complain_event_id":"C1","status":"MERCHANT_PROCESSING","trade_amount":"88.88","images":["i1"],"reply_detail_infos":[{"content":"hi"}]}`)
	response, result := app.ComplaintQuery(t.Context(), ComplaintQueryRequest{ComplainEventID: "C1"})
	wantClass(t, result, Done)
	if response.TradeAmount != 8888 || response.Replies[0].Content != "hi" {
		t.Fatalf("%+v", response)
	}
	_, result = app.ComplaintQuery(t.Context(), ComplaintQueryRequest{ComplainEventID: "C2"})
	wantClass(t, result, Unknown)
	_, result = app.ComplaintQuery(t.Context(), ComplaintQueryRequest{})
	wantField(t, result, "complain_event_id")
	app, _ = answeringNode(t, MethodComplaintFeedback, `{"code":"10000"}`)
	wantClass(t, app.ComplaintFeedback(t.Context(), ComplaintFeedbackRequest{ComplainEventID: "C1", FeedbackCode: FeedbackOther, FeedbackContent: "已处理"}), Done)
	wantField(t, app.ComplaintFeedback(t.Context(), ComplaintFeedbackRequest{ComplainEventID: "C1", FeedbackCode: "99", FeedbackContent: "x"}), "feedback_code")
}

func TestBillDownload(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/gone" {
			http.Error(w, "", http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte("PK…"))
	}))
	defer server.Close()
	node := `{"code":"10000","bill_download_url":"http:\/\/127.0.0.1\/x?downloadFileName=a.csv.zip"}`
	app, gateway := answeringNode(t, MethodBillDownloadURL, node)
	response, result := app.BillDownloadURL(t.Context(), BillRequest{BillType: BillTrade, BillDate: "2026-11-21"})
	wantClass(t, result, Done)
	if BillFileName(response) != "a.csv.zip" || gateway.form.Get("biz_content") != `{"bill_type":"trade","bill_date":"2026-11-21"}` {
		t.Fatal(gateway.form)
	}
	if strings.Contains(response.String(), "127.0.0.1") {
		t.Fatal("the address prints")
	}
	app, _ = answeringNode(t, MethodBillDownloadURL, `{"code":"10000","bill_file_code":"EMPTY_DATA_WITH_BILL_FILE"}`)
	_, result = app.BillDownloadURL(t.Context(), BillRequest{BillType: BillSignCustomer, BillDate: "2026-10"})
	wantClass(t, result, Done)
	app, _ = answeringNode(t, MethodBillDownloadURL, `{"code":"10000"}`)
	_, result = app.BillDownloadURL(t.Context(), BillRequest{BillType: BillTrade, BillDate: "2026-11-21"})
	wantClass(t, result, Unknown)
	app, _ = answeringNode(t, MethodBillDownloadURL, `{"code":"40004","sub_code":"NO_BILL_DATA"}`)
	_, result = app.BillDownloadURL(t.Context(), BillRequest{BillType: BillTrade, BillDate: "2026-11-21"})
	wantClass(t, result, NotExist)
	for field, request := range map[string]BillRequest{"bill_type": {BillDate: "2026-11-21"}, "bill_date": {BillType: BillTrade, BillDate: "21/11/2026"}} {
		_, result = app.BillDownloadURL(t.Context(), request)
		wantField(t, result, field)
	}
	transport, err := NewTransport(TransportConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer transport.CloseIdleConnections()
	live := newTestApp(t, func(c *AppConfig) { c.Transport = transport })
	content, err := live.DownloadBill(t.Context(), BillResponse{BillDownloadURL: server.URL + "/x"})
	if err != nil || string(content) != "PK…" {
		t.Fatal(err)
	}
	for _, address := range []string{server.URL + "/gone", "file:///etc/passwd", "::", "http://127.0.0.1:1/x"} {
		if _, err := live.DownloadBill(t.Context(), BillResponse{BillDownloadURL: address}); err == nil {
			t.Errorf("%s: no error", address)
		}
	}
}
