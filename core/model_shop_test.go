package core_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/paymux/paymux/core"
)

// The model is what a merchant may see, and nothing of how core comes to it: plain facts, without
// clock, store or gateway. A status that the facts decide is wanted exactly; what an unknown answer
// leaves open may be either until an inquiry has settled it, and never moves back.

// modelOrder is one payment as its merchant knows it.
type modelOrder struct {
	no       string
	key      string // idempotency key of the create, "" for none
	platform core.PlatformID
	amount   core.Fen
	id       string // "" until an answer has named it
	answer   []byte // the final answer to the create, once there was one
	status   core.PaymentStatus
	attempts []*modelAttempt
	refunds  []*modelRefund
	moves    []*modelMove

	policy    core.LatePolicy
	back      []*modelRefund // of late and duplicate money, as people asked for them
	decisions []*modelDecision
}

// modelAttempt is one try to take the money.
type modelAttempt struct {
	no, id string
	page   bool
	form   map[string]string // what its page posts, once it was opened
	told   bool              // the gateway has told of its money: from now on it must be seen

	unawaited bool   // its money came late or twice
	kept      string // and was then held or accepted
}

// modelRefund is one refund that was accepted.
type modelRefund struct {
	key    string
	amount core.Fen
	id     string
	status core.RefundStatus
	answer []byte // the final answer, once there was one
	judge  string // who decided on it, and how
	passed bool
	of     *modelAttempt // whose late money it sends back
}

// modelMove is one wish to go on elsewhere.
type modelMove struct {
	key      string
	platform core.PlatformID
	answer   []byte
}

// lifeOf lists what each status may become, seen from outside: any number of steps may lie between
// two looks.
func lifeOf(status core.PaymentStatus) []core.PaymentStatus {
	kept := []core.PaymentStatus{core.PaymentPaid, core.PaymentPartiallyRefunded, core.PaymentRefunded}
	switch status {
	case core.PaymentPaid:
		return kept
	case core.PaymentPartiallyRefunded:
		return kept[1:]
	case core.PaymentRefunded:
		return kept[2:]
	case core.PaymentClosed:
		return []core.PaymentStatus{core.PaymentClosed}
	case core.PaymentClosing:
		return append(kept, core.PaymentClosing, core.PaymentClosed)
	default: // created and paying may follow each other for as long as attempts come and go
		return append(kept, core.PaymentCreated, core.PaymentPaying, core.PaymentClosing, core.PaymentClosed)
	}
}

// holdsMoney tells whether the payment is paid, refunded or not.
func holdsMoney(status core.PaymentStatus) bool {
	return slices.Contains(lifeOf(core.PaymentPaid), status)
}

// refundable is what a new refund may ask for at most: what was paid, less every refund that has
// not failed.
func (o *modelOrder) refundable() core.Fen {
	if !holdsMoney(o.status) {
		return 0
	}
	left := o.amount
	for _, r := range o.refunds {
		if r.status != core.RefundFailed {
			left -= r.amount
		}
	}
	return left
}

// refunded is what went back.
func (o *modelOrder) refunded() (sum core.Fen) {
	for _, r := range o.refunds {
		if r.status == core.RefundSucceeded {
			sum += r.amount
		}
	}
	return sum
}

// settledStatus is the status that a paid payment has by its refunds.
func (o *modelOrder) settledStatus() core.PaymentStatus {
	switch o.refunded() {
	case 0:
		return core.PaymentPaid
	case o.amount:
		return core.PaymentRefunded
	default:
		return core.PaymentPartiallyRefunded
	}
}

// meet takes what the merchant sees now, and says what the model does not allow.
func (o *modelOrder) meet(v core.PaymentView) error {
	if v.ID != o.id || v.MerchantOrderNo != o.no || v.AmountFen != o.amount {
		return fmt.Errorf("payment %s of %d fen became %s of %d fen", o.id, o.amount, v.ID, v.AmountFen)
	}
	if o.status != "" && !slices.Contains(lifeOf(o.status), v.Status) {
		return fmt.Errorf("%s went from %s to %s", o.no, o.status, v.Status)
	}
	o.status = v.Status
	if err := o.meetAttempts(v); err != nil {
		return err
	}
	if err := o.meetRefunds(v); err != nil {
		return err
	}
	if err := o.meetLate(v); err != nil {
		return err
	}
	paid := core.Fen(0)
	if holdsMoney(v.Status) {
		paid = o.amount
		if want := o.settledStatus(); v.Status != want {
			return fmt.Errorf("%s is %s, its refunds make it %s", o.no, v.Status, want)
		}
	}
	if v.PaidFen != paid || v.RefundedFen != o.refunded() || v.RefundableFen != o.refundable() {
		return fmt.Errorf("%s shows %d paid, %d refunded, %d refundable; the model has %d, %d, %d",
			o.no, v.PaidFen, v.RefundedFen, v.RefundableFen, paid, o.refunded(), o.refundable())
	}
	return nil
}

