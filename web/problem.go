package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/paymux/paymux/core"
)

// Codes that only HTTP knows; the others are core's.
const (
	codeUnauthenticated  core.Code = "unauthenticated"
	codeSignatureVersion core.Code = "signature_version"
	codeTooLarge         core.Code = "payload_too_large"
	codeMediaType        core.Code = "unsupported_media_type"
	codeMethodNotAllowed core.Code = "method_not_allowed"
	codeTooManyRequests  core.Code = "too_many_requests"
	codeLoop             core.Code = "loop_detected"
)

// Problem is an RFC 9457 document. Code is stable; title and detail are for people.
type Problem struct {
	Type   string    `json:"type"`
	Title  string    `json:"title"`
	Status int       `json:"status"`
	Detail string    `json:"detail,omitempty"`
	Code   core.Code `json:"code"`
	Field  string    `json:"field,omitempty"`
	// Errors: all that is wrong with the request; field, code and detail are the first's
	Errors    []wrongField   `json:"errors,omitempty"`
	Layer     core.Layer     `json:"layer,omitempty"`
	Rule      string         `json:"rule,omitempty"`
	Remedy    string         `json:"remedy,omitempty"`
	Refusals  []core.Refusal `json:"refusals,omitempty"`
	PaymentID string         `json:"payment_id,omitempty"`
	RequestID string         `json:"request_id"`
	// Gateway is what the gateway said, and BuyerMessage what the shop may show to its buyer; with
	// refusals of the gateway only.
	Gateway           *core.GatewayWords `json:"gateway,omitempty"`
	BuyerMessage      string             `json:"buyer_message,omitempty"`
	RetryAfterSeconds int                `json:"retry_after_seconds,omitempty"`
}

// wrongField is one thing wrong with a request.
type wrongField struct {
	Field   string    `json:"field"`
	Code    core.Code `json:"code"`
	Message string    `json:"message"`
}

// kind is how a code looks over HTTP.
type kind struct {
	status int
	title  core.Words
}

