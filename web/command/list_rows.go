package command

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

// worklist is one list: its columns, and how its rows are read.
type worklist struct {
	name, short, columns string
	each                 func(lister, context.Context, func(listed) error) error
}

// listed is a row: for programs, for people, and what can be done about it.
type listed struct {
	row   any
	cells []string
	next  []string
}

// lists are the lists that there are.
func lists() []worklist {
	return []worklist{
		{"messages", "gateways' messages that were parked, then those that were rejected", "RECEIVED\tMERCHANT\tID\tSTATE\tCODE\tTIMES\tOUT_TRADE_NO", lister.messages},
		{"audit", "who did what", "AT\tMERCHANT\tACTOR\tACTION\tOBJECT\tDETAIL", lister.audit},
		{"changes", "what was changed at the installation: settings that were taken, keys that were revoked, times without a database", "AT\tBY\tACTION\tOBJECT\tDETAIL", lister.changes},
		{"late", "payments with late or duplicate money that is held", paymentColumns, lister.late},
		{"returned", "refunds that the buyer's bank sent back and nobody has seen to", "RETURNED\tMERCHANT\tREFUND\tFEN\tPAYMENT", lister.returned},
		{"dead", "webhooks that were given up", "MADE\tMERCHANT\tID\tENDPOINT\tTRIES\tSTATUS\tERROR", lister.dead},
		{"approvals", "refunds that wait for another person's approval", "ASKED\tMERCHANT\tREFUND\tFEN\tBY\tPAYMENT\tREASON", lister.approvals},
		{"attention", "payments that a person must look at, for any reason", paymentColumns, lister.attention},
	}
}

const paymentColumns = "MADE\tMERCHANT\tPAYMENT\tSTATUS\tPAID_FEN\tLATE_FEN\tREFUNDED_FEN\tWHY"

// walk goes through the pages of a list, each asked for behind the last row of the one before.
func walk[T any](page func(last *T) ([]T, error), each func(T) error) error {
	var last *T
	for {
		rows, err := page(last)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return err
			}
		}
		last = &rows[len(rows)-1]
	}
}

// whose is the merchant of a row that names it only in lists over all.
func (l lister) whose(named string) string {
	if l.merchant != "" {
		return l.merchant
	}
	return named
}

type listedMessage struct {
	core.MessageView
	Next []string `json:"next"`
}