// meetAttempts learns new attempts and holds the old ones to what is known of them: at most one can
// be paid at a time (S05), and money that the gateway has told of is somewhere.
func (o *modelOrder) meetAttempts(v core.PaymentView) error {
	live, accepted := 0, 0
	for i, a := range v.Attempts {
		if i == len(o.attempts) {
			o.attempts = append(o.attempts, &modelAttempt{no: a.OutTradeNo, id: a.ID, page: a.Channel != "alipay_mini"})
		}
		known := o.attempts[i]
		if known.no != a.OutTradeNo || known.id != a.ID {
			return fmt.Errorf("attempt %s of %s became %s", known.no, o.no, a.OutTradeNo)
		}
		switch a.State {
		case core.AttemptReady, core.AttemptSent:
			live++
		case core.AttemptPaid:
			accepted++
		}
		if known.told && (a.State == core.AttemptReady || a.State == core.AttemptSent || a.State == core.AttemptClosed) {
			return fmt.Errorf("attempt %s is %s, its money is not seen", a.OutTradeNo, a.State)
		}
	}
	if len(v.Attempts) < len(o.attempts) || live > 1 {
		return fmt.Errorf("%s has %d attempts, %d of them live", o.no, len(v.Attempts), live)
	}
	if holdsMoney(v.Status) != (accepted == 1) || accepted > 1 {
		return fmt.Errorf("%s is %s with %d accepted attempts", o.no, v.Status, accepted)
	}
	return nil
}

// meetRefunds holds every accepted refund to its amount and to a status that only moves forward.
func (o *modelOrder) meetRefunds(v core.PaymentView) error {
	seen, asked := 0, slices.Concat(o.refunds, o.back)
	for _, r := range v.Refunds {
		if r.Asker == core.ActorSystem {
			continue
		}
		seen++
		i := slices.IndexFunc(asked, func(known *modelRefund) bool { return known.id == r.ID })
		if i < 0 || asked[i].amount != r.AmountFen {
			return fmt.Errorf("%s shows refund %s of %d fen, which nobody asked for", o.no, r.ID, r.AmountFen)
		}
		known := asked[i]
		if known.status != r.Status && !slices.Contains(fateOf(known.status), r.Status) {
			return fmt.Errorf("refund %s went from %s to %s", r.ID, known.status, r.Status)
		}
		known.status = r.Status
	}
	if seen != len(asked) {
		return fmt.Errorf("%s shows %d refunds, %d were accepted", o.no, seen, len(asked))
	}
	return nil
}

// fateOf lists what a refund may become.
func fateOf(status core.RefundStatus) []core.RefundStatus {
	switch status {
	case core.RefundPendingApproval:
		return []core.RefundStatus{core.RefundProcessing, core.RefundSucceeded, core.RefundFailed}
	case core.RefundProcessing:
		return []core.RefundStatus{core.RefundSucceeded, core.RefundFailed}
	default:
		return nil
	}
}

// showsNow holds the answer to a create without a key to the payment as it is: 201 for the call
// that made it, 200 after, 202 while it settles.
func showsNow(now core.PaymentView, a core.Answered, first bool) error {
	status := 200
	if first {
		status = 201
	}
	body, err := json.Marshal(now)
	if err != nil || a.Status != status || a.Replayed || a.Stale || !bytes.Equal(body, a.Body) {
		return fmt.Errorf("a create without a key is answered %d, replayed %t, stale %t:\n%s\nthe payment is\n%s", a.Status, a.Replayed, a.Stale, a.Body, body)
	}
	return nil
}

// tellsStale holds the headers of an answer under a key to what became of the payment since:
// whoever is not told of a change must see none.
func tellsStale(now core.PaymentView, a core.Answered, known bool) error {
	if a.Replayed != known || !a.Replayed && a.Stale || a.Settling && a.Replayed {
		return fmt.Errorf("replayed %t, stale %t, settling %t, known before %t", a.Replayed, a.Stale, a.Settling, known)
	}
	if a.Stale || a.Settling {
		return nil
	}
	var then core.PaymentView
	if err := json.Unmarshal(a.Body, &then); err != nil {
		return err
	}
	then.Action, now.Action = nil, nil // time alone takes it away
	was, err := json.Marshal(then)
	is, errNow := json.Marshal(now)
	if err != nil || errNow != nil || !bytes.Equal(was, is) {
		return fmt.Errorf("the answer is not called stale:\n%s\nthe payment is\n%s", was, is)
	}
	return nil
}

// replay takes the answer to a key: the first final one is repeated byte for byte for ever (I01,
// I04).
func replay(first []byte, a core.Answered) ([]byte, error) {
	switch {
	case first != nil && (!bytes.Equal(first, a.Body) || a.Settling):
		return first, fmt.Errorf("the same key was answered by\n%s\nand then by\n%s", first, a.Body)
	case first == nil && !a.Settling:
		return a.Body, nil
	default:
		return first, nil
	}
}
