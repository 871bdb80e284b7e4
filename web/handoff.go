package web

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// handOff is what the hand-off page shows of an attempt.
type handOff struct {
	Merchant, Subject, Amount string
	State                     core.PageState
	SecondsLeft               int64
	Gateway                   core.Words     // its name, as a noun
	Container                 core.Container // the app that shows the page; none in a browser
	Payable                   bool           // payable where it is shown: the form is offered
	Guide                     bool           // payable elsewhere: the way out is shown
	Link                      string
	PayURL                    string
	StatusURL                 string
	BackURL                   string // the merchant's page, once there is nothing left to pay
	Returned                  bool   // the buyer comes back from the gateway
	Headline                  headline
	Late                      []lateLine
	LateMark                  string // changes when what becomes of late money changes
}

// lateLine tells of one sum that nobody waited for.
type lateLine struct{ Amount, Chinese, English, Seen, Ended string }

// lateMark is what the page compares to see that something has changed.
func lateMark(late []core.LateMoney) string {
	states := make([]string, len(late))
	for i, m := range late {
		states[i] = string(m.State)
	}
	return strings.Join(states, ",")
}

// minuteOf shortens a stamp of core to what a buyer reads: Shanghai's day and minute.
func minuteOf(stamp string) string {
	if len(stamp) < len("2006-01-02T15:04") {
		return stamp
	}
	return strings.Replace(stamp[:len("2006-01-02T15:04")], "T", " ", 1)
}

func lateLines(late []core.LateMoney) (lines []lateLine) {
	for _, m := range late {
		h := lateHeadline(m.State)
		lines = append(lines, lateLine{m.AmountFen.Yuan(), h.Chinese, h.English, minuteOf(m.SeenAt), minuteOf(m.EndedAt)})
	}
	return lines
}

// lateHeadline says what becomes of money that came when nobody waited for it.
func lateHeadline(state core.LateState) headline {
	switch state {
	case core.LateReturning:
		return headline{
			"moved", "付款已收到，正在退回", "Received, and on its way back", "款项到账时订单已经关闭或付过，正按原路退回，到账时间以{支付平台}为准。请不要为这笔订单再次付款。",
			"It came after the order was closed or paid, and goes back the way it came. Please do not pay again.",
		}
	case core.LateReturned:
		return headline{
			"moved", "付款已退回", "Your money went back", "款项到账时订单已经关闭或付过，已按原路退回，到账时间以{支付平台}为准。",
			"It came after the order was closed or paid, and went back the way it came.",
		}
	case core.LateKept:
		return headline{
			"paid", "商家已收下这笔付款", "The shop has kept your payment", "款项到账时订单已经关闭或付过，商家决定收下。如有疑问，请联系商家。",
			"It came after the order was closed or paid, and the shop has kept it. Please ask the shop.",
		}
	default:
		return headline{
			"wait", "付款已收到，商家处理中", "Received; the shop decides about it", "款项到账时订单已经关闭或付过，商家会决定退回还是收下。请不要再次付款，可联系商家。",
			"It came after the order was closed or paid. The shop will send it back or keep it. Please do not pay again.",
		}
	}
}

// headlineOfPage says how things stand. Whoever paid must not be told to order again: money that
// was seen goes before the order's end.
func headlineOfPage(page core.Page) headline {
	over := page.State == core.PageClosed || page.State == core.PageExpired
	if over && len(page.Late) > 0 {
		return lateHeadline(page.Late[len(page.Late)-1].State)
	}
	return headlineOf(page.State)
}

// headline says how things stand, Chinese first.
type headline struct{ Icon, Chinese, English, Hint, EnglishHint string }

// naming puts the gateway's name into the hint.
func (h headline) naming(gateway core.Words) headline {
	hint := core.Words{ZH: h.Hint, EN: h.EnglishHint}.Naming(gateway)
	h.Hint, h.EnglishHint = hint.ZH, hint.EN
	return h
}

// gatewayOf is the name of a page's gateway, or words that serve where it is not known.
func gatewayOf(page core.Page) core.Words {
	return core.Words{ZH: "{支付平台}", EN: "{the gateway}"}.Naming(page.GatewayName)
}

func headlineOf(state core.PageState) headline {
	switch state {
	case core.PagePayable:
		return headline{"wait", "等待支付", "Waiting for payment", "", ""}
	case core.PageMoved:
		return headline{"moved", "已换到别处支付", "The payment goes on elsewhere", "请在新的页面继续支付，本页无需操作。", "Nothing is left to do on this page."}
	case core.PagePaid:
		return headline{"paid", "支付成功", "Paid", "商家已收到款项，感谢您的购买。", "The shop has received your payment."}
	case core.PageRefunded:
		return headline{"moved", "已全额退款", "Refunded", "款项按原路退回，到账时间以{支付平台}为准。", "The money goes back the way it came."}
	case core.PageClosed:
		return headline{"closed", "订单已关闭", "The order is closed", "如仍需购买，请回到商家重新下单。", "To buy, order again at the shop."}
	case core.PageExpired:
		return headline{"closed", "订单已超时", "The order has expired", "已付款的，结果稍后更新。未付款请重新下单。", "If you have paid, the result will show up here. If not, order again."}
	default:
		return headline{"wait", "正在确认支付结果", "Checking the result", "通常只需几秒钟，请不要重复付款。", "This takes a few seconds. Please do not pay again."}
	}
}

func (s *Server) pageOf(c *call) (core.Page, error) {
	token, err := c.pathName("token")
	if err != nil {
		return core.Page{}, err
	}
	return s.Cashier.Page(c.ctx(), token)
}

