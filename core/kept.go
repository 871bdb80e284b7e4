package core

import (
	"context"
	"time"
)

// What is kept for people: messages that were parked or rejected, and the audit log. People list it
// here and decide about parked messages; a decision never books anything by itself.

// MessageView is a gateway's message as people see it: never its body, in which buyers are named.
type MessageView struct {
	ID         string     `json:"id"`
	MerchantID string     `json:"merchant_id,omitempty"` // in lists over all merchants
	Gateway    GatewayID  `json:"gateway"`
	Account    string     `json:"account"`
	State      InboxState `json:"state"`
	Code       string     `json:"code,omitempty"`
	Repeats    int64      `json:"repeats"`
	OutTradeNo string     `json:"out_trade_no,omitempty"`
	PaymentID  string     `json:"payment_id,omitempty"`
	ReceivedAt string     `json:"received_at"`
}

// MessageViewOf renders a message.
func MessageViewOf(i *Inbox) MessageView {
	return MessageView{
		ID: i.ID, Gateway: i.Gateway, Account: i.Account, State: i.State, Code: i.Code, Repeats: i.Repeats, OutTradeNo: i.OutTradeNo, PaymentID: i.PaymentID,
		ReceivedAt: Stamp(i.ReceivedAt),
	}
}

// AuditView is a row of the audit log.
type AuditView struct {
	ID         string `json:"id"`
	MerchantID string `json:"merchant_id,omitempty"` // in lists over all merchants
	Actor      string `json:"actor"`
	KeyID      string `json:"key_id,omitempty"`
	Action     string `json:"action"`
	Object     string `json:"object"`
	Detail     string `json:"detail,omitempty"`
	CreatedAt  string `json:"created_at"`
}

// AuditViewOf renders a row of the audit log.
func AuditViewOf(a *Audit) AuditView {
	return AuditView{ID: a.ID, Actor: a.Actor, KeyID: a.KeyID, Action: a.Action, Object: a.Object, Detail: a.Detail, CreatedAt: Stamp(a.CreatedAt)}
}

// InboxStates lists the states of a message.
func InboxStates() []InboxState {
	return []InboxState{InboxWaiting, InboxDone, InboxParked, InboxRejected}
}

// Messages lists messages of a merchant's accounts, or with q.All of every account.
func (c *Cashier) Messages(ctx context.Context, merchantID string, q MessageQuery) ([]MessageView, error) {
	q.Limit, q.Accounts = clampPage(q.Limit), nil
	if m, known := c.Merchants.Merchant(merchantID); known {
		for _, a := range m.Accounts {
			q.Accounts = append(q.Accounts, a.ID)
		}
	}
	rows, err := c.Store.Messages(ctx, q)
	views := make([]MessageView, 0, len(rows))
	for i := range rows {
		view := MessageViewOf(&rows[i])
		if account, known := c.Merchants.AccountByID(view.Account); known && q.All {
			view.MerchantID = account.MerchantID
		}
		views = append(views, view)
	}
	return views, err
}

// Audits lists the audit log, newest first.
func (c *Cashier) Audits(ctx context.Context, q AuditQuery) ([]AuditView, error) {
	q.Limit = clampPage(q.Limit)
	rows, err := c.Store.Audits(ctx, q)
	views := make([]AuditView, 0, len(rows))
	for i := range rows {
		view := AuditViewOf(&rows[i])
		if q.All {
			view.MerchantID = rows[i].MerchantID
		}
		views = append(views, view)
	}
	return views, err
}

// dismissed is why a message that somebody dismissed is done.
const dismissed Code = "dismissed"

// Dismiss ends a parked message without applying it: somebody has seen to it elsewhere, and says
// how. Dismissing it again answers with how it stands.
//
// Errors: CodeNotFound, CodeInvalid, CodeWrongState, CodeContended, CodeUnavailable.
func (c *Cashier) Dismiss(ctx context.Context, caller Caller, inboxID, reason string) (MessageView, error) {
	if err := checkText("reason", reason, 256); err != nil {
		return MessageView{}, err
	}
	return c.decideMessage(ctx, caller, inboxID, "inbox.dismissed", reasonSent(reason), func(box *Inbox, _ time.Time) (bool, error) {
		if box.State == InboxDone && Code(box.Code) == dismissed {
			return false, nil
		}
		if box.State != InboxParked {
			return false, Errorf(CodeWrongState, "only a parked message is decided about")
		}
		box.State, box.Code = InboxDone, string(dismissed)
		return true, nil
	})
}

// Reapply lets a parked message have its say once more: the gateway is asked, and the message is
// judged as any message that waits. What the gateway does not confirm, and what contradicts the
// books still, is parked again as it was: nobody books anything by hand.
//
// Errors: CodeNotFound, CodeWrongState, CodeContended, CodeUnavailable.
func (c *Cashier) Reapply(ctx context.Context, caller Caller, inboxID string) (MessageView, error) {
	byID := Key{Kind: InboxByID, Value: inboxID}
	v, err := c.Store.See(ctx, byID)
	if err != nil {
		return MessageView{}, err
	}
	why := ""
	if box := v.Inbox(byID); box != nil && box.State == InboxParked && c.speaksFor(box, caller) {
		why = box.Code
		if _, err := c.order(ctx, Key{Kind: OrderByOutTradeNo, Value: box.OutTradeNo}); CodeOf(err) == CodeNotFound || CodeOf(err) == CodeArchived {
			return MessageView{}, Errorf(CodeWrongState, "no order of ours has this message's number; it can only be dismissed")
		}
	}
	view, err := c.decideMessage(ctx, caller, inboxID, "inbox.reapplied", "", func(box *Inbox, now time.Time) (bool, error) {
		if box.State != InboxParked {
			return false, Errorf(CodeWrongState, "only a parked message is decided about")
		}
		box.State, box.NextAt, box.Tries = InboxWaiting, now, 0
		return true, nil
	})
	if err != nil {
		return view, err
	}
	if err := c.ApplyInbox(ctx, inboxID); err != nil && CodeOf(err) != CodeNotFound {
		return view, err
	}
	return c.decideMessage(ctx, caller, inboxID, "inbox.parked", why, func(box *Inbox, _ time.Time) (bool, error) {
		if box.State != InboxWaiting {
			return false, nil
		}
		box.State, box.Code, box.NextAt = InboxParked, why, noTime()
		return true, nil
	})
}

// speaksFor tells whether a message is about the caller's merchant.
func (c *Cashier) speaksFor(box *Inbox, caller Caller) bool {
	account, known := c.Merchants.AccountByID(box.Account)
	return known && account.MerchantID == caller.MerchantID
}

// decideMessage changes a message of the caller's merchant; decide answers false when nothing is to
// be changed.
func (c *Cashier) decideMessage(ctx context.Context, caller Caller, inboxID, action, detail string, decide func(*Inbox, time.Time) (bool, error)) (view MessageView, err error) {
	byID := Key{Kind: InboxByID, Value: inboxID}
	drawn := c.draw(caller)
	_, err = c.Store.Do(ctx, Unit{Keys: []Key{byID}, Decide: func(v View) (Writes, error) {
		box := v.Inbox(byID)
		if box == nil || !c.speaksFor(box, caller) {
			return Writes{}, Errorf(CodeNotFound, "no such object")
		}
		changed, err := decide(box, drawn.now)
		view = MessageViewOf(box)
		if err != nil || !changed {
			return Writes{}, err
		}
		p := drawn.fresh(nil)
		p.audit(action, box.ID, detail)
		p.guard(box)
		return p.writes(), nil
	}})
	return view, err
}
