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
	codeRateLimited      core.Code = "rate_limited"
	codeLoop             core.Code = "loop_detected"
)

// Problem is an RFC 9457 document. Code is stable; title and detail are for people.
type Problem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail,omitempty"`
	Code      core.Code      `json:"code"`
	Field     string         `json:"field,omitempty"`
	Errors    []wrongField   `json:"errors,omitempty"` // all that is wrong with the request; field, code and detail are the first's
	Layer     core.Layer     `json:"layer,omitempty"`
	Rule      string         `json:"rule,omitempty"`
	Remedy    string         `json:"remedy,omitempty"`
	Refusals  []core.Refusal `json:"refusals,omitempty"`
	PaymentID string         `json:"payment_id,omitempty"`
	RequestID string         `json:"request_id"`
	// Gateway is what the gateway said, and BuyerMessage what the shop may show to its buyer; with refusals of the gateway only.
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
	title  string
}

// kinds maps every code to its status and title: the one place where they meet.
func kinds() map[core.Code]kind {
	return map[core.Code]kind{
		core.CodeInvalid:             {http.StatusBadRequest, "The request is not valid"},
		codeUnauthenticated:          {http.StatusUnauthorized, "The request proves no key"},
		codeSignatureVersion:         {http.StatusUnauthorized, "The signature is of an older version"},
		core.CodeReplayedNonce:       {http.StatusUnauthorized, "The signed request was used before"},
		core.CodeForbidden:           {http.StatusForbidden, "The key may not do this"},
		core.CodeSameActor:           {http.StatusForbidden, "Who asked may not approve"},
		core.CodeOverLimit:           {http.StatusForbidden, "One person may not decide about so much"},
		core.CodeNotFound:            {http.StatusNotFound, "There is no such object"},
		core.CodeNotConfigured:       {http.StatusNotFound, "There is no such gateway or account"},
		codeMethodNotAllowed:         {http.StatusMethodNotAllowed, "The method is not allowed here"},
		core.CodeOrderExists:         {http.StatusConflict, "The order number was used for another order"},
		core.CodeInProgress:          {http.StatusConflict, "The same request is being worked on"},
		core.CodeAttemptInFlight:     {http.StatusConflict, "An older attempt can still be paid"},
		core.CodeAlreadyPaid:         {http.StatusConflict, "The payment is paid"},
		core.CodePaymentClosed:       {http.StatusConflict, "The payment is closed"},
		core.CodePaymentExpired:      {http.StatusConflict, "The payment has expired"},
		core.CodeNotRefundable:       {http.StatusConflict, "The payment cannot be refunded"},
		core.CodeNotPending:          {http.StatusConflict, "The refund waits for no approval"},
		core.CodeWrongState:          {http.StatusConflict, "The state does not permit this"},
		codeTooLarge:                 {http.StatusRequestEntityTooLarge, "The body is too large"},
		codeMediaType:                {http.StatusUnsupportedMediaType, "The content type is not supported"},
		core.CodeAmountMismatch:      {http.StatusUnprocessableEntity, "The amount is not the goods' total"},
		core.CodeIdempotencyMismatch: {http.StatusUnprocessableEntity, "The idempotency key came with another request"},
		core.CodeRefundExceedsPaid:   {http.StatusUnprocessableEntity, "The refund exceeds what is left"},
		core.CodeReturnURL:           {http.StatusUnprocessableEntity, "The return address is not registered"},
		core.CodeLoginFailed:         {http.StatusUnprocessableEntity, "The authorisation code was refused"},
		core.CodeChannelRefused:      {http.StatusUnprocessableEntity, "The gateway refused"},
		core.CodeBuyerBalance:        {http.StatusUnprocessableEntity, "The buyer's means do not suffice"},
		core.CodeBuyerAccount:        {http.StatusUnprocessableEntity, "The buyer's account may not do this"},
		core.CodeBuyerLimit:          {http.StatusUnprocessableEntity, "The amount is over the buyer's limit"},
		core.CodePayerMismatch:       {http.StatusUnprocessableEntity, "The payer is not the buyer of this order"},
		core.CodeSellerBalance:       {http.StatusUnprocessableEntity, "The merchant's balance does not suffice"},
		core.CodeSellerAccount:       {http.StatusUnprocessableEntity, "The merchant's account may not do this"},
		core.CodeRiskRefused:         {http.StatusUnprocessableEntity, "The gateway's risk control refused"},
		core.CodeGoodsRefused:        {http.StatusUnprocessableEntity, "The gateway does not take these goods"},
		core.CodeTextRefused:         {http.StatusUnprocessableEntity, "The gateway does not take a word of this"},
		core.CodeRequestRefused:      {http.StatusUnprocessableEntity, "The gateway does not take a field of this"},
		core.CodeTradeState:          {http.StatusUnprocessableEntity, "The trade's state does not permit this"},
		core.CodeNumberUsed:          {http.StatusUnprocessableEntity, "The number is taken at the gateway"},
		core.CodeRefused:             {http.StatusUnprocessableEntity, "The rules refuse this"},
		core.CodeUnknownPlatform:     {http.StatusUnprocessableEntity, "The platform is not known"},
		core.CodeChannelMissing:      {http.StatusUnprocessableEntity, "No account serves this"},

		core.CodeGoodsCategoryForbidden:  {http.StatusUnprocessableEntity, "The platform forbids these goods"},
		core.CodeLicenceMissing:          {http.StatusUnprocessableEntity, "A licence is missing"},
		core.CodePermissionMissing:       {http.StatusUnprocessableEntity, "A permission is missing"},
		core.CodeInstalmentsNotSupported: {http.StatusUnprocessableEntity, "Instalments are not supported here"},
		core.CodeFeatureOff:              {http.StatusUnprocessableEntity, "The feature is switched off"},
		core.CodeRuleUnspecified:         {http.StatusUnprocessableEntity, "The platform's rules do not say"},

		core.CodeTooMany:            {http.StatusConflict, "The payment has as many as it may have"},
		core.CodePageBusy:           {http.StatusTooManyRequests, "The page was opened too often"},
		codeRateLimited:             {http.StatusTooManyRequests, "Too many requests"},
		codeLoop:                    {http.StatusLoopDetected, "A webhook of ours came back"},
		core.CodeInternal:           {http.StatusInternalServerError, "A fault of ours"},
		core.CodeContended:          {http.StatusServiceUnavailable, "Too many writers at once"},
		core.CodeUnavailable:        {http.StatusServiceUnavailable, "The books do not answer"},
		core.CodeMisconfigured:      {http.StatusServiceUnavailable, "The gateway turns us away until we are mended"},
		core.CodeThrottled:          {http.StatusServiceUnavailable, "The gateway wants fewer calls"},
		core.CodeUndecided:          {http.StatusServiceUnavailable, "The gateway gave no answer that proves anything"},
		core.CodeChannelUnavailable: {http.StatusServiceUnavailable, "The gateway cannot be reached"},
	}
}

