package core_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// A diary writes down everything that leaves core while an order lives: what the gateway is handed,
// every field of every row that a commit makes or changes, what is counted and alarmed, and what is
// answered. What only travels through, the object of an alarm, who is said to have done something:
// nothing of it can be dropped, swapped or taken from another place without a line of
// testdata/lives changing. All values are made to differ: time moves before every step, and the
// gateway answers with more than the other tests need.
//
// PAYMUX_TEST_UPDATE=1 writes the files anew; whoever does so reads the difference as a change of
// behaviour.
type diary struct {
	*world
	start time.Time
	lines []string
	names map[string]string // of ids, in the order in which they were met first
	kinds map[string]int
	rows  map[string]map[string]string
}

// chatty is the bank's channel with a diary: it notes what it is handed, and fills the answers'
// other fields.
type chatty struct {
	channel
	d *diary
}

func (c chatty) note(ctx context.Context, method string, request any) {
	about := core.ConcernOf(ctx)
	if _, limited := ctx.Deadline(); method != "authorize" && (!limited || about.Payment == "" || about.Attempt == "" || about.OutTradeNo == "") {
		c.d.t.Errorf("%s is called without an end, or about nothing: %+v", method, about)
	}
	c.d.line("call %s: %s; about %s", method, c.d.show(request), c.d.show(about))
}

// filled gives an answer what the plain bank leaves out: a key's version, and now and then a wish
// to be asked later.
func filled(a *core.Answer, method string) {
	a.KeyVersion = "key of " + method
	if a.Outcome == "wait" {
		a.Outcome, a.RetryAfter = core.OutcomeUnknown, 7*time.Minute
	}
}

func (c chatty) Pay(ctx context.Context, r core.PayRequest) core.PayResult {
	c.note(ctx, "pay", r)
	res := c.channel.Pay(ctx, r)
	filled(&res.Answer, "pay")
	if res.Outcome == core.OutcomeSucceeded {
		res.ChannelState = []byte("state of " + r.OutTradeNo)
	}
	return res
}

func (c chatty) Query(ctx context.Context, r core.TradeRef) core.TradeResult {
	c.note(ctx, "query", r)
	res := c.channel.Query(ctx, r)
	filled(&res.Answer, "query")
	res.Trade.ReceiptFen = max(0, res.Trade.TotalFen-3)
	return res
}

func (c chatty) Close(ctx context.Context, r core.TradeRef) core.CloseResult {
	c.note(ctx, "close", r)
	res := c.channel.Close(ctx, r)
	filled(&res.Answer, "close")
	return res
}

func (c chatty) Refund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	c.note(ctx, "refund", r)
	res := c.channel.Refund(ctx, r)
	filled(&res.Answer, "refund")
	if res.Outcome != core.OutcomeFailed {
		res.RefundState = []byte("state of " + r.OutRequestNo)
	}
	return res
}

func (c chatty) QueryRefund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	c.note(ctx, "query_refund", r)
	res := c.channel.QueryRefund(ctx, r)
	filled(&res.Answer, "query_refund")
	return res
}

func (c chatty) Authorize(ctx context.Context, account core.Account, code string) core.AuthorizeResult {
	c.note(ctx, "authorize", account.ID+" "+code)
	res := c.channel.Authorize(ctx, account, code)
	filled(&res.Answer, "authorize")
	return res
}

// signedMail is the mail with the version of the key that signed it, and reasons for what it does
// not take.
type signedMail struct{ mail }

func (m signedMail) Receive(ctx context.Context, a core.Account, msg core.Message) core.Receipt {
	r := m.mail.Receive(ctx, a, msg)
	r.KeyVersion = "key of the message"
	if !r.Verified {
		r.Detail = "as the log has it"
	}
	return r
}

// Happened and Alert write down what is told to those who watch.
func (d *diary) Happened(what, label string) { d.line("count %s %s", what, label) }

func (d *diary) Alert(level int, what, object, detail string) {
	d.line("alert %d %s %s: %s", level, what, object, detail)
}