// kinds maps every code to its status and title: the one place where they meet.
func kinds() map[core.Code]kind {
	return map[core.Code]kind{
		core.CodeInvalid:             {http.StatusBadRequest, core.Words{ZH: "请求无效", EN: "The request is not valid"}},
		codeUnauthenticated:          {http.StatusUnauthorized, core.Words{ZH: "请求未能证明持有密钥", EN: "The request proves no key"}},
		codeSignatureVersion:         {http.StatusUnauthorized, core.Words{ZH: "签名版本过旧", EN: "The signature is of an older version"}},
		core.CodeReplayedNonce:       {http.StatusUnauthorized, core.Words{ZH: "签名请求已被使用过", EN: "The signed request was used before"}},
		core.CodeForbidden:           {http.StatusForbidden, core.Words{ZH: "密钥没有此权限", EN: "The key may not do this"}},
		core.CodeSameActor:           {http.StatusForbidden, core.Words{ZH: "申请人不能审批", EN: "Who asked may not approve"}},
		core.CodeOverLimit:           {http.StatusForbidden, core.Words{ZH: "金额过大，一个人不能决定", EN: "One person may not decide about so much"}},
		core.CodeNotFound:            {http.StatusNotFound, core.Words{ZH: "对象不存在", EN: "There is no such object"}},
		core.CodeNotConfigured:       {http.StatusNotFound, core.Words{ZH: "网关或账户不存在", EN: "There is no such gateway or account"}},
		codeMethodNotAllowed:         {http.StatusMethodNotAllowed, core.Words{ZH: "不支持此请求方法", EN: "The method is not allowed here"}},
		core.CodeArchived:            {http.StatusGone, core.Words{ZH: "支付单已归档", EN: "The payment has been archived"}},
		core.CodeOrderExists:         {http.StatusConflict, core.Words{ZH: "订单号已用于另一笔订单", EN: "The order number was used for another order"}},
		core.CodeInProgress:          {http.StatusConflict, core.Words{ZH: "同一请求正在处理", EN: "The same request is being worked on"}},
		core.CodeAttemptInFlight:     {http.StatusConflict, core.Words{ZH: "上一次发起的支付仍可付款", EN: "An older attempt can still be paid"}},
		core.CodeAlreadyPaid:         {http.StatusConflict, core.Words{ZH: "订单已支付", EN: "The payment is paid"}},
		core.CodePaymentClosed:       {http.StatusConflict, core.Words{ZH: "订单已关闭", EN: "The payment is closed"}},
		core.CodePaymentExpired:      {http.StatusConflict, core.Words{ZH: "订单已超时", EN: "The payment has expired"}},
		core.CodeNotRefundable:       {http.StatusConflict, core.Words{ZH: "订单不能退款", EN: "The payment cannot be refunded"}},
		core.CodeNotPending:          {http.StatusConflict, core.Words{ZH: "退款不在待审批状态", EN: "The refund waits for no approval"}},
		core.CodeWrongState:          {http.StatusConflict, core.Words{ZH: "当前状态不允许此操作", EN: "The state does not permit this"}},
		codeTooLarge:                 {http.StatusRequestEntityTooLarge, core.Words{ZH: "请求体过大", EN: "The body is too large"}},
		codeMediaType:                {http.StatusUnsupportedMediaType, core.Words{ZH: "不支持此内容类型", EN: "The content type is not supported"}},
		core.CodeAmountMismatch:      {http.StatusUnprocessableEntity, core.Words{ZH: "金额与商品合计不一致", EN: "The amount is not the goods' total"}},
		core.CodeIdempotencyMismatch: {http.StatusUnprocessableEntity, core.Words{ZH: "幂等键已用于另一个请求", EN: "The idempotency key came with another request"}},
		core.CodeRefundExceedsPaid:   {http.StatusUnprocessableEntity, core.Words{ZH: "退款超过可退金额", EN: "The refund exceeds what is left"}},
		core.CodeReturnURL:           {http.StatusUnprocessableEntity, core.Words{ZH: "返回地址未登记", EN: "The return address is not registered"}},
		core.CodeLoginFailed:         {http.StatusUnprocessableEntity, core.Words{ZH: "授权码被拒绝", EN: "The authorisation code was refused"}},
		core.CodeChannelRefused:      {http.StatusUnprocessableEntity, core.Words{ZH: "网关拒绝", EN: "The gateway refused"}},
		core.CodeBuyerBalance:        {http.StatusUnprocessableEntity, core.Words{ZH: "买家余额或额度不足", EN: "The buyer's means do not suffice"}},
		core.CodeBuyerAccount:        {http.StatusUnprocessableEntity, core.Words{ZH: "买家账户不能这样支付", EN: "The buyer's account may not do this"}},
		core.CodeBuyerLimit:          {http.StatusUnprocessableEntity, core.Words{ZH: "金额超出买家限额", EN: "The amount is over the buyer's limit"}},
		core.CodePayerMismatch:       {http.StatusUnprocessableEntity, core.Words{ZH: "付款人与订单买家不符", EN: "The payer is not the buyer of this order"}},
		core.CodeSellerBalance:       {http.StatusUnprocessableEntity, core.Words{ZH: "商家余额不足", EN: "The merchant's balance does not suffice"}},
		core.CodeSellerAccount:       {http.StatusUnprocessableEntity, core.Words{ZH: "商家账户不能这样收款或退款", EN: "The merchant's account may not do this"}},
		core.CodeRiskRefused:         {http.StatusUnprocessableEntity, core.Words{ZH: "网关风控拦截", EN: "The gateway's risk control refused"}},
		core.CodeGoodsRefused:        {http.StatusUnprocessableEntity, core.Words{ZH: "网关不接受这些商品", EN: "The gateway does not take these goods"}},
		core.CodeTextRefused:         {http.StatusUnprocessableEntity, core.Words{ZH: "网关不接受其中的文字", EN: "The gateway does not take a word of this"}},
		core.CodeRequestRefused:      {http.StatusUnprocessableEntity, core.Words{ZH: "网关不接受其中的字段", EN: "The gateway does not take a field of this"}},
		core.CodeTradeState:          {http.StatusUnprocessableEntity, core.Words{ZH: "交易状态不允许此操作", EN: "The trade's state does not permit this"}},
		core.CodeNumberUsed:          {http.StatusUnprocessableEntity, core.Words{ZH: "单号在网关已被占用", EN: "The number is taken at the gateway"}},
		core.CodeRefused:             {http.StatusUnprocessableEntity, core.Words{ZH: "规则不允许", EN: "The rules refuse this"}},
		core.CodeUnknownPlatform:     {http.StatusUnprocessableEntity, core.Words{ZH: "平台未知", EN: "The platform is not known"}},
		core.CodeChannelMissing:      {http.StatusUnprocessableEntity, core.Words{ZH: "没有账户可用于此支付", EN: "No account serves this"}},

		core.CodeGoodsCategoryForbidden:  {http.StatusUnprocessableEntity, core.Words{ZH: "平台禁止这些商品", EN: "The platform forbids these goods"}},
		core.CodeLicenceMissing:          {http.StatusUnprocessableEntity, core.Words{ZH: "缺少资质", EN: "A licence is missing"}},
		core.CodePermissionMissing:       {http.StatusUnprocessableEntity, core.Words{ZH: "缺少权限", EN: "A permission is missing"}},
		core.CodeInstalmentsNotSupported: {http.StatusUnprocessableEntity, core.Words{ZH: "此处不支持分期", EN: "Instalments are not supported here"}},
		core.CodeFeatureOff:              {http.StatusUnprocessableEntity, core.Words{ZH: "功能已被关闭", EN: "The feature is switched off"}},
		core.CodeRuleUnspecified:         {http.StatusUnprocessableEntity, core.Words{ZH: "平台规则未说明", EN: "The platform's rules do not say"}},

		core.CodeTooMany:            {http.StatusConflict, core.Words{ZH: "数量已达上限", EN: "The payment has as many as it may have"}},
		core.CodePageBusy:           {http.StatusTooManyRequests, core.Words{ZH: "页面打开过于频繁", EN: "The page was opened too often"}},
		codeTooManyRequests:         {http.StatusTooManyRequests, core.Words{ZH: "请求过多", EN: "Too many requests"}},
		codeLoop:                    {http.StatusLoopDetected, core.Words{ZH: "通知回到了自己", EN: "A webhook of ours came back"}},
		core.CodeInternal:           {http.StatusInternalServerError, core.Words{ZH: "系统内部错误", EN: "A fault of ours"}},
		core.CodeContended:          {http.StatusServiceUnavailable, core.Words{ZH: "并发过多", EN: "Too many writers at once"}},
		core.CodeUnavailable:        {http.StatusServiceUnavailable, core.Words{ZH: "账本暂时不可用", EN: "The books do not answer"}},
		core.CodeMisconfigured:      {http.StatusServiceUnavailable, core.Words{ZH: "配置有误，网关拒绝我们的调用", EN: "The gateway turns us away until we are mended"}},
		core.CodeThrottled:          {http.StatusServiceUnavailable, core.Words{ZH: "网关限流", EN: "The gateway wants fewer calls"}},
		core.CodeUndecided:          {http.StatusServiceUnavailable, core.Words{ZH: "网关没有给出可确认的结果", EN: "The gateway gave no answer that proves anything"}},
		core.CodeChannelUnavailable: {http.StatusServiceUnavailable, core.Words{ZH: "网关无法连接", EN: "The gateway cannot be reached"}},
	}
}

