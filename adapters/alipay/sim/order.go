package alipaysim

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// orderRequest is the business content that all paying APIs share.
type orderRequest struct {
	OutTradeNo      scalar          `json:"out_trade_no"`
	TotalAmount     scalar          `json:"total_amount"`
	Subject         scalar          `json:"subject"`
	Body            scalar          `json:"body"`
	ProductCode     scalar          `json:"product_code"`
	OpAppID         scalar          `json:"op_app_id"`
	SellerID        scalar          `json:"seller_id"`
	BuyerID         scalar          `json:"buyer_id"`
	BuyerOpenID     scalar          `json:"buyer_open_id"`
	OpBuyerOpenID   scalar          `json:"op_buyer_open_id"`
	PassbackParams  scalar          `json:"passback_params"`
	QuitURL         scalar          `json:"quit_url"`
	TimeExpire      scalar          `json:"time_expire"`
	TimeoutExpress  scalar          `json:"timeout_express"`
	GoodsType       scalar          `json:"goods_type"`
	EnableChannels  scalar          `json:"enable_pay_channels"`
	DisableChannels scalar          `json:"disable_pay_channels"`
	SpecifiedChan   scalar          `json:"specified_channel"`
	StoreID         scalar          `json:"store_id"`
	TerminalID      scalar          `json:"terminal_id"`
	OperatorID      scalar          `json:"operator_id"`
	Discountable    scalar          `json:"discountable_amount"`
	Undiscountable  scalar          `json:"undiscountable_amount"`
	GoodsDetail     json.RawMessage `json:"goods_detail"`
	Scene           scalar          `json:"scene"`
	AuthCode        scalar          `json:"auth_code"`
	AgreementParams struct {
		AgreementNo scalar `json:"agreement_no"`
	} `json:"agreement_params"`
	ExtendParams json.RawMessage `json:"extend_params"`
}

type extendParams struct {
	HbFqNum       scalar `json:"hb_fq_num"`
	HbFqSeller    scalar `json:"hb_fq_seller_percent"`
	RoyaltyFreeze scalar `json:"royalty_freeze"`
}

const maxGoodsDetail = 150

// parseOrder reads and checks what every paying API checks, and gives the
// order as the gateway understands it.
func (s *Server) parseOrder(c *call) (Order, orderRequest, *failure) {
	var q orderRequest
	if fail := c.decode(&q); fail != nil {
		return Order{}, q, fail
	}
	var extend extendParams
	if raw := objectOf(q.ExtendParams); raw != nil && json.Unmarshal(raw, &extend) != nil {
		return Order{}, q, invalidParameter("extend_params")
	}
	payee := c.app.SellerID
	if q.SellerID != "" {
		payee = string(q.SellerID)
	}
	if !slices.Contains(c.app.sellers(), payee) {
		return Order{}, q, refuse("ACQ.INVALID_RECEIVE_ACCOUNT")
	}
	if strings.ContainsAny(string(q.Subject), "/=&") && !s.reading().AnySubject {
		return Order{}, q, invalidParameter("subject 不可使用特殊字符 / = &")
	}
	fen, fail := checkOrder(q)
	if fail == nil {
		fail = checkLengths(c, q)
	}
	if fail != nil {
		return Order{}, q, fail
	}
	order := Order{
		Method: c.method, AppID: c.app.AppID, SellerID: payee,
		OutTradeNo: string(q.OutTradeNo), TotalFen: fen, Subject: string(q.Subject), Body: string(q.Body),
		ProductCode: string(q.ProductCode), PassbackParams: string(q.PassbackParams),
		NotifyURL: c.notifyURL, ReturnURL: c.returnURL, QuitURL: string(q.QuitURL), Charset: c.charset,
		TimeExpire: string(q.TimeExpire), TimeoutExpress: string(q.TimeoutExpress),
		GoodsType: string(q.GoodsType), EnableChannels: string(q.EnableChannels),
		DisableChannels: string(q.DisableChannels), SpecifiedChan: string(q.SpecifiedChan),
		HbFqNum: string(extend.HbFqNum), HbFqSeller: string(extend.HbFqSeller),
		RoyaltyFreeze: extend.RoyaltyFreeze == "true",
		StoreID:       string(q.StoreID), TerminalID: string(q.TerminalID), OperatorID: string(q.OperatorID),
		AgreementNo: string(q.AgreementParams.AgreementNo),
	}
	if order.ProductCode == "" {
		order.ProductCode = defaultProduct(order)
	}
	if order.BuyerID, fail = s.payerOf(c, q); fail != nil {
		return Order{}, q, fail
	}
	if fail := checkInstalments(order); fail != nil {
		return Order{}, q, fail
	}
	_, fail = order.expiry(s.clock.Now())
	return order, q, fail
}

