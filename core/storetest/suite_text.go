package storetest

import (
	"context"
	"errors"
	"strings"

	"github.com/paymux/paymux/core"
)

func textCases() []namedCase {
	return []namedCase{
		{"text/emoji and rare signs come back (D17)", emoji},
		{"text/what fits to the brim comes back (D09)", brim},
		{"text/what does not fit is refused by name, never cut (D09, D17)", tooLong},
		{"text/what looks like SQL is text (W10)", sqlText},
	}
}

func emoji(w *world) {
	p := w.payment()
	p.Subject = "🍵 奶茶 𠮷野家 é è ‰ \u00a0 ' \" \\ % _ ; --"
	p.Metadata = map[string]string{"🔑": "值 \u2028 \x01"}
	p.Lines[0].Name = "🧋<b>&amp;"
	w.insert(p)
	w.equal(w.order(p.ID).Payment, *p)
}

// everyRow returns one valid row of each kind.
func (w *world) everyRow() []core.Row {
	p := w.payment()
	ev := w.event(p, 1)
	return []core.Row{
		p, w.attempt(p), w.refund(p, 1), w.idempotency(w.id("k")), w.message(), w.delivery(ev, "e"), ev,
		&core.Entry{ID: w.id("ent"), MerchantID: w.merchant, CreatedAt: at(0)}, w.audit("x"),
		&core.SealedPayer{ID: w.id("pyr"), MerchantID: w.merchant, CreatedAt: at(0)}, &core.Nonce{KeyID: "k", Nonce: w.id("n")},
	}
}

func brim(w *world) {
	for i := range w.everyRow() {
		row := w.everyRow()[i]
		for n, l := range Limits(row) {
			switch {
			case l.Text == nil:
			case l.ASCII:
				long := strings.Repeat(string(rune('a'+n)), l.Max) + w.id("")
				*l.Text = long[len(long)-l.Max:]
			default:
				*l.Text = strings.Repeat("𠮷", l.Max)
			}
		}
		if v := w.do(inserting(row)); v.Duplicate != "" {
			w.Errorf("%T: duplicate %s", row, v.Duplicate)
		}
		if p, ok := row.(*core.Payment); ok {
			k := core.Key{Kind: core.OrderByPayment, Merchant: p.MerchantID, Value: p.ID}
			w.equal(w.see(k).Order(k).Payment, *p)
		}
	}
}

func tooLong(w *world) {
	refuse := func(row core.Row, field string) {
		w.Helper()
		bystander := w.payment()
		_, err := w.store.Do(context.Background(), inserting(bystander, row))
		var e *core.Error
		if !errors.As(err, &e) || e.Code != core.CodeInvalid || e.Field != field {
			w.Errorf("got %v, want %s refused by name", err, field)
		}
		w.absent(bystander.ID)
	}
	for i := range w.everyRow() {
		for n, l := range Limits(w.everyRow()[i]) {
			if l.Text == nil {
				continue
			}
			bad := []string{strings.Repeat("x", l.Max+1), "a\x00b"}
			if l.ASCII {
				bad = append(bad, "é")
			} else {
				bad = append(bad, strings.Repeat("𠮷", l.Max+1), "a\xff")
			}
			for _, text := range bad {
				row := w.everyRow()[i]
				*Limits(row)[n].Text = text
				refuse(row, l.Field)
			}
		}
	}
	p, a, in, ev := w.payment(), w.attempt(w.payment()), w.message(), w.event(w.payment(), 1)
	p.Metadata = map[string]string{"k": strings.Repeat("x", 60<<10)}
	a.ChannelState = make([]byte, 60<<10+1)
	in.Sealed = make([]byte, 1<<20+1)
	ev.Body = make([]byte, 2<<20+1)
	refuse(p, "payments.metadata")
	refuse(a, "attempts.channel_state")
	refuse(in, "inbox.sealed")
	refuse(ev, "events.body")
	big := w.message()
	big.Sealed = make([]byte, 1<<20)
	w.insert(big)
	k := core.Key{Kind: core.InboxByID, Value: big.ID}
	w.equal(len(w.see(k).Inbox(k).Sealed), 1<<20)
}

func sqlText(w *world) {
	p := w.payment()
	p.MerchantOrderNo = "'or1=1;--" + w.tag
	p.ReturnURL = "https://shop.example/?a=%3F&b=?"
	w.insert(p, w.payment())
	list, err := w.store.Payments(context.Background(), core.PaymentQuery{MerchantID: w.merchant, MerchantOrderNo: p.MerchantOrderNo, Limit: 10})
	w.equal([]any{list, err}, []any{[]core.Payment{*p}, error(nil)})
	list, err = w.store.Payments(context.Background(), core.PaymentQuery{MerchantID: w.merchant, MerchantOrderNo: "' OR ''='", Limit: 10})
	w.equal([]any{len(list), err}, []any{0, error(nil)})
}
