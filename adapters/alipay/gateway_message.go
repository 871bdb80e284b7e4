package alipay

import (
	"fmt"
	"strconv"
	"time"
)

// Messages of the application gateway (应用网关).
const (
	MessageComplaintChanged = "alipay.merchant.tradecomplain.changed"
	MessageDepositBack      = "alipay.trade.refund.depositback.completed"
)

// GatewayMessage is a verified message of the application gateway: everything
// Alipay pushes that is not about a payment's own notify_url.
type GatewayMessage struct {
	KeyVersion string
	NotifyID   string
	Method     string    // msg_method, or the notify_type of the older format
	SentAt     time.Time // utc_timestamp, or notify_time
	// BizContent: JSON text, decrypted; empty in the older format, which has fields of its own
	BizContent string

	// Oddities names the fields that lost a character or could not be read: none that decides.
	Oddities []string

	fields []field
	note   func(source string, names []string)
}

// Get returns any field of the form, as it was signed.
func (m *GatewayMessage) Get(name string) string {
	value, _ := find(m.fields, name)
	return value
}

// VerifyGatewayMessage proves that Alipay sent a message to this app's
// application gateway. Whether sign_type is part of the signed text of these
// messages is not documented, and both forms have been seen: the form with it
// is tried first, the form without it second.
func (a *App) VerifyGatewayMessage(u *Unverified) (*GatewayMessage, error) {
	method, needed := u.get("msg_method"), []string{"msg_method", "notify_id", "biz_content"}
	// The older format says what it is by notify_type. A payment's notification does too, and is
	// never taken here: it would be answered "success" and booked by nobody.
	if kind := u.get("notify_type"); method == "" && kind != "" && kind != notifyTypeTrade {
		method, needed = kind, []string{"notify_id"}
	}
	for _, name := range needed {
		if u.get(name) == "" {
			return nil, fmt.Errorf("%w: %s", ErrFieldMissing, name)
		}
	}
	without := a.formRule()
	with := without
	with.dropSignType = false
	n, err := a.verifyFields(u, with)
	if err != nil && RefusalCode(err) == string(ErrSignatureMismatch) {
		n, err = a.verifyFields(u, without)
	}
	if err != nil {
		return nil, err
	}
	message := &GatewayMessage{
		KeyVersion: n.KeyVersion, NotifyID: n.NotifyID, Method: method, SentAt: n.Time("notify_time"),
		BizContent: n.Get("biz_content"), fields: n.fields, Oddities: n.Oddities, note: a.noteOddities,
	}
	a.noteOddities("message", n.Oddities)
	if millis, err := strconv.ParseInt(n.Get("utc_timestamp"), 10, 64); err == nil {
		message.SentAt = time.UnixMilli(millis).UTC()
	}
	if n.Get("encrypt_type") == "AES" && message.BizContent != "" {
		if a.ring.aes == nil {
			return nil, fmt.Errorf("%w: no AES key is configured", ErrDecryptionFailed)
		}
		plain, err := a.ring.aes.decrypt(message.BizContent)
		if err != nil {
			return nil, err
		}
		message.BizContent, _ = decodeText(string(plain), readings(charsetNamed(n.Get("charset"))))
	}
	return message, nil
}

// Decode reads the content into target, a pointer to a struct; unknown members
// are ignored. A field that decides is read strictly; another that cannot be
// read stays empty, and its name is added to Oddities.
func (m *GatewayMessage) Decode(target any) error {
	list, err := readMembers([]byte(m.BizContent))
	if err == nil {
		var odd []string
		odd, err = list.decode(target)
		m.note("message", odd)
		m.Oddities = append(m.Oddities, odd...)
	}
	if err != nil {
		return fmt.Errorf("%w: biz_content of %.64q", err, m.Method)
	}
	return nil
}

// ComplaintChanged is the content of MessageComplaintChanged: ask ComplaintQuery.
type ComplaintChanged struct {
	ComplainEventID string `json:"complain_event_id"`
}

// DepositBackFailed is the dback_status of a refund that the buyer's bank did not take.
const DepositBackFailed = "F"

// DepositBackCompleted is the content of MessageDepositBack: a refund to a bank
// card has arrived (S) or failed (F).
type DepositBackCompleted struct {
	TradeNo      string `json:"trade_no"`
	OutTradeNo   string `json:"out_trade_no"`
	OutRequestNo string `json:"out_request_no"`
	Status       string `json:"dback_status"`
	Amount       Amount `json:"dback_amount"`
	BankAckTime  Time   `json:"bank_ack_time"`
}
