//go:build conformance

package conformance

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode"

	"github.com/paymux/paymux/adapters/alipay"
)

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

// words are what breaks signatures when somebody escapes, trims or decodes once too often.
func words() []string {
	return []string{"咖啡", "a b", "  ", "50%", "%41", "1+1=2", "a&b", "&copy;", "&amp;", "&times", `"quoted"`, `back\slash`,
		"it's", "<b>", "😀", "é", "//", `\/`, "{}", "}", `"sign"`, "100", "x=y", "\t", "#", "?", "|", ",", "é́", "中文，标点。"}
}

// text is up to max runes of such words; never empty.
func (d *draw) text(limit int) string {
	var out []rune
	for range 1 + d.IntN(5) {
		out = append(out, []rune(d.one(words()...))...)
	}
	out = append(out, 'z')
	if len(out) > limit {
		out = out[:limit]
	}
	return string(out)
}

// label is text that a subject or body may hold: the documents forbid / = & and
// our client control characters, although the gateway takes them.
func (d *draw) label(limit int) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("/=&", r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, d.text(limit))
}

// fen is an amount, mostly small.
func (d *draw) fen() int64 {
	if d.chance(10) {
		return 1 + d.Int64N(9_999_999_999)
	}
	return 1 + d.Int64N(90_000)
}

// order is a random order, as biz_content and as our own request.
type order struct {
	biz     fields
	request alipay.CreateRequest
}

func (d *draw) order(app, openUntil string) order {
	fen := d.fen()
	o := order{biz: fields{"out_trade_no": d.id("T"), "total_amount": alipay.FenToYuan(fen), "subject": d.label(200),
		"product_code": "JSAPI_PAY", "op_app_id": app, "buyer_id": buyer, "time_expire": openUntil}}
	o.request = alipay.CreateRequest{OutTradeNo: o.biz["out_trade_no"].(string), TotalAmount: alipay.Amount(fen),
		Subject: o.biz["subject"].(string), OpAppID: app, BuyerID: buyer}
	if at, err := alipay.ParseTime(openUntil); err == nil {
		o.request.TimeExpire = alipay.At(at)
	}
	if d.chance(40) {
		o.request.Body = d.label(100)
		o.biz["body"] = o.request.Body
	}
	if d.chance(40) {
		o.request.PassbackParams = "a%3D1%26b%3D" + fmt.Sprint(d.IntN(99))
		o.biz["passback_params"] = o.request.PassbackParams
	}
	if d.chance(30) {
		plan := alipay.ExtendParams{HbFqNum: d.one("3", "6", "12"), HbFqSellerPercent: d.one("0", "100")}
		o.request.ExtendParams = &plan
		o.biz["extend_params"] = fields{"hb_fq_num": plan.HbFqNum, "hb_fq_seller_percent": plan.HbFqSellerPercent}
	}
	if d.chance(30) {
		o.request.GoodsDetail = []alipay.GoodsDetail{{GoodsID: "g1", GoodsName: d.text(60), Quantity: 2, Price: alipay.Amount(fen)}}
		o.biz["goods_detail"] = []fields{{"goods_id": "g1", "goods_name": o.request.GoodsDetail[0].GoodsName, "quantity": 2, "price": alipay.FenToYuan(fen)}}
	}
	if d.chance(30) {
		o.request.StoreID, o.biz["store_id"] = "S-1", "S-1"
	}
	return o
}

// until is a time_expire some time after the simulator's present.
func (d *draw) until(now time.Time) string {
	return alipay.FormatTime(now.Add(time.Duration(10+d.IntN(1000)) * time.Minute))
}

// newDraw is for tests that need one order of no particular shape.
func newDraw(turn uint64) *draw {
	return &draw{Rand: rand.New(rand.NewPCG(turn, turn)), number: fmt.Sprintf("limit%d", turn)}
}
