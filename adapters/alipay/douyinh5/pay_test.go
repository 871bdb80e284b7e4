package douyinh5_test

import (
	"slices"
	"testing"

	"github.com/paymux/paymux/adapters/alipay/douyinh5"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// Physical goods only, and the gateway is told so.
func TestPaySellsPhysicalGoodsOnly(t *testing.T) {
	bench := tradetest.New(t, douyinh5.ID)
	channel := douyinh5.New(bench.Apps())
	for category, sold := range map[string]bool{
		"physical": true, "physical.food": true, "virtual": false, "virtual.game": false, "service": false, "": false, "physically": false,
	} {
		result := channel.Pay(t.Context(), bench.Request("D"+category[:min(1, len(category))], category, core.Funding{}))
		if !sold {
			if result.Outcome != core.OutcomeFailed || result.Code != core.CodeGoodsCategoryForbidden || !result.Action.Empty() {
				t.Errorf("%q: %s %q", category, result.Outcome, result.Code)
			}
			continue
		}
		if result.Outcome != core.OutcomePending || result.Action.Type != core.ActionForm {
			t.Errorf("%q: %s %s", category, result.Outcome, result.Detail)
		}
	}
	for _, turned := range []bool{false, true} {
		mixed := bench.Request("Dmixed", "physical", core.Funding{})
		mixed.Lines = append(mixed.Lines, core.Line{LineID: "2", GoodsID: "g2", Name: "券", Category: "virtual", Quantity: 1})
		if turned {
			slices.Reverse(mixed.Lines)
		}
		if result := channel.Pay(t.Context(), mixed); result.Outcome != core.OutcomeFailed {
			t.Errorf("a basket with one virtual line, turned %v: %s", turned, result.Outcome)
		}
	}
}

func TestPaySaysGoodsType(t *testing.T) {
	bench := tradetest.New(t, douyinh5.ID)
	result := douyinh5.New(bench.Apps()).Pay(t.Context(), bench.Request("D1", "physical", core.Funding{}))
	if err := bench.Enter(result.Action); err != nil {
		t.Fatal(err)
	}
	if order, ok := bench.Order("D1"); !ok || order.GoodsType != "1" || order.ProductCode != "QUICK_WAP_WAY" || order.SellerID != tradetest.SellerID {
		t.Errorf("the gateway understood %+v", order)
	}
}
