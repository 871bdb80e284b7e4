package alipay

import (
	"fmt"
	"net/http"
	"time"
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
type Unverified struct {
	fields []field
	header charset // what the Content-Type says the text is in: a hint
}

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
// strict form grammar, fields that every message has (C37). The content type
// refuses nothing, since Alipay sends some that are none: it is read for a
// charset, in case the form names none itself. Of several, pass all of them,
// joined by commas.
func ParseNotification(body []byte, contentType string) (*Unverified, error) {
	if len(body) > MaxNotification {
		return nil, fmt.Errorf("%w: over %d bytes", ErrBodyTooLarge, MaxNotification)
	}
	fields, err := parseForm(string(body))
	if err != nil {
		return nil, err
	}
	u := &Unverified{fields, charsetOfHeader(contentType)}
	// The signature first: without one there is nothing to look at (C01).
	if sign := u.get("sign"); sign == "" || sign == "null" {
		return nil, ErrSignatureMissing
	}
	if err := checkOldMessage(u); err != nil {
		return nil, err
	}
	for _, name := range [...]string{"sign_type", "app_id"} {
		if u.get(name) == "" {
			return nil, fmt.Errorf("%w: %s", ErrFieldMissing, name)
		}
	}
	return u, nil
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
	// Oddities names the fields that lost a character, since they were not wholly text, or could
	// not be read: none that decides.
	Oddities []string

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

// Amount reads an amount field strictly, in fen. An amount that is absent is an
// error; so is the text "null", which is how some senders write an absent one.
func (n *Notification) Amount(name string) (int64, error) { return YuanToFen(n.Get(name)) }

// HasAmount reports whether an amount was sent: not absent, not empty, and not
// the text "null".
func (n *Notification) HasAmount(name string) bool { return n.sent(name) != "" }

// sent returns a field that may be absent. The text "null" is how some senders
// write that it is: no payee, no buyer and no refund has that for a number.
func (n *Notification) sent(name string) string {
	if value := n.Get(name); value != "null" {
		return value
	}
	return ""
}

// TotalFen is total_amount in fen.
func (n *Notification) TotalFen() (int64, error) { return n.Amount("total_amount") }

// RefundFen is the total refunded of the trade in fen; 0 when the message is
// not about a refund, which includes a refund_fee of "0.00".
func (n *Notification) RefundFen() (int64, error) {
	if !n.HasAmount("refund_fee") {
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
			if value := u.get(name); value == "" || (name == "total_amount" && value == "null") {
				return nil, fmt.Errorf("%w: %s", ErrFieldMissing, name)
			}
		}
	}
	n, err := a.verifyFields(u, a.formRule())
	if err != nil {
		return nil, err
	}
	n.findOddities()
	a.noteOddities("notification", n.Oddities)
	return n, nil
}

// findOddities names what is read of a notification, decides nothing, and
// cannot be read.
func (n *Notification) findOddities() {
	if n.HasAmount("receipt_amount") {
		if _, err := n.Amount("receipt_amount"); err != nil {
			n.Oddities = append(n.Oddities, "receipt_amount")
		}
	}
	for _, name := range [...]string{"gmt_payment", "gmt_refund", "gmt_close"} {
		if n.sent(name) != "" && n.Time(name).IsZero() {
			n.Oddities = append(n.Oddities, name)
		}
	}
}

// formRule is what notifications and page returns sign: everything but
// sign_type, less what the account's switches leave out.
func (a *App) formRule() signRule {
	return signRule{dropSignType: true, dropEmpty: a.config.DropEmptyInNotify, dropCertSN: a.config.DropCertSNInNotify}
}

// verifyFields checks everything about a pushed form that does not depend on
// its kind, the RSA operation last.
func (a *App) verifyFields(u *Unverified, rule signRule) (*Notification, error) {
	if u.get("app_id") != a.config.AppID {
		return nil, ErrAppMismatch
	}
	if u.get("sign_type") != a.config.SignType {
		return nil, fmt.Errorf("%w: %.16q", ErrSignTypeMismatch, u.get("sign_type"))
	}
	if err := checkUnambiguous(u.fields, rule); err != nil {
		return nil, err
	}
	serial := ""
	if a.ring.app != nil {
		serial = u.get("alipay_cert_sn")
	}
	// The bytes as sent are what was signed; transcoding is for us alone (C25).
	message := appendCanonical(make([]byte, 0, canonicalSize(u.fields)), u.fields, rule)
	version, err := a.ring.verify(message, u.get("sign"), serial, a.config.Now())
	if err != nil {
		return nil, err
	}
	n := &Notification{KeyVersion: version}
	n.fields, n.Oddities = decodeFields(u.fields, readings(charsetNamed(u.get("charset")), u.header))
	n.fill()
	return n, nil
}

func (n *Notification) fill() {
	n.NotifyID, n.NotifyType = n.Get("notify_id"), n.Get("notify_type")
	n.AppID, n.AuthAppID = n.Get("app_id"), n.sent("auth_app_id")
	n.SellerID, n.OutTradeNo, n.TradeNo = n.sent("seller_id"), n.Get("out_trade_no"), n.Get("trade_no")
	n.OutBizNo, n.TradeStatus = n.sent("out_biz_no"), TradeStatus(n.Get("trade_status"))
	n.BuyerID, n.BuyerOpenID = n.sent("buyer_id"), n.sent("buyer_open_id")
}
