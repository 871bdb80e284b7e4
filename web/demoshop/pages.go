package demoshop

import (
	"bytes"
	"encoding/base32"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// pages are the parsed templates.
type pages struct{ set *template.Template }

func loadPages(from fs.FS) (*pages, error) {
	set, err := template.New("shop").Funcs(template.FuncMap{
		"yuan": yuan, "status": statusName, "attemptState": attemptName, "refundState": refundName, "clock": clockOf, "json": pretty,
		"prefix": func() string { return Prefix },
	}).ParseFS(from, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("demoshop: templates: %w", err)
	}
	return &pages{set}, nil
}

// What the templates show.
type (
	lobbyView struct {
		Shop     string
		Phones   []phone
		Goods    []good
		Orders   []core.PaymentView
		Faults   []Fault
		Provoked string
		Ahead    string // how far the gateway's clock is ahead, or ""
		API      string
	}
	storefrontView struct {
		Shop    string
		Phone   phone
		Goods   []good
		Plans   []plan
		Chosen  string
		Periods int
		Ahead   string
		Refused *web.Problem
	}
	orderView struct {
		Shop    string
		Phone   phone
		Payment core.PaymentView
		State   string // what the page polls for a change of
		Key     string // idempotency key of the buttons
		Cashier string // where my.tradePay leads, or ""
		Page    string // the hand-off page, or ""
		InApp   string // the hand-off page as the host app shows it, or ""
		Payable bool
		Half    int64 // fen that the button for half a refund sends back
		Refused *web.Problem
	}
	noticeView struct{ Shop, Title, English, Detail string }
)

func (s *Shop) lobby(w http.ResponseWriter, r *http.Request) {
	latest, err := s.api.latest(r.Context())
	if err != nil {
		s.broken(w, err)
		return
	}
	view := lobbyView{Shop: s.Name, Phones: phones(), Goods: shelf(), Orders: latest, Faults: s.Host.Faults(), Ahead: s.ahead(), API: s.API}
	for _, f := range view.Faults {
		if f.ID == r.URL.Query().Get("provoked") {
			view.Provoked = f.Name + " · " + f.English
		}
	}
	s.render(w, http.StatusOK, "lobby.html", view)
}

// ahead says how far the gateway's clock is before ours. It refuses new orders that expire within
// that time, and no shop could guess why.
func (s *Shop) ahead() string {
	if lead := s.Host.ClockAhead(); lead >= NoticeableLead {
		return lead.Round(time.Second).String()
	}
	return ""
}

func (s *Shop) orderView(p core.PaymentView, refused *web.Problem) orderView {
	on, _ := phoneOf(string(p.Platform))
	v := orderView{Shop: s.Name, Phone: on, Payment: p, State: stateOf(p), Refused: refused}
	v.Key, v.Half = s.OrderNo(), int64(max(p.RefundableFen/2, 1))
	v.Payable = p.Status == core.PaymentCreated || p.Status == core.PaymentPaying
	if !v.Payable || p.Action == nil {
		return v
	}
	switch p.Action.Type {
	case "alipay_trade_no", "alipay_order_str":
		v.Cashier = s.Host.CashierURL(*p.Action, s.API+Prefix+"/orders/"+p.ID)
	case core.ActionH5Page:
		v.Page = p.Action.URL
		if on.Agent != "" {
			v.InApp = Prefix + "/in/" + on.Platform + "/" + path.Base(p.Action.URL)
		}
	default:
	}
	return v
}

func (s *Shop) render(w http.ResponseWriter, status int, name string, view any) {
	var page bytes.Buffer
	if err := s.pages.set.ExecuteTemplate(&page, name, view); err != nil {
		s.Logger.Error("demo shop page", "page", name, "error", err)
		http.Error(w, "a fault of the demo shop", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w)
}

func (s *Shop) missing(w http.ResponseWriter) {
	s.render(w, http.StatusNotFound, "notice.html", noticeView{Shop: s.Name, Title: "没有这个页面", English: "There is nothing here"})
}

// broken tells that the API, or the way to it, failed: the page says so and the log says why.
func (s *Shop) broken(w http.ResponseWriter, err error) {
	s.Logger.Warn("demo shop", "error", err)
	s.render(w, http.StatusBadGateway, "notice.html", noticeView{
		Shop: s.Name, Title: "暂时没有结果，请稍后再看", English: "No answer yet; look again in a moment", Detail: err.Error(),
	})
}

// yuan shows fen as people read money.
func yuan(fen any) string {
	var n int64
	switch v := fen.(type) {
	case core.Fen:
		n = int64(v)
	case int64:
		n = v
	}
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// bilingual is a word for people.
type bilingual struct{ Name, English string }

func statusName(p core.PaymentView) bilingual {
	if p.Settling && p.Action == nil && p.Status == core.PaymentCreated {
		return bilingual{"正在向支付宝核实", "asking the gateway"}
	}
	names := map[core.PaymentStatus]bilingual{
		core.PaymentCreated: {"待付款", "waiting for payment"}, core.PaymentPaying: {"待付款", "waiting for payment"},
		core.PaymentClosing: {"正在关闭", "closing"}, core.PaymentPaid: {"已付款", "paid"},
		core.PaymentPartiallyRefunded: {"部分退款", "partially refunded"}, core.PaymentRefunded: {"已退款", "refunded"},
		core.PaymentClosed: {"已关闭", "closed"},
	}
	return names[p.Status]
}

// attemptName calls nothing payable whose outcome is not known.
func attemptName(a core.AttemptView) bilingual {
	if a.Settling {
		return bilingual{"核实中", "being asked for"}
	}
	names := map[core.AttemptState]bilingual{
		core.AttemptReady: {"未打开", "not opened"}, core.AttemptSent: {"可付款", "payable"}, core.AttemptPaid: {"已付款", "paid"},
		core.AttemptClosed: {"已关闭", "closed"}, core.AttemptLatePaid: {"关闭后到账", "paid late"}, core.AttemptDuplicate: {"重复付款", "paid twice"},
	}
	return names[a.State]
}

func refundName(s core.RefundStatus) bilingual {
	names := map[core.RefundStatus]bilingual{
		core.RefundPendingApproval: {"待审批", "waiting for approval"}, core.RefundProcessing: {"处理中", "processing"},
		core.RefundSucceeded: {"已退回", "sent back"}, core.RefundFailed: {"未退成", "failed"},
	}
	return names[s]
}

// clockOf cuts the time of day out of an RFC 3339 stamp.
func clockOf(stamp string) string {
	_, clock, _ := strings.Cut(stamp, "T")
	clock, _, _ = strings.Cut(clock, ".")
	return clock
}

func pretty(v any) (string, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return string(text), err
}

// OrderNumbers makes order numbers of 80 random bits each, as a shop's own system would; draw must
// not fail.
func OrderNumbers(draw func(n int) []byte) func() string {
	return func() string {
		return "S" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(draw(orderNoBytes))
	}
}

const orderNoBytes = 10
