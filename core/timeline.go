package core

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Moment is one line of a payment's time line.
type Moment struct {
	At     string `json:"at"`
	What   string `json:"what"`         // "audit", "event", "delivery", "message" or "ledger"
	Name   string `json:"name"`         // the action, event, state or account
	Object string `json:"object"`       // the id of what it happened to
	By     string `json:"by,omitempty"` // who did it
	Text   string `json:"text"`         // in plain words
	when   time.Time
}

// timelineOf puts all that was written about an order into its order of time.
func timelineOf(s *Story) []Moment {
	all := []Moment{}
	add := func(at time.Time, m Moment) {
		m.At, m.when = Stamp(at), at
		all = append(all, m)
	}
	for _, a := range s.Audits {
		text := actionWords()[a.Action]
		if text == "" {
			text = a.Action
		}
		if a.Detail != "" {
			text += ": " + a.Detail
		}
		add(a.CreatedAt, Moment{What: "audit", Name: a.Action, Object: a.Object, By: a.Actor, Text: text})
	}
	for _, e := range s.Entries {
		add(e.CreatedAt, Moment{What: "ledger", Name: string(e.Account), Object: e.PostingID, Text: fmt.Sprintf("%+d fen booked on %s", e.AmountFen, e.Account)})
	}
	for _, e := range s.Events {
		add(e.CreatedAt, Moment{What: "event", Name: string(e.Type), Object: e.ID, Text: fmt.Sprintf("the merchant is told %s, number %d of this payment", e.Type, e.Sequence)})
	}
	for _, d := range s.Deliveries {
		at := d.CreatedAt
		if !d.EndedAt.IsZero() {
			at = d.EndedAt
		}
		add(at, Moment{What: "delivery", Name: string(d.State), Object: d.ID, Text: deliveryText(d)})
	}
	for _, i := range s.Inbox {
		text := "a message of the gateway: " + string(i.State)
		if i.Code != "" {
			text += " (" + i.Code + ")"
		}
		add(i.ReceivedAt, Moment{What: "message", Name: string(i.State), Object: i.ID, By: ActorGateway, Text: text})
	}
	slices.SortStableFunc(all, func(a, b Moment) int { return a.when.Compare(b.when) })
	return all
}

func deliveryText(d Delivery) string {
	tries := "tries"
	if d.Tries == 1 {
		tries = "try"
	}
	text := fmt.Sprintf("webhook to %s: %s after %d %s", d.EndpointID, d.State, d.Tries, tries)
	if d.LastStatus > 0 {
		text += fmt.Sprintf(", last answer %d", d.LastStatus)
	}
	if d.LastError != "" {
		text += ", " + d.LastError
	}
	return text
}

// pendingText tells why a webhook is not taken yet, as far as its endpoint said.
func pendingText(d Delivery) string {
	text := "a webhook to " + d.EndpointID + " is tried again"
	if d.LastError != "" {
		text += "; the last time " + d.LastError
	}
	return text
}

// Wait is something that a payment waits for.
type Wait struct {
	For    string `json:"for"` // "gateway", "buyer", "person" or "merchant"
	Object string `json:"object"`
	At     string `json:"at,omitempty"` // when paymux takes the next step by itself
	Text   string `json:"text"`
}

// waitsOf tells what comes next, when and why.
func waitsOf(s *Story) []Wait {
	waits := []Wait{}
	for i := range s.Order.Attempts {
		a := &s.Order.Attempts[i]
		switch {
		case a.NextAt.IsZero():
		case a.Fault != "":
			waits = append(waits, Wait{"gateway", a.ID, Stamp(a.NextAt), "the gateway refused for " + string(a.Fault) + "; it is tried again"})
		case a.Settling:
			waits = append(waits, Wait{"gateway", a.ID, Stamp(a.NextAt), "nobody knows yet what became of it; the gateway is asked"})
		case a.State == AttemptReady:
			waits = append(waits, Wait{"buyer", a.ID, Stamp(a.NextAt), "the page was not opened yet; then the attempt ends"})
		case a.State == AttemptSent:
			waits = append(waits, Wait{"buyer", a.ID, Stamp(a.NextAt), "the buyer can pay until " + Stamp(a.TimeExpire) + "; the gateway is asked meanwhile"})
		default:
			waits = append(waits, Wait{"gateway", a.ID, Stamp(a.NextAt), "it has ended; the gateway is asked once more whether money came after all"})
		}
	}
	for _, r := range s.Order.Refunds {
		switch {
		case r.Status == RefundPendingApproval:
			waits = append(waits, Wait{"person", r.ID, "", "a refund of " + fmt.Sprint(int64(r.AmountFen)) + " fen, asked by " + r.Asker + "; another person approves or rejects it"})
		case r.Status == RefundProcessing && r.Fault != "":
			waits = append(waits, Wait{"gateway", r.ID, Stamp(r.NextAt), "the gateway refused the refund for " + string(r.Fault) + "; it is tried again"})
		case r.Status == RefundProcessing:
			waits = append(waits, Wait{"gateway", r.ID, Stamp(r.NextAt), "the refund is under way; the gateway is asked what became of it"})
		}
	}
	if reasons := s.Order.Payment.Attention; reasons != "" {
		for reason := range strings.SplitSeq(reasons, ",") {
			waits = append(waits, Wait{"person", s.Order.Payment.ID, "", attentionWords()[reason]})
		}
	}
	for _, i := range s.Inbox {
		switch i.State {
		case InboxWaiting:
			waits = append(waits, Wait{"gateway", i.ID, Stamp(i.NextAt), "a message waits until the gateway was asked: " + i.Code})
		case InboxParked:
			waits = append(waits, Wait{"person", i.ID, "", "a message contradicts the books: " + i.Code + "; apply it again, or dismiss it"})
		case InboxDone, InboxRejected:
		}
	}
	for _, d := range s.Deliveries {
		switch d.State {
		case DeliveryPending:
			waits = append(waits, Wait{"merchant", d.ID, Stamp(d.NextAt), pendingText(d)})
		case DeliveryDead:
			waits = append(waits, Wait{"person", d.ID, "", "a webhook to " + d.EndpointID + " was given up; replay it when the shop is up"})
		case DeliveryDone:
		}
	}
	return waits
}

