package core

import (
	"encoding/json"
	"strings"
	"time"
)

// shanghai is the zone of every time that people and merchants read: fixed +08:00, without daylight
// saving since 1991.
func shanghai() *time.Location { return time.FixedZone("CST", 8*3600) }

// Stamp prints a time for the API, RFC 3339 with +08:00 and milliseconds; "" for no time.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(shanghai()).Format("2006-01-02T15:04:05.000Z07:00")
}

// BusinessDay returns the Shanghai calendar day of t, yyyy-mm-dd: the one place where a day begins
// (D10).
func BusinessDay(t time.Time) string { return t.In(shanghai()).Format("2006-01-02") }

// PaymentView is a payment as merchants see it: in answers of the API and in events, with the same
// names. It holds nothing of the buyer.
type PaymentView struct {
	ID              string            `json:"id"`
	MerchantID      string            `json:"merchant_id,omitempty"` // in lists over all merchants
	Status          PaymentStatus     `json:"status"`
	Settling        bool              `json:"settling"`
	NextCheckAt     string            `json:"next_check_at,omitempty"`
	MerchantOrderNo string            `json:"merchant_order_no"`
	Environment     Environment       `json:"environment"`
	Platform        PlatformID        `json:"platform"`
	Channel         ChannelID         `json:"channel,omitempty"`
	AmountFen       Fen               `json:"amount_fen"`
	Currency        string            `json:"currency"`
	Subject         string            `json:"subject"`
	Goods           []Line            `json:"goods"`
	Metadata        map[string]string `json:"metadata,omitempty"`
	// Action: what the client does next; null when there is nothing to do, or nothing yet
	Action        *Action       `json:"action"`
	PaidFen       Fen           `json:"paid_fen"`
	RefundedFen   Fen           `json:"refunded_fen"`
	RefundableFen Fen           `json:"refundable_fen"`
	LatePayment   *LateView     `json:"late_payment,omitempty"`
	Attention     []string      `json:"attention,omitempty"` // why a person must look
	CloseReason   string        `json:"close_reason,omitempty"`
	Attempts      []AttemptView `json:"attempts"`
	Refunds       []RefundView  `json:"refunds"`
	Warnings      []Warning     `json:"warnings,omitempty"`
	CreatedAt     string        `json:"created_at"`
	ExpiresAt     string        `json:"expires_at"`
	PaidAt        string        `json:"paid_at,omitempty"`
	ClosedAt      string        `json:"closed_at,omitempty"`
}

// LateView tells of money that came after the close.
type LateView struct {
	AmountFen Fen    `json:"amount_fen"`
	RefundID  string `json:"refund_id,omitempty"`
}

// AttemptView is one attempt.
type AttemptView struct {
	ID         string       `json:"id"`
	Platform   PlatformID   `json:"platform"`
	Channel    ChannelID    `json:"channel"`
	Account    string       `json:"account"`
	OutTradeNo string       `json:"out_trade_no"`
	TradeNo    string       `json:"trade_no,omitempty"`
	State      AttemptState `json:"state"`
	Settling   bool         `json:"settling"`
	Reason     string       `json:"reason,omitempty"`
	// Fault is the class of what the gateway refused last, and Gateway its words: what is settling
	// waits for it to be mended, what is closed ended by it.
	Fault     Code          `json:"fault,omitempty"`
	Gateway   *GatewayWords `json:"gateway,omitempty"`
	CreatedAt string        `json:"created_at"`
	OpenedAt  string        `json:"opened_at,omitempty"`
}

// RefundView is a refund as merchants see it.
type RefundView struct {
	ID               string       `json:"id"`
	MerchantID       string       `json:"merchant_id,omitempty"` // in lists over all merchants
	PaymentID        string       `json:"payment_id"`
	MerchantRefundNo string       `json:"merchant_refund_no,omitempty"`
	Origin           RefundOrigin `json:"origin"`
	Status           RefundStatus `json:"status"`
	Settling         bool         `json:"settling"`
	NextCheckAt      string       `json:"next_check_at,omitempty"`
	AmountFen        Fen          `json:"amount_fen"`
	ActualFen        Fen          `json:"actual_fen"`
	Reason           string       `json:"reason,omitempty"`
	FailCode         string       `json:"fail_code,omitempty"`
	ReturnedFen      Fen          `json:"returned_fen,omitempty"` // what the buyer's bank sent back
	ReturnedAt       string       `json:"returned_at,omitempty"`
	HandledAt        string       `json:"handled_at,omitempty"` // when a person had seen to that
	HandledBy        string       `json:"handled_by,omitempty"`
	HandledWhy       string       `json:"handled_why,omitempty"`
	// Fault and Gateway are those of an attempt.
	Fault        Code          `json:"fault,omitempty"`
	Gateway      *GatewayWords `json:"gateway,omitempty"`
	OutRequestNo string        `json:"out_request_no"`
	Asker        string        `json:"asked_by,omitempty"`
	Approver     string        `json:"approved_by,omitempty"`
	CreatedAt    string        `json:"created_at"`
	EndedAt      string        `json:"ended_at,omitempty"`
}