// problemOf turns any error into a document in one language. What is not ours becomes "internal"
// without a word about the cause: that is logged, with the request id.
func (s *Server) problemOf(err error, l core.Language) Problem {
	var ours *core.Error
	var echos *echo.HTTPError
	switch {
	case errors.As(err, &ours):
	case errors.As(err, &echos):
		ours = &core.Error{Code: codeOfStatus(echos.Code)}
	default:
		ours = &core.Error{Code: core.CodeInternal}
	}
	said := func(message string, words core.Words) string {
		if words.Empty() {
			words = s.speech.say(message)
		}
		return words.In(l)
	}
	p := Problem{
		Code: ours.Code, Detail: said(ours.Message, ours.Said), Field: ours.Field, Refusals: core.Spoken(ours.Refusals, l), PaymentID: ours.PaymentID,
	}
	if ours.Field != "" || len(ours.Mistakes) > 0 {
		for _, m := range core.MistakesOf(ours) {
			p.Errors = append(p.Errors, wrongField{m.Field, m.Code, said(m.Message, m.Said)})
		}
	}
	p.RetryAfterSeconds = ours.RetryAfterSeconds
	if !ours.Gateway.Empty() {
		p.Gateway = &ours.Gateway
	}
	p.BuyerMessage = ours.Buyer.In(l)
	if len(ours.Refusals) > 0 {
		first := ours.Refusals[0]
		p.Code, p.Layer, p.Rule, p.Remedy, p.Detail = first.Code, first.Layer, first.Rule, first.Remedy.In(l), first.Message.In(l)
	}
	k, known := s.kinds[p.Code]
	if len(ours.Refusals) > 0 && !known {
		k, known = s.kinds[core.CodeRefused], true
	}
	if !known || p.Code == core.CodeInternal {
		k, p.Code, p.Detail, p.Field, p.Errors = s.kinds[core.CodeInternal], core.CodeInternal, "", "", nil
	}
	if p.RetryAfterSeconds == 0 && (k.status == http.StatusServiceUnavailable || k.status == http.StatusTooManyRequests || p.Code == core.CodeInProgress) {
		p.RetryAfterSeconds = 1
	}
	p.Status, p.Title, p.Type = k.status, k.title.In(l), s.BaseURL+"/docs#"+string(p.Code)
	return p
}