// containerOf tells where a page is shown, by what its reader says of itself.
func (s *Server) containerOf(c *call) core.Container {
	return s.Containers.ContainerOf(c.Request().UserAgent())
}

func (s *Server) handOffOf(page core.Page, where core.Container) handOff {
	payable := page.State == core.PagePayable
	v := handOff{
		Merchant: page.MerchantName, Subject: page.Subject, Amount: page.AmountFen.Yuan(), State: page.State, SecondsLeft: page.SecondsLeft,
		Gateway: gatewayOf(page), Container: where,
		Payable: payable && !where.Leave, Guide: payable && where.Leave,
		Link: s.BaseURL + "/h5/" + page.Token, PayURL: "/h5/" + page.Token + "/pay", StatusURL: "/h5/" + page.Token + "/status",
		Headline: headlineOfPage(page).naming(page.GatewayName), Late: lateLines(page.Late), LateMark: lateMark(page.Late),
	}
	if !payable && page.State != core.PageChecking {
		v.BackURL = page.ReturnURL
	}
	return v
}

// showHandOff shows what is to be paid, and either the form that opens the gateway or the way out
// of the app. It reads only: nothing is signed until the form is posted, so previews, scanners and
// prefetching open nothing.
func (s *Server) showHandOff(c *call) error {
	page, err := s.pageOf(c)
	if err != nil {
		return err
	}
	return s.renderHandOff(c, http.StatusOK, s.handOffOf(page, s.containerOf(c)))
}

func (s *Server) renderHandOff(c *call, status int, v handOff) error {
	return s.render(c, status, "handoff.html", "'self'", sheet{Title: v.Headline.Chinese, Script: "handoff.js", View: v})
}

// openHandOff signs, and leads on to the gateway. From inside an app it answers with the guide
// instead: the gateway's page could not open there.
func (s *Server) openHandOff(c *call) error {
	if where := s.containerOf(c); where.Leave {
		page, err := s.pageOf(c)
		if err != nil {
			return err
		}
		return s.renderHandOff(c, http.StatusForbidden, s.handOffOf(page, where))
	}
	token, err := c.pathName("token")
	if err != nil {
		return err
	}
	if !s.opens.allow(token, network(c.RealIP()), s.Clock.Now()) {
		return &core.Error{Code: core.CodePageBusy, Message: "the page was opened too often; wait a moment", RetryAfterSeconds: openPauseSeconds}
	}
	action, page, err := s.Cashier.Open(c.ctx(), token)
	if err != nil {
		return err
	}
	if action.Empty() || action.Type == core.ActionNone {
		return s.renderHandOff(c, http.StatusOK, s.handOffOf(page, core.Container{}))
	}
	door, err := doorOf(action)
	if err != nil {
		return err
	}
	door.Merchant, door.Amount, door.Gateway = page.MerchantName, page.AmountFen.Yuan(), gatewayOf(page)
	origins := strings.Join(append([]string{door.origin}, s.GatewayOrigins...), " ")
	return s.render(c, http.StatusOK, "gateway.html", origins, sheet{Title: "正在打开" + door.Gateway.ZH, Script: "gateway.js", View: door})
}

// door is a form that leads to the gateway.
type door struct {
	Method, URL      string
	Fields           []field
	Merchant, Amount string
	Gateway          core.Words // its name, as a noun
	origin           string
}

type field struct{ Name, Value string }

// doorOf makes a form of an action. A redirect becomes a GET form of the same address, so that one
// page serves both and the policy names the origin.
func doorOf(a core.Action) (door, error) {
	u, err := url.Parse(a.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return door{}, fmt.Errorf("web: the channel's action leads to no web address")
	}
	d := door{Method: "post", URL: a.URL, origin: u.Scheme + "://" + u.Host}
	switch a.Type {
	case core.ActionForm:
		for _, name := range slices.Sorted(maps.Keys(a.Fields)) {
			d.Fields = append(d.Fields, field{name, a.Fields[name]})
		}
	case core.ActionRedirect:
		query, err := url.ParseQuery(u.RawQuery)
		if err != nil {
			return door{}, fmt.Errorf("web: the channel's action has a malformed query")
		}
		for _, name := range slices.Sorted(maps.Keys(query)) {
			for _, value := range query[name] {
				d.Fields = append(d.Fields, field{name, value})
			}
		}
		u.RawQuery = ""
		d.Method, d.URL = "get", u.String()
	default:
		return door{}, fmt.Errorf("web: a hand-off page cannot show an action of type %s", a.Type)
	}
	return d, nil
}

// statusView is what the page polls.
type statusView struct {
	State       core.PageState `json:"state"`
	SecondsLeft int64          `json:"seconds_left"`
	// Late tells of money that came when nobody waited for it.
	Late []core.LateMoney `json:"late,omitempty"`
}

func (s *Server) showStatus(c *call) error {
	page, err := s.pageOf(c)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, statusView{page.State, page.SecondsLeft, page.Late})
}

// showReturn is where the gateway sends the buyer's browser. What the gateway, or anybody, wrote
// into the query is not looked at: the page shows what our own books say, and asks them again until
// they are sure (W12, S18).
func (s *Server) showReturn(c *call) error {
	page, err := s.pageOf(c)
	if err != nil {
		return err
	}
	where := s.containerOf(c)
	v := s.handOffOf(page, where)
	v.Returned, v.Payable, v.Guide = true, false, false
	if page.State == core.PagePayable {
		v.Headline = headlineOf(core.PageChecking)
	}
	return s.renderHandOff(c, http.StatusOK, v)
}