// defaultProduct is the product_code of an order that names none.
func defaultProduct(o Order) string {
	switch {
	case o.Method == methodWapPay:
		return "QUICK_WAP_WAY"
	case o.Method == methodPagePay:
		return "FAST_INSTANT_TRADE_PAY"
	case o.Method == methodAppPay:
		return "QUICK_MSECURITY_PAY"
	case o.AgreementNo != "":
		return "GENERAL_WITHHOLDING"
	}
	return "FACE_TO_FACE_PAYMENT"
}

// objectOf accepts an object, or a text that holds one: some parameters come either way.
func objectOf(raw json.RawMessage) []byte {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if raw[0] == '"' {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return nil
		}
		return []byte(text)
	}
	return raw
}

var outTradeNoForm = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

func checkOrder(q orderRequest) (int64, *failure) {
	switch {
	case !outTradeNoForm.MatchString(string(q.OutTradeNo)):
		return 0, invalidParameter("out_trade_no")
	case q.Subject == "" || utf8.RuneCountInString(string(q.Subject)) > 256:
		return 0, invalidParameter("subject")
	case utf8.RuneCountInString(string(q.Body)) > 400:
		return 0, invalidParameter("body")
	case len(q.PassbackParams) > 512:
		return 0, invalidParameter("passback_params")
	case q.EnableChannels != "" && q.DisableChannels != "":
		return 0, invalidParameter("enable_pay_channels, disable_pay_channels")
	}
	fen, err := parseYuan(string(q.TotalAmount))
	if err != nil || fen < 1 {
		return 0, invalidParameter("total_amount")
	}
	if q.Discountable != "" && q.Undiscountable != "" {
		a, errA := parseYuan(string(q.Discountable))
		b, errB := parseYuan(string(q.Undiscountable))
		if errA != nil || errB != nil || a+b != fen {
			return 0, invalidParameter("discountable_amount, undiscountable_amount")
		}
	}
	if raw := objectOf(q.GoodsDetail); raw != nil {
		var goods []json.RawMessage
		if json.Unmarshal(raw, &goods) != nil {
			return 0, invalidParameter("goods_detail")
		}
		if len(goods) > maxGoodsDetail {
			return 0, refuse("ACQ.SUB_GOODS_SIZE_MAX_COUNT")
		}
	}
	return fen, nil
}

// checkLengths holds what else an order carries to the documented lengths.
func checkLengths(c *call, q orderRequest) *failure {
	for _, field := range []struct {
		name, value string
		most        int
	}{
		{"notify_url", c.notifyURL, 256}, {"return_url", c.returnURL, 256}, {"quit_url", string(q.QuitURL), 400},
		{"product_code", string(q.ProductCode), 64}, {"store_id", string(q.StoreID), 32},
		{"terminal_id", string(q.TerminalID), 32}, {"operator_id", string(q.OperatorID), 28},
		{"enable_pay_channels", string(q.EnableChannels), 256}, {"disable_pay_channels", string(q.DisableChannels), 256},
		{"specified_channel", string(q.SpecifiedChan), 128}, {"goods_type", string(q.GoodsType), 2},
	} {
		if utf8.RuneCountInString(field.value) > field.most {
			return invalidParameter(field.name)
		}
	}
	return nil
}