func newDiary(t *testing.T) *diary {
	d := &diary{world: newWorld(t), names: map[string]string{}, kinds: map[string]int{}, rows: map[string]map[string]string{}}
	d.start = d.clock.Now()
	channels, err := core.NewChannels(
		chatty{channel{"alipay_mini", core.DoorNative, d.bank}, d}, chatty{channel{"wechat_h5", core.DoorPage, d.bank}, d},
	)
	if err != nil {
		t.Fatal(err)
	}
	d.Channels, d.Watch, d.Gateways = channels, d, []core.Gateway{signedMail{}}
	d.with(func(m *core.Merchant) {
		twoEndpoints(m)
		second := m.Accounts[0]
		second.ID, second.AppID, second.SellerID, second.Channels = "acc3", "2021000000000003", "2088000000000003", []core.ChannelID{"wechat_h5"}
		m.Accounts[0].Channels = []core.ChannelID{"alipay_mini"}
		m.Accounts = append(m.Accounts, second)
	})
	return d
}

var (
	anID      = regexp.MustCompile(`(?i)(01row|01trade|pay_|ref_01row|ref_|h5_|evt_)0{3,}\d+|\bX[0-9a-f]{31}\b|\b[0-9a-f]{64}\b`)
	goodsJSON = regexp.MustCompile(`"goods":\[[^]]*\]`)
	rawBody   = regexp.MustCompile(`"body":"[^"]+"`)
	aMoment   = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?\+0[08]:?00|Z)( UTC)?`)
	moments   = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999 -0700 MST"}
)

// named gives ids short names and tells times by the start: what a file says does not hang on how
// many ids are drawn.
func (d *diary) named(text string) string {
	text = anID.ReplaceAllStringFunc(text, func(id string) string {
		if name, ok := d.names[id]; ok {
			return name
		}
		kind := map[byte]string{'0': "row", 'p': "pay", 'r': "ref", 'h': "page", 'e': "event", 'X': "outside"}[id[0]]
		if strings.HasPrefix(id, "01TRADE") {
			kind = "number"
		}
		if len(id) == 64 {
			kind = "hash"
		}
		d.kinds[kind]++
		d.names[id] = fmt.Sprintf("%s#%d", kind, d.kinds[kind])
		return d.names[id]
	})
	return aMoment.ReplaceAllStringFunc(text, func(moment string) string {
		for _, form := range moments {
			if t, err := time.Parse(form, moment); err == nil {
				return "@" + t.Sub(d.start).String()
			}
		}
		return moment
	})
}

func (d *diary) line(format string, args ...any) {
	d.lines = append(d.lines, d.named(fmt.Sprintf(format, args...)))
}

// step begins a step: time has passed, and somebody does something.
func (d *diary) step(what string) {
	d.clock.Advance(1010 * time.Millisecond)
	d.lines = append(d.lines, "", fmt.Sprintf("-- @%s %s", d.clock.Now().Sub(d.start), what))
}

// told ends a step: what was answered, and what has become of the books.
func (d *diary) told(answers ...any) {
	for _, a := range answers {
		if a == nil {
			continue
		}
		d.line("answer %s", d.show(a))
	}
	all := d.memory.All()
	for _, o := range all.Orders {
		d.row("payment", &o.Payment)
		for i := range o.Attempts {
			d.row("attempt", &o.Attempts[i])
		}
		for i := range o.Refunds {
			d.row("refund", &o.Refunds[i])
		}
	}
	eachRow(d, "audit", all.Audits)
	eachRow(d, "entry", all.Entries)
	eachRow(d, "event", all.Events)
	eachRow(d, "delivery", all.Deliveries)
	eachRow(d, "inbox", all.Inbox)
	eachRow(d, "key", all.Idempotency)
	eachRow(d, "payer", all.Payers)
}

func eachRow[T any, P interface {
	*T
	core.Row
}](d *diary, kind string, rows []T) {
	for i := range rows {
		d.row(kind, P(&rows[i]))
	}
}

// row notes what is new of a row.
func (d *diary) row(kind string, r core.Row) {
	key := kind + " " + r.RowID()
	known, now := d.rows[key], map[string]string{}
	var fresh []string
	for field, value := range reflect.ValueOf(r).Elem().Fields() {
		raw := fmt.Sprint(value.Interface())
		if now[field.Name] = raw; known[field.Name] != raw && (known != nil || !value.IsZero()) {
			fresh = append(fresh, field.Name+"="+d.show(value.Interface()))
		}
	}
	d.rows[key] = now
	if len(fresh) > 0 {
		d.line("%s %s %s", pick(known == nil, "+", "~"), key, strings.Join(fresh, " "))
	}
}

// once writes a long text where it is met first, and names it from then on.
func (d *diary) once(text string) string {
	if len(text) < 80 {
		return text
	}
	if name, ok := d.names[text]; ok {
		return name
	}
	d.kinds["text"]++
	d.names[text] = fmt.Sprintf("text#%d", d.kinds["text"])
	return d.names[text] + "=" + text
}

// show writes a value with its fields that are not empty.
func (d *diary) show(v any) (shown string) {
	switch v := v.(type) {
	case nil:
		return "nothing"
	case []byte:
		if purpose, sealed, ok := strings.Cut(string(v), ":"); ok && (purpose == "payer" || purpose == "inbox") {
			return d.named(purpose + " sealed(" + rawBody.ReplaceAllString(turn(sealed), `"body":"raw"`) + ")")
		}
		text := goodsJSON.ReplaceAllStringFunc(d.named(string(v)), d.once)
		return d.once(text)
	case time.Time:
		return pick(v.IsZero(), "never", d.named("@"+v.Sub(d.start).String()))
	case *core.Error:
		return "error " + d.show(*v)
	case error:
		return "error " + v.Error()
	}
	value := reflect.ValueOf(v)
	switch value.Kind() {
	case reflect.Struct:
		var fields []string
		if _, long := v.(core.Account); long {
			defer func() { shown = d.once(shown) }()
		}
		for field, one := range value.Fields() {
			if field.IsExported() && !one.IsZero() {
				fields = append(fields, field.Name+":"+d.show(one.Interface()))
			}
		}
		return "{" + strings.Join(fields, " ") + "}"
	case reflect.Slice:
		var all []string
		if _, long := v.([]core.Line); long {
			defer func() { shown = d.once(shown) }()
		}
		for i := range value.Len() {
			all = append(all, d.show(value.Index(i).Interface()))
		}
		return "[" + strings.Join(all, " ") + "]"
	case reflect.Pointer:
		if value.IsNil() {
			return "nothing"
		}
		return d.show(value.Elem().Interface())
	case reflect.String:
		return d.named(fmt.Sprintf("%q", v))
	default:
		return d.named(fmt.Sprint(v))
	}
}

// compare holds the diary against the one that is kept.
func (d *diary) compare(t *testing.T, name string) {
	t.Helper()
	i := core.Inspection{}
	_ = d.memory.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		i.Order(&o, entries, events)
		return nil
	})
	if breaches := i.Finish(false); len(breaches) > 0 {
		t.Errorf("the books of this life are not sound: %v", breaches)
	}
	file := filepath.Join("testdata", "lives", name+".txt")
	got := strings.TrimSpace(strings.Join(d.lines, "\n")) + "\n"
	if os.Getenv("PAYMUX_TEST_UPDATE") != "" {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Split(string(kept), "\n")
	for i, line := range strings.Split(got, "\n") {
		if i >= len(want) || line != want[i] {
			from := max(0, i-1)
			t.Fatalf("%s:%d differs; if that is meant, PAYMUX_TEST_UPDATE=1 go test -run TestLives ./core writes it anew\n got %s\nwant %s",
				file, i+1, line, strings.Join(slices.Clip(want[min(from+1, len(want)):min(i+1, len(want))]), "\n"))
		}
	}
	if len(want) != len(strings.Split(got, "\n")) {
		t.Fatalf("%s: the life ends early", file)
	}
}

// message delivers a notice, as the gateway sends it to the account's path.
func (d *diary) message(account string, n core.Notice) {
	body, err := json.Marshal(n)
	if err != nil {
		d.t.Fatal(err)
	}
	d.raw(account, body)
}

func (d *diary) raw(account string, body []byte) {
	reply, err := d.Receive(context.Background(), "alipay", account, core.Message{Method: "POST", Body: body})
	d.told(reply, err)
}