func (l lister) messages(ctx context.Context, each func(listed) error) error {
	for _, state := range []core.InboxState{core.InboxParked, core.InboxRejected} {
		ask := core.MessageQuery{All: l.merchant == "", State: state}
		err := walk(func(last *core.MessageView) ([]core.MessageView, error) {
			if last != nil {
				ask.BeforeID = last.ID
			}
			return l.cashier.Messages(ctx, l.merchant, ask)
		}, func(m core.MessageView) error {
			m.MerchantID = l.whose(m.MerchantID)
			next := l.lookUp(m.ID)
			if m.State == core.InboxParked {
				next = append(next, call("/v1/messages/"+m.ID+"/apply"), callWith("/v1/messages/"+m.ID+"/dismiss"))
			}
			cells := []string{m.ReceivedAt, m.MerchantID, m.ID, string(m.State), m.Code, fmt.Sprint(m.Repeats + 1), m.OutTradeNo}
			return each(listed{listedMessage{m, next}, cells, next})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type listedAudit struct {
	core.AuditView
	Next []string `json:"next"`
}

func (l lister) audit(ctx context.Context, each func(listed) error) error {
	ask := core.AuditQuery{MerchantID: l.merchant, All: l.merchant == ""}
	return walk(func(last *core.AuditView) ([]core.AuditView, error) {
		if last != nil {
			ask.BeforeID = last.ID
		}
		return l.cashier.Audits(ctx, ask)
	}, func(a core.AuditView) error {
		a.MerchantID = l.whose(a.MerchantID)
		next := []string{}
		if a.Object != "" && a.MerchantID != "" { // else it is a version or a key's name
			next = l.lookUp(a.Object)
		}
		return each(listed{listedAudit{a, next}, []string{a.CreatedAt, a.MerchantID, a.Actor, a.Action, a.Object, a.Detail}, next})
	})
}

// changes are what the audit log says of no merchant. Calls of operators are in the log itself.
func (l lister) changes(ctx context.Context, each func(listed) error) error {
	ask := core.AuditQuery{}
	return walk(func(last *core.AuditView) ([]core.AuditView, error) {
		if last != nil {
			ask.BeforeID = last.ID
		}
		return l.cashier.Audits(ctx, ask)
	}, func(a core.AuditView) error {
		if a.Action == "operator.call" {
			return nil
		}
		return each(listed{a, []string{a.CreatedAt, a.Actor, a.Action, a.Object, a.Detail}, nil})
	})
}

type listedPayment struct {
	core.PaymentView
	Next []string `json:"next"`
}

func (l lister) late(ctx context.Context, each func(listed) error) error {
	return l.waiting(ctx, core.AttentionHeld, each)
}

func (l lister) attention(ctx context.Context, each func(listed) error) error {
	return l.waiting(ctx, "", each)
}

// waiting lists payments that a person must look at, for one reason or, by "", for any.
func (l lister) waiting(ctx context.Context, why string, each func(listed) error) error {
	return l.payments(ctx, func(p core.PaymentView) error {
		if why != "" && !slices.Contains(p.Attention, why) {
			return nil
		}
		late := core.Fen(0)
		if p.LatePayment != nil {
			late = p.LatePayment.AmountFen
		}
		next := l.lookUp(p.ID)
		if slices.Contains(p.Attention, core.AttentionHeld) {
			// More money may come to the same payment later: that is another decision.
			mark := fmt.Sprintf("-%d-%d", int64(late), len(p.Refunds))
			next = append(next, once("/v1/payments/"+p.ID+"/refund-late")+mark, once("/v1/payments/"+p.ID+"/accept-late")+mark)
		}
		if slices.ContainsFunc(p.Attention, asking) {
			next = append(next, call("/v1/payments/"+p.ID+"/sync"))
		}
		cells := []string{
			p.CreatedAt, p.MerchantID, p.ID, string(p.Status), fmt.Sprint(int64(p.PaidFen)), fmt.Sprint(int64(late)), fmt.Sprint(int64(p.RefundedFen)),
			strings.Join(p.Attention, ","),
		}
		return each(listed{listedPayment{p, next}, cells, next})
	})
}

// asking tells whether the gateway's answer may end why a person must look.
func asking(why string) bool { return why != core.AttentionHeld && why != core.AttentionReturned }

// payments goes through those that a person must look at.
func (l lister) payments(ctx context.Context, each func(core.PaymentView) error) error {
	ask := core.PaymentQuery{MerchantID: l.merchant, All: l.merchant == "", Attention: true}
	return walk(func(last *core.PaymentView) (_ []core.PaymentView, err error) {
		if last != nil {
			ask.BeforeID = last.ID
			if ask.BeforeCreated, err = time.Parse(time.RFC3339, last.CreatedAt); err != nil {
				return nil, err
			}
		}
		return l.cashier.Payments(ctx, ask)
	}, func(p core.PaymentView) error {
		p.MerchantID = l.whose(p.MerchantID)
		return each(p)
	})
}

type listedRefund struct {
	core.RefundView
	Next []string `json:"next"`
}

func (l lister) returned(ctx context.Context, each func(listed) error) error {
	return l.payments(ctx, func(p core.PaymentView) error {
		for _, r := range p.Refunds {
			if r.ReturnedFen == 0 || r.HandledAt != "" {
				continue
			}
			r.MerchantID = p.MerchantID
			next := append(l.lookUp(r.ID), callWith("/v1/refunds/"+r.ID+"/handled"))
			cells := []string{r.ReturnedAt, r.MerchantID, r.ID, fmt.Sprint(int64(r.ReturnedFen)), r.PaymentID}
			if err := each(listed{listedRefund{r, next}, cells, next}); err != nil {
				return err
			}
		}
		return nil
	})
}

type listedDelivery struct {
	core.DeliveryView
	Next []string `json:"next"`
}

func (l lister) dead(ctx context.Context, each func(listed) error) error {
	ask := core.DeliveryQuery{MerchantID: l.merchant, All: l.merchant == "", State: core.DeliveryDead}
	return walk(func(last *core.DeliveryView) ([]core.DeliveryView, error) {
		if last != nil {
			ask.BeforeID = last.ID
		}
		return l.cashier.Deliveries(ctx, ask)
	}, func(d core.DeliveryView) error {
		d.MerchantID = l.whose(d.MerchantID)
		next := append(l.lookUp(d.ID), call("/v1/deliveries/"+d.ID+"/replay"))
		cells := []string{d.CreatedAt, d.MerchantID, d.ID, d.EndpointID, fmt.Sprint(d.Tries), fmt.Sprint(d.LastStatus), d.LastError}
		return each(listed{listedDelivery{d, next}, cells, next})
	})
}

func (l lister) approvals(ctx context.Context, each func(listed) error) error {
	ask := core.RefundQuery{MerchantID: l.merchant, All: l.merchant == "", Status: core.RefundPendingApproval}
	return walk(func(last *core.RefundView) (_ []core.RefundView, err error) {
		if last != nil {
			ask.BeforeID = last.ID
			if ask.BeforeCreated, err = time.Parse(time.RFC3339, last.CreatedAt); err != nil {
				return nil, err
			}
		}
		return l.cashier.Refunds(ctx, ask)
	}, func(r core.RefundView) error {
		r.MerchantID = l.whose(r.MerchantID)
		path := "/v1/refunds/" + r.ID
		next := append(l.lookUp(r.ID), once(path+"/approve"), onceWith(path+"/reject"))
		cells := []string{r.CreatedAt, r.MerchantID, r.ID, fmt.Sprint(int64(r.AmountFen)), r.Asker, r.PaymentID, r.Reason}
		return each(listed{listedRefund{r, next}, cells, next})
	})
}

// What can be done, as it is typed. A reason is the caller's own to give; an idempotency key makes
// that whoever types a line again does nothing twice.

func (l lister) lookUp(number string) []string { return []string{"paymux find " + number + l.where} }

func call(path string) string { return "paymux call POST " + path }

func callWith(path string) string { return call(path) + ` --data '{"reason":"…"}'` }

func once(path string) string { return call(path) + " --idempotency-key " + keyOf(path) }

func onceWith(path string) string { return callWith(path) + " --idempotency-key " + keyOf(path) }

// keyOf makes an idempotency key of what is done and to what.
func keyOf(path string) string {
	parts := strings.Split(path, "/")
	return parts[len(parts)-1] + "-" + parts[len(parts)-2]
}

// configured is the directory of a reader: who there is, without a key of theirs.
type configured struct{ c *config.Config }

// Merchant implements core.Directory.
func (d configured) Merchant(id string) (core.Merchant, bool) {
	for _, m := range d.c.Merchants {
		if m.ID == id {
			found := core.Merchant{ID: m.ID, Name: m.Name}
			for _, a := range m.Accounts {
				found.Accounts = append(found.Accounts, core.Account{ID: a.ID, MerchantID: m.ID})
			}
			return found, true
		}
	}
	return core.Merchant{}, false
}

// AccountByID implements core.Directory.
func (d configured) AccountByID(id string) (core.Account, bool) {
	for _, m := range d.c.Merchants {
		for _, a := range m.Accounts {
			if a.ID == id {
				return core.Account{ID: a.ID, MerchantID: m.ID}, true
			}
		}
	}
	return core.Account{}, false
}

// reading is the clock of a reader.
type reading func() time.Time

// Now implements core.Clock.
func (r reading) Now() time.Time { return r() }
