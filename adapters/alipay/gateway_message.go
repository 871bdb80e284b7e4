package alipay

import (
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
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
	Method     string    // msg_method
	SentAt     time.Time // utc_timestamp
	BizContent string    // JSON text, decrypted
}

// VerifyGatewayMessage proves that Alipay sent a message to this app's
// application gateway. Whether sign_type is part of the signed text of these
// messages is not documented, and both forms have been seen: the form with it
// is tried first, the form without it second.
func (a *App) VerifyGatewayMessage(u *Unverified) (*GatewayMessage, error) {
	for _, name := range [...]string{"msg_method", "notify_id", "biz_content"} {
		if u.get(name) == "" {
			return nil, fmt.Errorf("%w: %s", ErrFieldMissing, name)
		}
	}
	n, err := a.verifyFields(u.fields, signRule{})
	if err != nil && RefusalCode(err) == string(ErrSignatureMismatch) {
		n, err = a.verifyFields(u.fields, signRule{dropSignType: true})
	}
	if err != nil {
		return nil, err
	}
	message := &GatewayMessage{KeyVersion: n.KeyVersion, NotifyID: n.NotifyID, Method: n.Get("msg_method"), BizContent: n.Get("biz_content")}
	if millis, err := strconv.ParseInt(n.Get("utc_timestamp"), 10, 64); err == nil {
		message.SentAt = time.UnixMilli(millis).UTC()
	}
	if n.Get("encrypt_type") == "AES" {
		if a.ring.aes == nil {
			return nil, fmt.Errorf("%w: no AES key is configured", ErrDecryptionFailed)
		}
		plain, err := a.ring.aes.decrypt(message.BizContent)
		if err != nil {
			return nil, err
		}
		message.BizContent = string(plain)
	}
	return message, nil
}

// Decode reads the content into target; unknown members are ignored.
func (m *GatewayMessage) Decode(target any) error {
	if err := json.Unmarshal([]byte(m.BizContent), target); err != nil {
		return fmt.Errorf("%w: biz_content of %.64q", ErrMalformedResponse, m.Method)
	}
	return nil
}

// ComplaintChanged is the content of MessageComplaintChanged: ask ComplaintQuery.
type ComplaintChanged struct {
	ComplainEventID string `json:"complain_event_id"`
}

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
