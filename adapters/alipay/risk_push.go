package alipay

import (
	"fmt"
	"strings"
)

// Services of the older risk push (RiskGO). It knows no app_id: the merchant's
// PID addresses it. Known from secondary sources only.
const (
	RiskServiceEnd  = "alipay.adatabus.risk.end.push"
	RiskServicePush = "alipay.riskgo.risk.push"
)

// RiskPush is a verified risk warning about a merchant's trades.
type RiskPush struct {
	KeyVersion  string
	Service     string
	PID         string
	MerchantID  string   // smid or merchantId, for second-level merchants
	TradeNos    []string // the trades it is about
	RiskType    string
	RiskLevel   string
	Description string
	ComplainAt  string // as sent
	Complaint   string
	ExternalID  string
}

// VerifyRiskPush proves that a risk push came from Alipay and is for this
// app's seller. It is written in GBK, and says so in the form, in the header or
// nowhere; the content type is a hint here as in ParseNotification.
func (a *App) VerifyRiskPush(body []byte, contentType string) (RiskPush, error) {
	if len(body) > MaxNotification {
		return RiskPush{}, fmt.Errorf("%w: over %d bytes", ErrBodyTooLarge, MaxNotification)
	}
	fields, err := parseForm(string(body))
	if err != nil {
		return RiskPush{}, err
	}
	u := Unverified{fields: fields}
	if u.get("sign") == "" {
		return RiskPush{}, ErrSignatureMissing
	}
	if service := u.get("service"); service != RiskServiceEnd && service != RiskServicePush {
		return RiskPush{}, fmt.Errorf("%w: service", ErrFieldMissing)
	}
	if u.get("pid") == "" || u.get("pid") != a.config.SellerID {
		return RiskPush{}, ErrAppMismatch
	}
	if u.get("sign_type") != a.config.SignType {
		return RiskPush{}, fmt.Errorf("%w: %.16q", ErrSignTypeMismatch, u.get("sign_type"))
	}
	rule := signRule{dropSignType: true}
	if err := checkUnambiguous(fields, rule); err != nil {
		return RiskPush{}, err
	}
	message := appendCanonical(make([]byte, 0, canonicalSize(fields)), fields, rule)
	version, err := a.ring.verify(message, u.get("sign"), "", a.config.Now())
	if err != nil {
		return RiskPush{}, err
	}
	declared := charsetNamed(firstNonEmpty(u.get("charset"), u.get("_input_charset")))
	decoded, _ := decodeFields(fields, readings(declared, charsetOfHeader(contentType)))
	read := Unverified{fields: decoded}
	return RiskPush{
		KeyVersion: version, Service: read.get("service"), PID: read.get("pid"),
		MerchantID: firstNonEmpty(read.get("smid"), read.get("merchantId")),
		TradeNos:   strings.FieldsFunc(read.get("tradeNos"), func(r rune) bool { return r == ',' || r == ' ' }),
		RiskType:   read.get("risktype"), RiskLevel: read.get("risklevel"), Description: read.get("riskDesc"),
		ComplainAt: read.get("complainTime"), Complaint: read.get("complainText"), ExternalID: read.get("externalId"),
	}, nil
}

func firstNonEmpty(candidates ...string) string {
	for _, candidate := range candidates {
		if candidate != "" {
			return candidate
		}
	}
	return ""
}
