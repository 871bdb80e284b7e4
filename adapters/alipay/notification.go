package alipay

import (
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// MaxNotification bounds a pushed message: real ones stay under 4 KiB.
const MaxNotification = 64 << 10

// NotifySuccess is the only answer the gateway takes as received: these seven
// bytes and nothing else. Everything else is tried again for 25 hours.
const NotifySuccess = "success"

// NotifyFailure is a conventional "not received".
const NotifyFailure = "fail"

// notifyTypeTrade is the notify_type of payments and refunds.
const notifyTypeTrade = "trade_status_sync"

// Unverified is a pushed message after the cheap checks and before any
// signature check. It shows only what is needed to find whose keys to use; its
// contents come out of App.VerifyNotification.
type Unverified struct{ fields []field }

// AppID is the application the message claims to speak for.
func (u *Unverified) AppID() string { return u.get("app_id") }

func (u *Unverified) get(name string) string {
	value, _ := find(u.fields, name)
	return value
}

// CheckDelivery refuses what no notification is: another method than POST
// (C26), or parameters in the query beside the body (C22).
func CheckDelivery(method, rawQuery string) error {
	switch {
	case method != http.MethodPost:
		return fmt.Errorf("%w: %.16q", ErrMethodNotAllowed, method)
	case rawQuery != "":
		return ErrQueryNotAllowed
	}
	return nil
}

// ParseNotification does everything that costs no public-key operation: size,
// media type, strict form grammar, fields that every message has (C37).
func ParseNotification(body []byte, contentType string) (*Unverified, error) {
	if len(body) > MaxNotification {
		return nil, fmt.Errorf("%w: over %d bytes", ErrBodyTooLarge, MaxNotification)
	}
	if !isForm(contentType) {
		return nil, fmt.Errorf("%w: %.64q", ErrUnsupportedMedia, contentType)
	}
	fields, err := parseForm(string(body))
	if err != nil {
		return nil, err
	}
	u := &Unverified{fields}
	// The signature first: without one there is nothing to look at (C01).
	if sign := u.get("sign"); sign == "" || sign == "null" {
		return nil, ErrSignatureMissing
	}
	for _, name := range [...]string{"sign_type", "app_id"} {
		if u.get(name) == "" {
			return nil, fmt.Errorf("%w: %s", ErrFieldMissing, name)
		}
	}
	return u, nil
}

// isForm reads the media type; its parameters say nothing that is signed.
func isForm(contentType string) bool {
	media, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(media), "application/x-www-form-urlencoded")
}

// Notification is a verified message, in UTF-8. Amounts and times keep their
// text: the methods read them strictly, so that a verified message with an odd
// amount can still be stored and looked at.
type Notification struct {
	KeyVersion  string // the key version that verified it, for audit
	NotifyID    string
	NotifyType  string // "trade_status_sync" for payments and refunds
	AppID       string
	AuthAppID   string
	SellerID    string // may be empty
	OutTradeNo  string
	TradeNo     string
	OutBizNo    string // a refund's out_request_no
	TradeStatus TradeStatus
	BuyerID     string
	BuyerOpenID string

	fields []field
}

// Get returns any field, known or not, as it was signed.
func (n *Notification) Get(name string) string {
	value, _ := find(n.fields, name)
	return value
}

// Has reports whether the field was sent, even empty.
func (n *Notification) Has(name string) bool {
	_, found := find(n.fields, name)
	return found
}

// Each calls visit for every field in order of name.
func (n *Notification) Each(visit func(name, value string)) {
	for _, f := range n.fields {
		visit(f.name, f.value)
	}
}

// Amount reads an amount field strictly, in fen.
func (n *Notification) Amount(name string) (int64, error) { return YuanToFen(n.Get(name)) }

// TotalFen is total_amount in fen.
func (n *Notification) TotalFen() (int64, error) { return n.Amount("total_amount") }

// RefundFen is the total refunded of the trade in fen; 0 when the message is
// not about a refund, which includes a refund_fee of "0.00".
func (n *Notification) RefundFen() (int64, error) {
	if n.Get("refund_fee") == "" {
		return 0, nil
	}
	return n.Amount("refund_fee")
}

// Time reads a time field; the zero time when it is absent or odd.
func (n *Notification) Time(name string) time.Time {
	parsed, err := ParseTime(n.Get(name))
	if err != nil {
		return time.Time{}
	}
	return parsed
}

