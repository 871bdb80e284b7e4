package web

import (
	"context"
	"time"

	"github.com/paymux/paymux/core"
)

// Cashier is the use cases that the server calls. *core.Cashier is the one that takes money; tests
// plant others.
type Cashier interface {
	Checkout(context.Context, core.Caller, core.CheckoutRequest) (core.Answered, error)
	NextAttempt(context.Context, core.Caller, core.AttemptRequest) (core.Answered, error)
	Payment(ctx context.Context, merchantID, id string) (core.PaymentView, error)
	Payments(context.Context, core.PaymentQuery) ([]core.PaymentView, error)
	// MerchantOf tells whose object an id names; Note writes down that somebody looked.
	MerchantOf(ctx context.Context, id string) (string, error)
	Note(ctx context.Context, caller core.Caller, action, object, detail string) error
	Messages(ctx context.Context, merchantID string, q core.MessageQuery) ([]core.MessageView, error)
	Audits(context.Context, core.AuditQuery) ([]core.AuditView, error)
	Dismiss(ctx context.Context, caller core.Caller, messageID, reason string) (core.MessageView, error)
	Reapply(ctx context.Context, caller core.Caller, messageID string) (core.MessageView, error)
	Timeline(ctx context.Context, merchantID, paymentID string) (core.Found, error)
	PaymentsOfBuyer(context.Context, core.Caller, core.BuyerAsk) ([]core.PaymentView, error)
	Close(ctx context.Context, caller core.Caller, paymentID string) (core.CloseOutcome, error)
	Sync(ctx context.Context, caller core.Caller, paymentID string) (core.PaymentView, error)
	Refund(context.Context, core.Caller, core.RefundAsk) (core.Answered, error)
	RefundLate(context.Context, core.Caller, core.LateAsk) (core.Answered, error)
	AcceptLate(context.Context, core.Caller, core.LateAsk) (core.Answered, error)
	Refunds(context.Context, core.RefundQuery) ([]core.RefundView, error)
	RefundView(ctx context.Context, merchantID, refundID string) (core.RefundView, error)
	Approve(ctx context.Context, caller core.Caller, refundID string) (core.RefundView, error)
	Reject(ctx context.Context, caller core.Caller, refundID, reason string) (core.RefundView, error)
	HandleReturned(ctx context.Context, caller core.Caller, refundID, reason string) (core.RefundView, error)
	Login(context.Context, core.Caller, core.LoginAsk) (core.Payer, error)
	// Mistakes tells all that is wrong with a request's shape, before anything else is done about
	// it.
	Mistakes(merchantID string, r core.Request) error
	Offers(merchantID string) ([]core.Offer, error)
	Accounts(merchantID string) []core.Account
	Check(merchantID string, ask core.CheckoutRequest) (core.Decision, error)
	EventPage(context.Context, core.EventQuery) ([]core.Event, error)
	Deliveries(context.Context, core.DeliveryQuery) ([]core.DeliveryView, error)
	Replay(ctx context.Context, caller core.Caller, deliveryID string) (core.DeliveryView, error)
	ReplayEvent(ctx context.Context, caller core.Caller, eventID, endpointID string) (core.DeliveryView, error)
	ReplayRange(context.Context, core.Caller, core.RangeAsk) (core.Answered, error)
	Balances(ctx context.Context, merchantID string) ([]core.Balance, error)

	// Page reads, Open signs: only a POST from outside an in-app browser may call Open.
	Page(ctx context.Context, token string) (core.Page, error)
	Open(ctx context.Context, token string) (core.Action, core.Page, error)

	Receive(context.Context, core.GatewayID, string, core.Message) (core.Reply, error)
	SpendNonce(ctx context.Context, keyID, nonce string, until time.Time) error
}