// problemOf turns any error into a document. What is not ours becomes "internal" without a word about the cause: that is logged, with the request id.
func (s *Server) problemOf(err error) Problem {
	var ours *core.Error
	var echos *echo.HTTPError
	switch {
	case errors.As(err, &ours):
	case errors.As(err, &echos):
		ours = &core.Error{Code: codeOfStatus(echos.Code)}
	default:
		ours = &core.Error{Code: core.CodeInternal}
	}
	p := Problem{Code: ours.Code, Detail: ours.Message, Field: ours.Field, Refusals: ours.Refusals, PaymentID: ours.PaymentID}
	if ours.Field != "" || len(ours.Mistakes) > 0 {
		for _, m := range core.MistakesOf(ours) {
			p.Errors = append(p.Errors, wrongField(m))
		}
	}
	p.RetryAfterSeconds = ours.RetryAfterSeconds
	if !ours.Gateway.Empty() {
		p.Gateway = &ours.Gateway
	}
	p.BuyerMessage = ours.Buyer.In(core.Chinese)
	if len(ours.Refusals) > 0 {
		first := ours.Refusals[0]
		p.Code, p.Layer, p.Rule, p.Remedy, p.Detail = first.Code, first.Layer, first.Rule, first.Remedy, first.Message
	}
	k, known := s.kinds[p.Code]
	if len(ours.Refusals) > 0 && !known {
		k, known = s.kinds[core.CodeRefused], true
	}
	if !known || p.Code == core.CodeInternal {
		k, p.Code, p.Detail, p.Field = s.kinds[core.CodeInternal], core.CodeInternal, "", ""
	}
	if p.RetryAfterSeconds == 0 && (k.status == http.StatusServiceUnavailable || k.status == http.StatusTooManyRequests || p.Code == core.CodeInProgress) {
		p.RetryAfterSeconds = 1
	}
	p.Status, p.Title, p.Type = k.status, k.title, s.BaseURL+"/docs#"+string(p.Code)
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
	p := s.problemOf(err)
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

// write sends exactly these bytes. A client that went away is not our failure, so an error of the connection is dropped.
func (s *Server) write(c echo.Context, status int, contentType string, body []byte) {
	_ = c.Blob(status, contentType, body)
}