// EventView is an event as merchants receive it: the webhook's body.
type EventView struct {
	ID        string       `json:"id"`
	Type      EventType    `json:"type"`
	Sequence  int64        `json:"sequence"`
	CreatedAt string       `json:"created_at"`
	Payment   PaymentView  `json:"payment"`
	Refund    *RefundView  `json:"refund,omitempty"`
	Attempt   *AttemptView `json:"attempt,omitempty"`
}

// ViewOf renders an order. Answer and events are rendered by this one function, so they can never
// disagree.
func ViewOf(o *Order) PaymentView {
	p := o.Payment
	v := PaymentView{
		ID: p.ID, Status: p.Status, Settling: p.Settling, MerchantOrderNo: p.MerchantOrderNo, Environment: p.Environment,
		Platform: p.Platform, AmountFen: p.AmountFen, Currency: p.Currency, Subject: p.Subject, Goods: p.Lines, Metadata: p.Metadata,
		PaidFen: p.PaidFen, RefundedFen: p.RefundedFen, RefundableFen: p.Refundable(), CloseReason: p.CloseReason,
		Attempts: []AttemptView{}, Refunds: []RefundView{},
		CreatedAt: Stamp(p.CreatedAt), ExpiresAt: Stamp(p.ExpiresAt), PaidAt: Stamp(p.PaidAt), ClosedAt: Stamp(p.ClosedAt),
	}
	if p.Attention != "" {
		v.Attention = strings.Split(p.Attention, ",")
	}
	if p.LateFen > 0 {
		v.LatePayment = &LateView{AmountFen: p.LateFen, RefundID: p.LateRefundID}
	}
	var next time.Time
	for i := range o.Attempts {
		a := &o.Attempts[i]
		v.Attempts = append(v.Attempts, attemptView(a))
		if a.Settling {
			next = earliest(next, a.NextAt)
		}
		if a.ID == p.ActiveAttempt || a.ID == p.PaidAttempt {
			v.Channel = a.Channel
		}
		if a.ID == p.ActiveAttempt && a.Live() && !a.Action.Empty() {
			action := a.Action
			v.Action = &action
		}
	}
	for i := range o.Refunds {
		v.Refunds = append(v.Refunds, RefundViewOf(&o.Refunds[i]))
		if o.Refunds[i].Settling {
			next = earliest(next, o.Refunds[i].NextAt)
		}
	}
	v.NextCheckAt = Stamp(next)
	return v
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func attemptView(a *Attempt) AttemptView {
	return AttemptView{
		ID: a.ID, Platform: a.Platform, Channel: a.Channel, Account: a.Account, OutTradeNo: a.OutTradeNo, TradeNo: a.TradeNo, State: a.State,
		Settling: a.Settling, Reason: a.Reason, Fault: a.Fault, Gateway: a.Said.view(), CreatedAt: Stamp(a.CreatedAt), OpenedAt: Stamp(a.OpenedAt),
	}
}

// RefundViewOf renders a refund.
func RefundViewOf(r *Refund) RefundView {
	v := RefundView{
		ID: r.ID, PaymentID: r.PaymentID, MerchantRefundNo: r.MerchantRefundNo, Origin: r.Origin, Status: r.Status, Settling: r.Settling,
		AmountFen: r.AmountFen, ActualFen: r.ActualFen, Reason: firstText(r.ReasonGiven, r.Reason), FailCode: pick(r.Status == RefundFailed, r.FailCode, ""), OutRequestNo: r.OutRequestNo, Asker: r.Asker,
		Fault: r.Fault, Gateway: r.Said.view(), Approver: r.Approver, ReturnedFen: r.ReturnedFen, ReturnedAt: Stamp(r.ReturnedAt),
		HandledAt: Stamp(r.HandledAt), HandledBy: r.HandledBy, HandledWhy: r.HandledWhy,
		CreatedAt: Stamp(r.CreatedAt), EndedAt: Stamp(r.EndedAt),
	}
	if r.Settling {
		v.NextCheckAt = Stamp(r.NextAt)
	}
	return v
}

// render marshals a view; the views hold nothing that cannot be marshalled.
func render(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("core: a view cannot be rendered: " + err.Error())
	}
	return b
}
