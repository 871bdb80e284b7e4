package web_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/paymux/paymux/core"
)

type lateStatus struct {
	State core.PageState
	Late  []core.LateMoney
}

// W33: whoever paid an order that was over learns that the money was seen and what becomes of it,
// on each page and by polling alike, and is not told to order again.
func TestPagesTellOfLateMoney(t *testing.T) {
	w, pages := worldOfPages(t)
	for _, c := range []struct {
		name             string
		state            core.PageState
		late             []core.LateMoney
		chinese, english []string
		not              []string
	}{
		{"on its way back", core.PageClosed, []core.LateMoney{{AmountFen: 1999, State: core.LateReturning, SeenAt: "2026-11-22T20:05:09.000+08:00"}},
			[]string{"付款已收到，正在退回", "¥19.99", "2026-11-22 20:05 收到"}, []string{"on its way back"}, []string{"重新下单", "order again", "20:05:09"}},
		{"back", core.PageExpired, []core.LateMoney{{AmountFen: 1999, State: core.LateReturned, SeenAt: "2026-11-22T20:05:09.000+08:00", EndedAt: "2026-11-23T08:00:00.000+08:00"}},
			[]string{"付款已退回", "2026-11-23 08:00 退回"}, []string{"went back"}, []string{"重新下单"}},
		{"kept", core.PageClosed, []core.LateMoney{{AmountFen: 1999, State: core.LateKept, SeenAt: "2026-11-22T20:05:09.000+08:00"}},
			[]string{"商家已收下这笔付款"}, []string{"The shop has kept your payment"}, []string{"重新下单"}},
		{"held", core.PageClosed, []core.LateMoney{{AmountFen: 1999, State: core.LateUndecided, SeenAt: "2026-11-22T20:05:09.000+08:00"}},
			[]string{"商家处理中", "请不要再次付款"}, []string{"the shop decides"}, []string{"重新下单"}},
		{"paid twice", core.PagePaid, []core.LateMoney{{AmountFen: 2001, State: core.LateReturning, Duplicate: true, SeenAt: "2026-11-22T20:05:09.000+08:00"}},
			[]string{"支付成功", "¥20.01", "正在退回"}, []string{"received your payment", "on its way back"}, nil},
		{"twice, the last undecided", core.PageClosed, []core.LateMoney{
			{AmountFen: 1, State: core.LateReturned, SeenAt: "2026-11-22T20:05:09.000+08:00", EndedAt: "2026-11-23T08:00:00.000+08:00"},
			{AmountFen: 2, State: core.LateUndecided, SeenAt: "2026-11-24T20:05:09.000+08:00"},
		}, []string{"<title>付款已收到，商家处理中</title>", "付款已退回", "2026-11-24 20:05 收到"}, []string{"the shop decides"}, []string{"重新下单"}},
		{"nothing late", core.PageClosed, nil, []string{"订单已关闭", "重新下单"}, []string{"order again"}, []string{`class="late"`, "收到"}},
	} {
		pages.show.State, pages.show.Late = c.state, c.late
		for _, path := range []string{"/h5/h5_x", "/return/h5_x"} {
			body := w.page(path, uaSafari).Body.String()
			for i, said := range append(c.chinese, c.english...) {
				if !strings.Contains(body, said) {
					t.Errorf("%s, %s: %d: does not say %s", c.name, path, i, said)
				}
			}
			for _, said := range c.not {
				if strings.Contains(body, said) {
					t.Errorf("%s, %s: says %s", c.name, path, said)
				}
			}
			if len(c.late) > 0 && strings.Index(body, c.chinese[0]) > strings.Index(body, c.english[0]) {
				t.Errorf("%s: Chinese is not first", c.name)
			}
		}
		status := decode[lateStatus](t, w.page("/h5/h5_x/status", uaSafari))
		if status.State != c.state || len(status.Late) != len(c.late) || len(c.late) > 0 && status.Late[0] != c.late[0] {
			t.Errorf("%s: %+v", c.name, status)
		}
	}
}

// W33: the page follows what people decide: held, sent back or kept; a refund that waits for an
// approver decides nothing yet. Each page of an order tells of all its money.
func TestLatePagesFollowTheDecision(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit core.Fen
		calls []string
		want  []core.LateState
	}{
		{"sent back", 0, []string{"refund-late"}, []core.LateState{core.LateUndecided, core.LateReturned}},
		{"kept, and sent back all the same", 0, []string{"accept-late", "refund-late"}, []core.LateState{core.LateUndecided, core.LateKept, core.LateReturned}},
		{"waits for an approver", 1, []string{"refund-late"}, []core.LateState{core.LateUndecided, core.LateUndecided}},
	} {
		w := newWorld(t)
		w.limit("m_a", c.limit)
		p := w.create("m_a", "wechat", "o1")
		first := "/h5/" + tokenOf(p)
		other := decode[core.PaymentView](t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/attempts", `{"platform":"douyin"}`))
		path := "/h5/" + tokenOf(other)
		want(t, w.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/close", ""), 200, "")
		if late := decode[lateStatus](t, w.page(path+"/status", uaSafari)).Late; late != nil {
			t.Errorf("%s: before: %+v", c.name, late)
		}
		w.pay(p)
		seen := func() core.LateState {
			late := decode[lateStatus](t, w.page(path+"/status", uaSafari)).Late
			if others := decode[lateStatus](t, w.page(first+"/status", uaSafari)).Late; len(late) != 1 || len(others) != 1 || others[0] != late[0] || late[0].AmountFen != 1999 || late[0].SeenAt == "" {
				t.Fatalf("%s: %+v, the first page says %+v", c.name, late, others)
			}
			if (late[0].EndedAt != "") != (late[0].State == core.LateReturned) {
				t.Errorf("%s: %+v", c.name, late[0])
			}
			return late[0].State
		}
		got := []core.LateState{seen()}
		for _, call := range c.calls {
			if answer := w.as("m_a/admin", "POST", "/v1/payments/"+p.ID+"/"+call, ""); answer.Code != 200 {
				t.Fatalf("%s: %d %s", call, answer.Code, answer.Body)
			}
			got = append(got, seen())
		}
		for i := range c.want {
			if got[i] != c.want[i] {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	}
}

// W33: the open page of a closed order changes by itself when money comes, and again when it went
// back; looked at by a person in the pictures.
func TestBrowserLateMoney(t *testing.T) {
	s := newSite(t)
	s.limit("m_a", 0)
	b := chromium(t, uaSafari)
	p := s.create("m_a", "wechat", "o1")
	want(t, s.as("m_a/cashier", "POST", "/v1/payments/"+p.ID+"/close", ""), 200, "")
	b.do(chromedp.Navigate(s.options.BaseURL + "/h5/" + tokenOf(p)))
	b.see("订单已关闭")
	s.pay(p)
	b.see("商家处理中")
	b.shoot("late-held")
	want(t, s.as("m_a/admin", "POST", "/v1/payments/"+p.ID+"/refund-late", ""), 200, "")
	b.see("付款已退回")
	b.shoot("late-returned")
	var width int
	b.do(chromedp.Evaluate("document.documentElement.scrollWidth", &width))
	if width > 390 {
		t.Errorf("%d pixels wide", width)
	}
}