// payerOf is the user_id the order is made for, whichever way it is named.
func (s *Server) payerOf(c *call, q orderRequest) (string, *failure) {
	if q.BuyerID != "" {
		if _, ok := s.buyers[string(q.BuyerID)]; !ok {
			return "", refuse("ACQ.BUYER_NOT_EXIST")
		}
		return string(q.BuyerID), nil
	}
	appID, openID := c.app.AppID, q.BuyerOpenID
	if openID == "" {
		appID, openID = string(q.OpAppID), q.OpBuyerOpenID
	}
	if openID == "" {
		return "", nil
	}
	id, ok := s.buyerByOpenID(appID, string(openID))
	if !ok {
		return "", refuse("ACQ.BUYER_NOT_EXIST")
	}
	return id, nil
}

func (s *Server) buyerByOpenID(appID, openID string) (string, bool) {
	for id := range s.buyers {
		if s.numbers.openID(appID, id) == openID {
			return id, true
		}
	}
	return "", false
}

// checkInstalments: 3, 6 or 12 periods, the fee borne by one side, never with virtual goods.
func checkInstalments(o Order) *failure {
	switch {
	case o.HbFqNum == "" && o.HbFqSeller == "":
		return nil
	case o.HbFqNum != "3" && o.HbFqNum != "6" && o.HbFqNum != "12":
		return invalidParameter("hb_fq_num")
	case o.HbFqSeller != "" && o.HbFqSeller != "0" && o.HbFqSeller != "100":
		return invalidParameter("hb_fq_seller_percent")
	case o.GoodsType == "0":
		return invalidParameter("goods_type=0 与花呗分期互斥")
	case o.SpecifiedChan == "pcredit":
		return invalidParameter("specified_channel 与 hb_fq_num 互斥")
	}
	return nil
}

const (
	faceToFaceExpiry = 3 * time.Hour
	otherExpiry      = 15 * 24 * time.Hour
	wapMinimum       = 5 * time.Minute
)

// expiry is when the order lapses if it becomes a trade at the given instant.
// time_expire wins over timeout_express; phones always get five minutes.
func (o Order) expiry(entered time.Time) (time.Time, *failure) {
	at := entered.Add(otherExpiry)
	if o.Method == methodCreate || o.Method == methodPay || o.Method == methodPrecreate {
		at = entered.Add(faceToFaceExpiry)
	}
	if o.TimeoutExpress != "" {
		var ok bool
		if at, ok = afterTimeout(entered, o.TimeoutExpress); !ok {
			return at, invalidParameter("timeout_express")
		}
	}
	if o.TimeExpire != "" {
		parsed, err := time.ParseInLocation(stampLayout, o.TimeExpire, chinaTime())
		if err != nil {
			return at, invalidParameter("time_expire")
		}
		if !parsed.After(entered) {
			fail := refuse("ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR")
			fail.SubMsg += "，模拟网关的时间是 " + entered.In(chinaTime()).Format(stampLayout)
			return at, fail
		}
		at = parsed
	}
	if least := entered.Add(wapMinimum); o.Method == methodWapPay && at.Before(least) {
		at = least
	}
	return at, nil
}

// afterTimeout reads 1m-15d (minutes, hours, days) or 1c, the coming midnight.
func afterTimeout(from time.Time, text string) (time.Time, bool) {
	if text == "1c" {
		day := from.In(chinaTime())
		return time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, chinaTime()), true
	}
	if len(text) < 2 {
		return from, false
	}
	n, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || n < 1 || strings.HasPrefix(text, "+") {
		return from, false
	}
	units := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	unit, ok := units[text[len(text)-1]]
	if !ok || time.Duration(n) > otherExpiry/unit {
		return from, false
	}
	return from.Add(time.Duration(n) * unit), true
}
