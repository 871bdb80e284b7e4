package core

import "context"

// Concern is what a call to a gateway is about, for log lines: our own ids and numbers, nothing of
// the buyer.
type Concern struct {
	Request    string // id of the request that caused it; "" for jobs
	Payment    string
	Attempt    string
	OutTradeNo string
	Refund     string
}

type concernKey struct{}

// ConcernOf tells what a context's call is about.
func ConcernOf(ctx context.Context) Concern {
	about, _ := ctx.Value(concernKey{}).(Concern)
	return about
}

// WithRequest notes the id of the request that a context works for.
func WithRequest(ctx context.Context, id string) context.Context {
	about := ConcernOf(ctx)
	about.Request = id
	return context.WithValue(ctx, concernKey{}, about)
}

// concerning notes the attempt, and the refund if there is one, that the next call is about.
func concerning(ctx context.Context, a *Attempt, refundID string) context.Context {
	about := Concern{Request: ConcernOf(ctx).Request, Payment: a.PaymentID, Attempt: a.ID, OutTradeNo: a.OutTradeNo, Refund: refundID}
	return context.WithValue(ctx, concernKey{}, about)
}
