package alipay

import (
	"context"
	"net/url"
)

// AccessParams says where the buyer signs: "ALIPAYAPP", "QRCODE" or "QRCODEORSMS".
type AccessParams struct {
	Channel string `json:"channel"`
}

// PeriodRule is when and how much a cycle product may deduct.
type PeriodRule struct {
	PeriodType    string `json:"period_type"` // "DAY" or "MONTH"
	Period        int    `json:"period"`
	ExecuteTime   string `json:"execute_time"` // yyyy-MM-dd, day at most 28 for MONTH
	SingleAmount  Amount `json:"single_amount"`
	TotalAmount   Amount `json:"total_amount,omitzero"`
	TotalPayments int    `json:"total_payments,omitzero"`
}

// AgreementSign is what the buyer agrees to: charges without a password (免密)
// or at fixed times (周期扣款).
type AgreementSign struct {
	// PersonalProductCode: GENERAL_WITHHOLDING_P, CYCLE_PAY_AUTH_P
	PersonalProductCode string `json:"personal_product_code"`
	ProductCode         string `json:"product_code,omitzero"`
	// SignScene: such as "INDUSTRY|CARRENTAL"
	SignScene string `json:"sign_scene,omitzero"`
	// ExternalAgreementNo: ours, at most 32 letters and digits
	ExternalAgreementNo string       `json:"external_agreement_no,omitzero"`
	ExternalLogonID     string       `json:"external_logon_id,omitzero"`
	AccessParams        AccessParams `json:"access_params"`
	PeriodRuleParams    *PeriodRule  `json:"period_rule_params,omitzero"`
	SignValidityPeriod  string       `json:"sign_validity_period,omitzero"` // such as "2m"
	EffectTime          Seconds      `json:"effect_time,omitzero"`
	NotifyURL           string       `json:"-"`
	ReturnURL           string       `json:"-"`
}

// agreement checks what the buyer is asked to agree to; prefix says where in
// the request it stands.
func (l *limits) agreement(prefix string, r *AgreementSign) {
	l.required(prefix+"personal_product_code", r.PersonalProductCode, 64)
	l.optional(prefix+"product_code", r.ProductCode, 64)
	l.optional(prefix+"sign_scene", r.SignScene, 64)
	if r.ExternalAgreementNo != "" {
		l.number(prefix+"external_agreement_no", r.ExternalAgreementNo)
		l.optional(prefix+"external_agreement_no", r.ExternalAgreementNo, 32)
		l.check(r.SignScene != "", prefix+"sign_scene", "must be given with external_agreement_no")
	}
	l.oneOf(prefix+"access_params.channel", r.AccessParams.Channel, "ALIPAYAPP", "QRCODE", "QRCODEORSMS")
	l.check(r.PersonalProductCode != "CYCLE_PAY_AUTH_P" || r.PeriodRuleParams != nil,
		prefix+"period_rule_params", "must be given for CYCLE_PAY_AUTH_P")
	if rule := r.PeriodRuleParams; rule != nil {
		prefix += "period_rule_params."
		l.oneOf(prefix+"period_type", rule.PeriodType, "DAY", "MONTH")
		l.check(rule.Period >= 1, prefix+"period", "must be at least 1")
		l.check(isDate(rule.ExecuteTime), prefix+"execute_time", "must be yyyy-MM-dd")
		l.check(rule.PeriodType != "MONTH" || len(rule.ExecuteTime) < 10 || rule.ExecuteTime[8:] <= "28",
			prefix+"execute_time", "must fall on day 28 at the latest")
		l.amount(prefix+"single_amount", rule.SingleAmount)
	}
}

func (r *AgreementSign) call() (Call, error) {
	var l limits
	l.agreement("", r)
	l.address("notify_url", r.NotifyURL, 256)
	l.address("return_url", r.ReturnURL, 256)
	if err := l.result(); err != nil {
		return Call{}, err
	}
	return Call{Method: MethodAgreementSign, Biz: r, NotifyURL: r.NotifyURL, ReturnURL: r.ReturnURL}, nil
}

