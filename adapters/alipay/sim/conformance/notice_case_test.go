//go:build conformance

package conformance

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

const formType = "application/x-www-form-urlencoded; charset=utf-8"

// notificationCase pays, sometimes refunds, and shows every notification, and
// altered copies of it, to both parties: they must agree on which are genuine.
func notificationCase(b *bench, d *draw) error {
	mode := d.one("key", "cert")
	o, tradeNo, err := b.created(d, mode)
	if d.chance(50) {
		o, tradeNo, err = b.wild(d, mode)
	}
	if err != nil {
		return err
	}
	if _, _, err := b.notices(); err != nil { // what earlier cases left
		return err
	}
	if _, err := b.control("POST", "/sim/trades/"+tradeNo+"/pay", fields{"coupon": d.chance(30), "points": d.chance(30)}); err != nil {
		return err
	}
	if d.chance(50) {
		if _, err := b.control("POST", "/sim/trades/"+tradeNo+"/refund", fields{"reason": "console"}); err != nil {
			return err
		}
	}
	forms, got, err := b.notices()
	if err != nil || len(forms) == 0 {
		return errors.Join(err, same("notifications", len(forms), "some"))
	}
	for i, form := range forms {
		if err := b.showGenuine(mode, o, form, got[i]); err != nil {
			return err
		}
		for range 3 {
			if err := b.showAltered(d, mode, form); err != nil {
				return err
			}
		}
	}
	return nil
}

// wild is a trade whose subject has everything that the documents forbid and the
// gateway is reported to take; only the SDK asks for such a one.
func (b *bench) wild(d *draw, mode string) (order, string, error) {
	o := d.order(appID(mode), d.until(b.sim.Clock().Now()))
	o.request.Subject = d.text(200)
	o.biz["subject"] = o.request.Subject
	theirs, err := b.sdk(mode, alipay.MethodCreate, o.biz, "notify_url", notifyURL)
	if err == nil && theirs["code"] != "10000" {
		err = fmt.Errorf("%w: create by SDK: %v", errDisagree, theirs)
	}
	return o, text(theirs["trade_no"]), err
}

func (b *bench) showGenuine(mode string, o order, form map[string]string, got delivery) error {
	if !b.judge.genuine(form) {
		return fmt.Errorf("%w: the SDK refuses a genuine notification %v", errDisagree, form)
	}
	parsed, err := alipay.ParseNotification([]byte(got.body), got.contentType)
	if err != nil {
		return fmt.Errorf("%w: our client cannot parse %s: %w", errDisagree, got.body, err)
	}
	n, err := b.clients[mode].VerifyNotification(parsed)
	if errors.Is(err, alipay.ErrAmbiguousForm) && strings.Contains(form["subject"], "&") {
		// Stricter than the SDK on purpose: with `&x=` in a value another form
		// would have the same signed text. Our own orders cannot hold it.
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: our client refuses a genuine notification: %w", errDisagree, err)
	}
	fen, err := n.TotalFen()
	return errors.Join(err, same("out_trade_no", n.OutTradeNo, o.request.OutTradeNo), same("total_amount", fen, int64(o.request.TotalAmount)),
		same("subject", n.Get("subject"), o.request.Subject), same("passback_params", n.Get("passback_params"), o.request.PassbackParams))
}

// showAltered changes one thing; neither party may accept it.
func (b *bench) showAltered(d *draw, mode string, genuine map[string]string) error {
	form := maps.Clone(genuine)
	names := slices.Sorted(maps.Keys(form))
	name := names[d.IntN(len(names))]
	switch d.IntN(4) {
	case 0:
		form[name] += d.one("0", " ", "x", "&", "=")
	case 1:
		form[d.id("f")] = d.text(10)
	case 2:
		if name == "sign_type" {
			return nil // not covered by the signature; see limits_test.go
		}
		delete(form, name)
	default:
		form["sign"] = flip(d, form["sign"])
	}
	if maps.Equal(form, genuine) {
		return nil
	}
	values := url.Values{}
	for n, v := range form {
		values.Set(n, v)
	}
	if accepted := b.accepts(mode, values.Encode()); accepted {
		return fmt.Errorf("%w: our client accepts an altered notification %v, genuine is %v", errDisagree, form, genuine)
	}
	if sdkDecodesLoosely(genuine, form) {
		return nil
	}
	if b.judge.genuine(form) {
		return fmt.Errorf("%w: the SDK accepts an altered notification %v, genuine is %v", errDisagree, form, genuine)
	}
	return nil
}