// codeOfStatus names what Echo itself answers: no route, wrong method.
func codeOfStatus(status int) core.Code {
	switch status {
	case http.StatusNotFound:
		return core.CodeNotFound
	case http.StatusMethodNotAllowed:
		return codeMethodNotAllowed
	case http.StatusRequestEntityTooLarge:
		return codeTooLarge
	default:
		return core.CodeInternal
	}
}

// fail writes the answer to an error: a page to buyers, a problem document to programs.
func (s *Server) fail(err error, c echo.Context) {
	l := core.Chinese
	if !s.isPage(c.Path()) { // pages speak both
		l = speak(c)
	}
	p := s.problemOf(err, l)
	p.RequestID = requestID(c)
	if p.Status >= http.StatusInternalServerError {
		s.Logger.LogAttrs(c.Request().Context(), levelOf(p.Status), "request failed", failureAttrs(c, p, err)...)
	}
	if c.Response().Committed {
		return
	}
	head := c.Response().Header()
	if p.RetryAfterSeconds > 0 {
		head.Set("Retry-After", strconv.Itoa(p.RetryAfterSeconds))
	}
	if p.Status == http.StatusUnauthorized {
		head.Set("WWW-Authenticate", `Bearer realm="paymux", `+SignScheme+` realm="paymux"`)
	}
	if s.isPage(c.Path()) {
		s.renderProblem(c, p)
		return
	}
	body, err := json.Marshal(p)
	if err != nil { // a Problem holds nothing that cannot be marshalled
		body = []byte("{}")
	}
	s.write(c, p.Status, "application/problem+json", body)
}

// write sends exactly these bytes. A client that went away is not our failure, so an error of the
// connection is dropped.
func (s *Server) write(c echo.Context, status int, contentType string, body []byte) {
	_ = c.Blob(status, contentType, body)
}
