package alipaytrade

import (
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

func TestMeansOf(t *testing.T) {
	both := []core.Feature{core.FeatureHuabei, core.FeatureHuabeiInstalments}
	cases := []struct {
		name         string
		in           core.Funding
		num, percent string
		oneSum       bool
		disable      []string
		refused      bool
	}{
		{name: "anything", in: core.Funding{}},
		{name: "no Huabei", in: core.Funding{Forbid: both}, disable: []string{"pcredit", "pcreditpayInstallment"}},
		{name: "no instalments", in: core.Funding{Forbid: both[1:]}, disable: []string{"pcreditpayInstallment"}},
		{name: "one sum", in: core.Funding{Periods: 1, Forbid: both[1:]}, oneSum: true, disable: []string{"pcreditpayInstallment"}},
		{name: "one sum, forbidden", in: core.Funding{Periods: 1, Forbid: both}, refused: true},
		{name: "three, buyer pays", in: core.Funding{Periods: 3, FeeBearer: "buyer"}, num: "3", percent: "0"},
		{name: "twelve, seller pays", in: core.Funding{Periods: 12, FeeBearer: "seller"}, num: "12", percent: "100"},
		{name: "six, not said", in: core.Funding{Periods: 6}, num: "6", percent: "0"},
		{name: "six, forbidden", in: core.Funding{Periods: 6, Forbid: both}, refused: true},
		{name: "two", in: core.Funding{Periods: 2}, refused: true},
		{name: "less than none", in: core.Funding{Periods: -3}, refused: true},
		{name: "fee to a stranger", in: core.Funding{Periods: 3, FeeBearer: "platform"}, refused: true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := MeansOf(c.in)
			if (err != nil) != c.refused {
				t.Fatalf("error %v, want refused=%v", err, c.refused)
			}
			if c.refused {
				return
			}
			num, percent := "", ""
			if got.Extend != nil {
				num, percent = got.Extend.HbFqNum, got.Extend.HbFqSellerPercent
			}
			if num != c.num || percent != c.percent || got.OneSum != c.oneSum || !slices.Equal([]string(got.Disable), c.disable) {
				t.Errorf("got %q %q %v %v", num, percent, got.OneSum, got.Disable)
			}
		})
	}
}

func TestGoodsType(t *testing.T) {
	cases := []struct {
		categories   []string
		want         string
		onlyPhysical bool
	}{
		{[]string{"physical"}, alipay.GoodsPhysical, true},
		{[]string{"physical.food", "physical"}, alipay.GoodsPhysical, true},
		{[]string{"virtual"}, alipay.GoodsVirtual, false},
		{[]string{"physical", "virtual.game"}, alipay.GoodsVirtual, false},
		{[]string{"service"}, "", false},
		{[]string{"service", "physical"}, alipay.GoodsPhysical, false},
		{[]string{"physically"}, "", false},
		{nil, "", false},
	}
	for _, c := range cases { // the mirror of each as well: the order of the lines decides nothing
		turned := c
		turned.categories = slices.Clone(c.categories)
		slices.Reverse(turned.categories)
		cases = append(cases, turned)
	}
	for _, c := range cases {
		lines := []core.Line{}
		for _, category := range c.categories {
			lines = append(lines, core.Line{Category: category})
		}
		if got := GoodsType(lines); got != c.want {
			t.Errorf("%v: goods_type %q, want %q", c.categories, got, c.want)
		}
		if got := OnlyPhysical(lines); got != c.onlyPhysical {
			t.Errorf("%v: only physical %v", c.categories, got)
		}
	}
}

func TestGoodsDetail(t *testing.T) {
	good := core.Line{GoodsID: "tea", Name: "热茶", Quantity: 2, PriceFen: 1050}
	got := GoodsDetail([]core.Line{good})
	if len(got) != 1 || got[0].GoodsID != "tea" || got[0].GoodsName != "热茶" || got[0].Quantity != 2 || got[0].Price.String() != "10.50" {
		t.Fatalf("got %+v", got)
	}
	for _, name := range []string{strings.Repeat("茶", 255), strings.Repeat("茶", 256), strings.Repeat("茶", 257)} {
		long, cut := good, string([]rune(name)[:min(256, len([]rune(name)))])
		long.Name = name
		if got := GoodsDetail([]core.Line{long}); got[0].GoodsName != cut {
			t.Errorf("the name of %d characters has %d", len([]rune(name)), len([]rune(got[0].GoodsName)))
		}
	}
	for name, reach := range map[string]func(*core.Line){ // what stands at a limit is within it
		"64 characters of id": func(l *core.Line) { l.GoodsID = strings.Repeat("x", 64) },
		"for nothing":         func(l *core.Line) { l.PriceFen = 0 },
		"one fen":             func(l *core.Line) { l.PriceFen = 1 },
		"one":                 func(l *core.Line) { l.Quantity = 1 },
		"the most":            func(l *core.Line) { l.PriceFen = core.MaxFen },
	} {
		line := good
		reach(&line)
		want := alipay.GoodsDetail{GoodsID: line.GoodsID, GoodsName: line.Name, Quantity: int(line.Quantity), Price: alipay.Amount(line.PriceFen)}
		if got := GoodsDetail([]core.Line{good, line}); len(got) != 2 || got[1] != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, spoil := range map[string]func(*core.Line){
		"no id":    func(l *core.Line) { l.GoodsID = "" },
		"long id":  func(l *core.Line) { l.GoodsID = strings.Repeat("x", 65) },
		"no name":  func(l *core.Line) { l.Name = "" },
		"none":     func(l *core.Line) { l.Quantity = 0 },
		"negative": func(l *core.Line) { l.PriceFen = -1 },
		"too dear": func(l *core.Line) { l.PriceFen = core.MaxFen + 1 },
	} {
		bad := good
		spoil(&bad)
		if got := GoodsDetail([]core.Line{good, bad}); got != nil {
			t.Errorf("%s: half a basket is described: %+v", name, got)
		}
	}
	for _, n := range []int{1, core.MaxLines, core.MaxLines + 1} {
		if got := GoodsDetail(slices.Repeat([]core.Line{good}, n)); (len(got) == n) != (n <= core.MaxLines) {
			t.Errorf("of %d lines %d are described", n, len(got))
		}
	}
}

func TestBusinessParams(t *testing.T) {
	for ip, want := range map[string]string{
		"203.0.113.7": "203.0.113.7", "2001:db8::7": "2001:db8::7", "::ffff:203.0.113.7": "203.0.113.7",
		"::ffff:10.1.2.3": "", "fd00::7": "", "2001:db8::7%eth0": "2001:db8::7", "127.0.0.1": "", "10.1.2.3": "", "192.168.1.1": "", "fe80::1%eth0": "", "0.0.0.0": "", "": "", "not an address": "",
	} {
		got := BusinessParams(ip)
		if want == "" && got != nil || want != "" && (got == nil || got.ClientIP != want) {
			t.Errorf("%q: %+v", ip, got)
		}
	}
}