// sdkDecodesLoosely names the alterations the SDK is known not to see: it
// ignores foreign characters in base64, and it falls back to the SDK's own
// algorithm when sign_type is unknown or absent.
func sdkDecodesLoosely(genuine, form map[string]string) bool {
	return genuine["sign"] != form["sign"] || genuine["sign_type"] != form["sign_type"]
}

func flip(d *draw, sign string) string {
	i := d.IntN(len(sign) - 4)
	letter := byte('A')
	if sign[i] == 'A' {
		letter = 'B'
	}
	return sign[:i] + string(letter) + sign[i+1:]
}

func (b *bench) accepts(mode, body string) bool {
	parsed, err := alipay.ParseNotification([]byte(body), formType)
	if err != nil {
		return false
	}
	_, err = b.clients[mode].VerifyNotification(parsed)
	return err == nil
}

// messageCase pushes an application-gateway message, which signs by another rule.
func messageCase(b *bench, d *draw) error {
	mode := d.one("key", "cert")
	_, tradeNo, err := b.created(d, mode)
	if err != nil {
		return err
	}
	if _, _, err := b.notices(); err != nil {
		return err
	}
	opened, err := b.control("POST", "/sim/trigger/complaint", fields{"trade_no": tradeNo, "reason": d.text(80)})
	if err != nil {
		return err
	}
	forms, got, err := b.notices()
	if err != nil || len(forms) != 1 {
		return errors.Join(err, same("messages", len(forms), 1))
	}
	if !b.judge.genuine(forms[0]) {
		return fmt.Errorf("%w: the SDK refuses a genuine message %v", errDisagree, forms[0])
	}
	parsed, err := alipay.ParseNotification([]byte(got[0].body), got[0].contentType)
	if err != nil {
		return err
	}
	if _, err := b.clients[mode].VerifyGatewayMessage(parsed); err != nil {
		return fmt.Errorf("%w: our client refuses a genuine message: %w", errDisagree, err)
	}
	id := text(opened["complain_event_id"])
	ours, r := b.clients[mode].ComplaintQuery(ctx(), alipay.ComplaintQueryRequest{ComplainEventID: id})
	theirs, err := b.sdk(mode, alipay.MethodComplaintQuery, fields{"complain_event_id": id})
	if err := errors.Join(err, done("complaint", r), agree("complaint", ours, theirs)); err != nil {
		return err
	}
	reply := d.text(100)
	r = b.clients[mode].ComplaintFeedback(ctx(), alipay.ComplaintFeedbackRequest{ComplainEventID: id, FeedbackCode: "02", FeedbackContent: reply})
	theirs, err = b.sdk(mode, alipay.MethodComplaintFeedback, fields{"complain_event_id": id, "feedback_code": "02", "feedback_content": reply})
	return errors.Join(err, done("feedback", r), same("feedback", theirs["code"], "10000"))
}

// brokenCase spoils an answer: the SDK must throw and our client must not know.
func brokenCase(b *bench, d *draw) error {
	mode := d.one("key", "cert")
	o, _, err := b.created(d, mode)
	if err != nil {
		return err
	}
	effect := d.one("unsigned", "wrong_key", "tamper", "foreign_node", "truncate", "html_502", "empty", "two_signs")
	fault := alipaysim.Fault{Effect: effect, Method: alipay.MethodQuery, OutTradeNo: o.request.OutTradeNo, Times: -1}
	if _, err := b.sim.AddFault(fault); err != nil {
		return err
	}
	_, r := b.clients[mode].Query(ctx(), alipay.QueryRequest{OutTradeNo: o.request.OutTradeNo})
	theirs, err := b.judge.exec(mode, alipay.MethodQuery, fields{"out_trade_no": o.request.OutTradeNo})
	if err == nil {
		return fmt.Errorf("%w: the SDK takes an answer spoilt by %s: %v", errDisagree, effect, theirs)
	}
	return same("class after "+effect, r.Class, alipay.Unknown)
}
