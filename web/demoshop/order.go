package demoshop

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// order shows what the API says of a payment, and the buttons that make sense now.
func (s *Shop) order(w http.ResponseWriter, r *http.Request) {
	s.showOrder(w, r, http.StatusOK, nil)
}

func (s *Shop) showOrder(w http.ResponseWriter, r *http.Request, status int, refused *web.Problem) {
	id, ok := idOf(r)
	if !ok {
		s.missing(w)
		return
	}
	payment, err := s.api.payment(r.Context(), id)
	var no *refusal
	switch {
	case errors.As(err, &no) && no.Status == http.StatusNotFound:
		s.missing(w)
	case err != nil:
		s.broken(w, err)
	default:
		s.render(w, status, "order.html", s.orderView(payment, refused))
	}
}

// orderState is what the page polls: one text that changes whenever the page would look different.
func (s *Shop) orderState(w http.ResponseWriter, r *http.Request) {
	id, ok := idOf(r)
	if !ok {
		http.Error(w, "no such order", http.StatusNotFound)
		return
	}
	payment, err := s.api.payment(r.Context(), id)
	if err != nil {
		http.Error(w, "the API does not answer", http.StatusBadGateway)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprint(w, stateOf(payment))
}

// stateOf is everything of a payment that moves.
func stateOf(p core.PaymentView) string {
	parts := []string{string(p.Status), fmt.Sprint(p.Settling, p.PaidFen, p.RefundedFen, p.Action != nil, len(p.Attempts))}
	for _, f := range p.Refunds {
		parts = append(parts, f.ID+string(f.Status))
	}
	return strings.Join(parts, " ")
}

// idOf returns the payment id of the path if it looks like one.
func idOf(r *http.Request) (string, bool) {
	id := r.PathValue("id")
	rest, ok := strings.CutPrefix(id, "pay_")
	return id, ok && isToken(rest)
}

// isToken accepts 1 to 64 letters and digits, with "-" and "_": what ids and tokens are made of.
func isToken(text string) bool {
	const known = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	return text != "" && len(text) <= 64 && strings.Trim(text, known) == ""
}

// act does what a button of the order page says and shows the page again. The form carries the
// idempotency key and the amount, so that a double click is one act: the second half of a refund is
// another amount than the first.
func (s *Shop) act(w http.ResponseWriter, r *http.Request) {
	id, ok := idOf(r)
	key := r.FormValue("key")
	if !ok || !isToken(key) {
		s.missing(w)
		return
	}
	amount, err := strconv.ParseInt(r.FormValue("amount_fen"), 10, 64)
	if err != nil {
		amount = 0 // of acts without an amount; the API refuses a refund of nothing
	}
	err = s.do(r.Context(), r.PathValue("act"), id, key, amount)
	var no *refusal
	switch {
	case errors.Is(err, errNoSuchAct):
		s.missing(w)
	case errors.As(err, &no):
		s.showOrder(w, r, no.Status, &no.Problem)
	case err != nil:
		s.broken(w, err)
	default:
		http.Redirect(w, r, Prefix+"/orders/"+id, http.StatusSeeOther)
	}
}

var errNoSuchAct = errors.New("demoshop: no such act")

func (s *Shop) do(ctx context.Context, act, id, key string, amount int64) error {
	path := "/v1/payments/" + id
	switch act {
	case "close":
		return s.api.call(ctx, http.MethodPost, path+"/close", "", nil, nil) // which takes no key
	case "sync":
		return s.api.call(ctx, http.MethodPost, path+"/sync", "", nil, nil)
	case "refund":
		ask := map[string]any{"amount_fen": amount, "reason": "演示退款"}
		return s.api.call(ctx, http.MethodPost, path+"/refunds", key, ask, nil)
	case "alipay": // the buyer leaves this app and goes on in the Alipay mini-program
		payer, err := s.login(ctx)
		if err != nil {
			return err
		}
		return s.api.call(ctx, http.MethodPost, path+"/attempts", key, map[string]any{"platform": "alipay", "payer": payer}, nil)
	default:
		return errNoSuchAct
	}
}

// provoke orders a mishap.
func (s *Shop) provoke(w http.ResponseWriter, r *http.Request) {
	if err := s.Host.Provoke(r.Context(), r.PathValue("id")); err != nil {
		s.missing(w)
		return
	}
	http.Redirect(w, r, Prefix+"/?provoked="+r.PathValue("id")+"#faults", http.StatusSeeOther)
}