// VerifyNotification proves that Alipay sent a payment, refund or agreement
// notification to this app and returns its contents. sign_type is left out of
// the signed text and empty fields stay in, without a second try (C04, C24).
func (a *App) VerifyNotification(u *Unverified) (*Notification, error) {
	if u.get("notify_type") == "" || u.get("notify_id") == "" {
		return nil, fmt.Errorf("%w: notify_type or notify_id", ErrFieldMissing)
	}
	if u.get("notify_type") == notifyTypeTrade {
		for _, name := range [...]string{"out_trade_no", "trade_no", "trade_status", "total_amount"} {
			if u.get(name) == "" {
				return nil, fmt.Errorf("%w: %s", ErrFieldMissing, name)
			}
		}
	}
	return a.verifyFields(u.fields, a.formRule())
}

// formRule is what notifications and page returns sign: everything but
// sign_type, less what the account's switches leave out.
func (a *App) formRule() signRule {
	return signRule{dropSignType: true, dropEmpty: a.config.DropEmptyInNotify, dropCertSN: a.config.DropCertSNInNotify}
}

// verifyFields checks everything about a pushed form that does not depend on
// its kind, the RSA operation last.
func (a *App) verifyFields(fields []field, rule signRule) (*Notification, error) {
	u := Unverified{fields}
	if u.get("app_id") != a.config.AppID {
		return nil, ErrAppMismatch
	}
	if u.get("sign_type") != a.config.SignType {
		return nil, fmt.Errorf("%w: %.16q", ErrSignTypeMismatch, u.get("sign_type"))
	}
	text, err := charsetOf(u.get("charset"))
	if err != nil {
		return nil, err
	}
	decoded, err := text.decode(fields)
	if err != nil {
		return nil, err
	}
	if err := checkUnambiguous(fields, rule); err != nil {
		return nil, err
	}
	serial := ""
	if a.ring.app != nil {
		serial = u.get("alipay_cert_sn")
	}
	// The bytes as sent are what was signed; transcoding is for us alone (C25).
	message := appendCanonical(make([]byte, 0, canonicalSize(fields)), fields, rule)
	version, err := a.ring.verify(message, u.get("sign"), serial, a.config.Now())
	if err != nil {
		return nil, err
	}
	n := &Notification{KeyVersion: version, fields: decoded}
	n.fill()
	return n, nil
}

func (n *Notification) fill() {
	n.NotifyID, n.NotifyType = n.Get("notify_id"), n.Get("notify_type")
	n.AppID, n.AuthAppID = n.Get("app_id"), n.Get("auth_app_id")
	n.SellerID, n.OutTradeNo, n.TradeNo = n.Get("seller_id"), n.Get("out_trade_no"), n.Get("trade_no")
	n.OutBizNo, n.TradeStatus = n.Get("out_biz_no"), TradeStatus(n.Get("trade_status"))
	n.BuyerID, n.BuyerOpenID = n.Get("buyer_id"), n.Get("buyer_open_id")
}

// charset is the encoding of a message's values.
type charset string

func charsetOf(name string) (charset, error) {
	switch strings.ToLower(name) {
	case "", "utf-8", "utf8":
		return "utf-8", nil
	case "gbk", "gb2312", "gb18030":
		return "gb18030", nil // the superset reads all three
	}
	return "", fmt.Errorf("%w: %.16q", ErrUnsupportedCharset, name)
}

// decode gives the fields in UTF-8, or refuses bytes that are not of the charset.
func (c charset) decode(fields []field) ([]field, error) {
	if c == "utf-8" {
		for _, f := range fields {
			if !utf8.ValidString(f.value) || !utf8.ValidString(f.name) {
				return nil, fmt.Errorf("%w: not UTF-8 as the message claims", ErrMalformedForm)
			}
		}
		return fields, nil
	}
	decoder := simplifiedchinese.GB18030.NewDecoder()
	decoded := make([]field, len(fields))
	for i, f := range fields {
		value, err := decoder.String(f.value)
		if err != nil || strings.ContainsRune(value, utf8.RuneError) || !isASCII(f.name) {
			return nil, fmt.Errorf("%w: not %s as the message claims", ErrMalformedForm, c)
		}
		decoded[i] = field{f.name, value}
	}
	return decoded, nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
