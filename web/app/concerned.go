package app

import (
	"context"
	"log/slog"

	"github.com/paymux/paymux/core"
)

// concerned adds to each line what its call is about, so that a refusal in the log leads to its
// order. It is for the loggers of gateways' adapters, which know no orders.
type concerned struct{ slog.Handler }

// Handle implements slog.Handler.
func (h concerned) Handle(ctx context.Context, line slog.Record) error {
	about := core.ConcernOf(ctx)
	for _, a := range []struct{ name, value string }{
		{"request_id", about.Request}, {"payment", about.Payment}, {"attempt", about.Attempt}, {"out_trade_no", about.OutTradeNo},
		{"refund", about.Refund},
	} {
		if a.value != "" {
			line.AddAttrs(slog.String(a.name, a.value))
		}
	}
	return h.Handler.Handle(ctx, line)
}

// WithAttrs implements slog.Handler.
func (h concerned) WithAttrs(attrs []slog.Attr) slog.Handler {
	return concerned{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h concerned) WithGroup(name string) slog.Handler { return concerned{h.Handler.WithGroup(name)} }