// AgreementSignURL signs the agreement page into an address for a browser.
func (a *App) AgreementSignURL(request AgreementSign) (string, error) {
	call, err := request.call()
	if err != nil {
		return "", err
	}
	return a.PageURL(call)
}

// AgreementSignString gives signStr for my.paySignCenter: the order string,
// URL-encoded once more as a whole.
func (a *App) AgreementSignString(request AgreementSign) (string, error) {
	request.ReturnURL = "" // a mini-program has nowhere to return to
	call, err := request.call()
	if err != nil {
		return "", err
	}
	text, err := a.OrderString(call)
	return url.QueryEscape(text), err
}

// AgreementSignLink gives the scheme that opens Alipay's signing page from
// outside Alipay. The mini-app id 60000157 is the signing centre.
func (a *App) AgreementSignLink(request AgreementSign) (string, error) {
	text, err := a.AgreementSignString(request)
	return "alipays://platformapi/startapp?appId=60000157&appClearTop=false&startMultApp=YES&sign_params=" + text, err
}

// AgreementRef names an agreement: by its number, or by buyer, product and scene.
type AgreementRef struct {
	AgreementNo         string `json:"agreement_no,omitzero"` // overrides the rest
	AlipayUserID        string `json:"alipay_user_id,omitzero"`
	AlipayOpenID        string `json:"alipay_open_id,omitzero"`
	PersonalProductCode string `json:"personal_product_code,omitzero"`
	SignScene           string `json:"sign_scene,omitzero"`
	ExternalAgreementNo string `json:"external_agreement_no,omitzero"`
}

func (r *AgreementRef) check() error {
	var l limits
	l.check(r.AgreementNo != "" || (r.PersonalProductCode != "" && (r.AlipayUserID != "" || r.AlipayOpenID != "" || r.ExternalAgreementNo != "")),
		"agreement_no", "give agreement_no, or personal_product_code with the buyer or external_agreement_no")
	l.optional("agreement_no", r.AgreementNo, 64)
	l.pid("alipay_user_id", r.AlipayUserID)
	l.optional("alipay_open_id", r.AlipayOpenID, 128)
	return l.result()
}

// Agreement states.
const (
	AgreementTemp   = "TEMP"   // not signed yet
	AgreementNormal = "NORMAL" // charges are possible
	AgreementStop   = "STOP"   // suspended
)

// AgreementQueryResponse is the agreement as it stands.
type AgreementQueryResponse struct {
	AgreementNo         string `json:"agreement_no"`
	ExternalAgreementNo string `json:"external_agreement_no"`
	Status              string `json:"status"`
	PersonalProductCode string `json:"personal_product_code"`
	SignScene           string `json:"sign_scene"`
	AlipayOpenID        string `json:"alipay_open_id"`
	SignTime            Time   `json:"sign_time"`
	ValidTime           Time   `json:"valid_time"`
	InvalidTime         Time   `json:"invalid_time"`
	NextDeductTime      string `json:"next_deduct_time"` // a date
	LastDeductTime      string `json:"last_deduct_time"`
	SingleQuota         Amount `json:"single_quota"`
}

// AgreementQuery calls alipay.user.agreement.query.
func (a *App) AgreementQuery(ctx context.Context, request AgreementRef) (AgreementQueryResponse, Result) {
	if err := request.check(); err != nil {
		return AgreementQueryResponse{}, invalid(err)
	}
	response, result := fetch[AgreementQueryResponse](ctx, a, Call{Method: MethodAgreementQuery, Biz: &request})
	if result.Class == Done && (response.Status == "" || (request.AgreementNo != "" && response.AgreementNo != request.AgreementNo)) {
		return AgreementQueryResponse{}, result.unknown(ErrAnswerMismatch)
	}
	return response, result
}

// AgreementUnsign calls alipay.user.agreement.unsign. DoneElsewhere means that
// it was ended before.
func (a *App) AgreementUnsign(ctx context.Context, request AgreementRef) Result {
	if err := request.check(); err != nil {
		return invalid(err)
	}
	return a.Do(ctx, Call{Method: MethodAgreementUnsign, Biz: &request}, nil)
}