// attentionWords says each reason for a person to look in plain words.
func attentionWords() map[string]string {
	return map[string]string{
		AttentionHeld:      "late or duplicate money is held: send it back, or keep it",
		AttentionReturned:  "the buyer's bank sent a refund back: see that the buyer gets the money, and say how that was done",
		AttentionUnsettled: "for more than a day nobody could tell what became of a refund: ask the gateway's people",
		doubtBeyond:        "the gateway says that more was refunded than was paid: compare with its console",
		doubtNoRoom:        "a refund was made outside that the books have no room for: look into the gateway's console",
		doubtAbove:         "the gateway has refunded more than the books explain: look into its console",
		doubtBelow:         "the gateway has refunded less than the books say: look into its console",
	}
}

// actionWords says each action of the audit log in plain words.
func actionWords() map[string]string {
	return map[string]string{
		"payment.create": "the payment was created", "payment.close": "somebody asked to close the payment", "payment.closed": "the payment is closed",
		"attempt.create": "an attempt was begun", "attempt.call": "the gateway was called", "attempt.send": "the buyer can pay", "attempt.ask": "the gateway is asked",
		"attempt.open": "the page was opened", "attempt.absent": "the gateway does not know the trade", "attempt.accept": "held money was kept for the merchant",
		"attempt.closed": "the attempt is closed", "attempt.doubt": "the sums raise a doubt", "attempt.mended": "what the attempt waited for may be mended",
		"attempt.parked": "the gateway's answer contradicts the books", "attempt.stay": "the attempt stays payable", "attempt.stuck": "a job could not go on",
		"attempt.sum_asked": "the refunded sum was asked for", "attempt.sum_noted": "the gateway told its refunded sum", "attempt.supersede": "the buyer goes on elsewhere",
		"attempt.unknown": "the outcome is unknown", "attempt.waiting": "the outcome is still open", "attempt.watched": "a closed attempt was asked for once more",
		"attempt.paid": "the payment is paid", "attempt.late_paid": "money came late", "attempt.duplicate": "money came twice", "answer.keep": "the answer to the key is kept",
		"refund.create": "a refund was asked for", "refund.ask": "the gateway is asked about the refund", "refund.send": "the refund was sent",
		"refund.approve": "the refund was approved", "refund.reject": "the refund was rejected", "refund.succeeded": "the refund succeeded", "refund.failed": "the refund failed",
		"refund.external": "a refund made outside was booked", "refund.noticed": "a message tells of the refund", "refund.proven_by_sum": "the sum proves the refund",
		"refund.late": "late money is sent back", "refund.duplicate": "money that came twice is sent back",
		"refund.returned": "the bank sent the refund back", "refund.handled": "somebody has seen to the refund that came back", "refund.mended": "what the refund waited for may be mended", "refund.stuck": "a job could not go on",
		"notify.parked": "a verified message contradicts the books", "notify.rejected": "a message was not accepted", "notify.archived": "a message came after the order was archived", "inbox.done": "a message was applied",
		"inbox.parked": "a message was parked", "inbox.waiting": "a message waits", "inbox.stuck": "a message could not be applied", "delivery.replay": "somebody had a webhook sent again",
		"endpoint.replay": "somebody had an endpoint's webhooks of a time sent again",
		"delivery.retry":  "a webhook was not taken", "delivery.done": "a webhook was taken", "delivery.dead": "a webhook was given up",
		"inbox.dismissed": "somebody dismissed a parked message", "inbox.reapplied": "somebody had a parked message applied again",
		"database.recovered": "the database took nothing for a while",
		"operator.call":      "an operator looked or decided",
		"order.change":       "the order changed", "payments.search": "somebody looked for a buyer's payments",
	}
}
