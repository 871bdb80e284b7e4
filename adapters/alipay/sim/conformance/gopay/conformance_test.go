package gopay

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	body "github.com/go-pay/gopay"

	"github.com/paymux/paymux/adapters/alipay"
)

// errDisagree is wrapped by every difference between two parties.
var errDisagree = errors.New("disagreement")

// table is every kind of case, each with its share.
func table() []conformanceCase {
	return []conformanceCase{
		{"trade", 30, tradeCase}, {"v3 trade", 25, v3TradeCase}, {"refusal", 10, refusalCase}, {"our request", 15, requestCase},
		{"page", 15, pageCase}, {"notification", 20, notificationCase}, {"broken answer", 8, brokenCase}, {"odd answer", 8, oddCase},
	}
}

type conformanceCase struct {
	name   string
	weight int
	run    func(*bench, party, *draw) error
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, value)
	}
	return n
}

// TestGopay runs CASES (default 300) cases from SEED (default 1). Every kind of
// case runs at least once.
func TestGopay(t *testing.T) {
	cases, seed := number(t, "CASES", 300), number(t, "SEED", 1)
	b := newBench(t, seed)
	var wheel []conformanceCase
	for _, c := range table() {
		for range c.weight {
			wheel = append(wheel, c)
		}
	}
	counts := map[string]int{}
	for i := range cases {
		d := &draw{Rand: rand.New(rand.NewPCG(seed, i)), number: fmt.Sprintf("%d_%d", seed, i)}
		c := wheel[d.IntN(len(wheel))]
		if i < uint64(len(table())) {
			c = table()[i]
		}
		counts[c.name]++
		mode := d.one("key", "cert")
		if err := c.run(b, b.parties[mode], d); err != nil {
			t.Errorf("case %d (%s, %s) of seed %d: %v", i, c.name, mode, seed, err)
		}
		b.sim.ClearFaults()
		if t.Failed() && i > 30 {
			break // one reason is enough to read
		}
	}
	if totals := b.sim.Book().Totals(); totals.NetFen < 0 || totals.RefundedFen > totals.CapturedFen {
		t.Errorf("the book gives back more than it took: %+v", totals)
	}
	t.Logf("%d cases: %v", cases, counts)
}

// draw makes random parameters, all of them legal.
type draw struct {
	*rand.Rand
	number string // unique to the case
	count  int
}

func (d *draw) one(of ...string) string { return of[d.IntN(len(of))] }

func (d *draw) chance(percent int) bool { return d.IntN(100) < percent }

// id is a number nobody has used.
func (d *draw) id(kind string) string {
	d.count++
	return fmt.Sprintf("%s%s_%d", kind, d.number, d.count)
}

// label is a subject made of what breaks signatures when somebody escapes or decodes once too
// often.
func (d *draw) label() string {
	words := []string{"咖啡", "a b", "50%", "%41", "1+1", "&copy;", `"quoted"`, `back\slash`, "it's", "<b>", "😀", "é", "{}", "}", `"sign"`, "#", "?", "|", ",", "中文，标点。"}
	var text strings.Builder
	for range 1 + d.IntN(5) {
		text.WriteString(d.one(words...))
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/=&", r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, text.String()+"z")
}

func (d *draw) fen() int64 { return 1 + d.Int64N(9_000_000) }

// order is a random order, for gopay and as our own request.
func (d *draw) order(appID string) (body.BodyMap, alipay.CreateRequest) {
	fen := d.fen()
	expires := time.Now().Add(time.Duration(10+d.IntN(1000)) * time.Minute)
	r := alipay.CreateRequest{TimeExpire: alipay.At(expires), OutTradeNo: d.id("T"), TotalAmount: alipay.Amount(fen), Subject: d.label(), OpAppID: appID, BuyerID: buyer, SellerID: seller, NotifyURL: notifyURL}
	m := body.BodyMap{"out_trade_no": r.OutTradeNo, "total_amount": alipay.FenToYuan(fen), "subject": r.Subject,
		"product_code": "JSAPI_PAY", "op_app_id": appID, "buyer_id": buyer, "seller_id": seller, "time_expire": alipay.FormatTime(expires)}
	if d.chance(40) {
		r.PassbackParams = "a%3D1%26b%3D" + fmt.Sprint(d.IntN(99))
		m["passback_params"] = r.PassbackParams
	}
	return m, r
}

func ctx() context.Context { return context.Background() }

// read is an answer's members, whoever read them.
func read(answer any) (map[string]any, error) {
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var members map[string]any
	return members, json.Unmarshal(text, &members)
}

// agree compares what both know of an answer. gopay's types lack some members
// and ours others; a member that both have must say the same.
func agree(what string, ours, theirs any) error {
	mine, err := read(ours)
	if err != nil {
		return err
	}
	other, err := read(theirs)
	if err != nil {
		return err
	}
	shared := 0
	for name, value := range mine {
		theirs, known := other[name]
		if _, text := value.(string); !known || !text {
			continue
		}
		shared++
		if err := same(what+"."+name, value, theirs); err != nil {
			return err
		}
	}
	if shared < 2 {
		return fmt.Errorf("%w: %s: only %d members in common: %v and %v", errDisagree, what, shared, mine, other)
	}
	return nil
}

func same(what string, ours, theirs any) error {
	if fmt.Sprint(ours) != fmt.Sprint(theirs) {
		return fmt.Errorf("%w: %s: %v and %v", errDisagree, what, ours, theirs)
	}
	return nil
}

// done demands that our client found a call executed.
func done(what string, r alipay.Result) error {
	if r.Class != alipay.Done {
		return fmt.Errorf("%w: %s: our client got %v %s %s %v", errDisagree, what, r.Class, r.Code, r.SubCode, r.Err)
	}
	return nil
}

// newDraw is for tests that need one order of no particular shape.
func newDraw(t *testing.T) *draw {
	t.Helper()
	return &draw{Rand: rand.New(rand.NewPCG(1, 1)), number: strconv.Itoa(len(t.Name())) + "_limit"}
}
