package platforms_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// shown renders an offer, one entry a line: name, on or what refuses, and the codes of its
// warnings.
func shown(entries []core.OfferEntry) []string {
	var lines []string
	for _, e := range entries {
		state := "on"
		if !e.On {
			state = spoken(e.Refusals)
		}
		lines = append(lines, strings.TrimSpace(e.Name+" "+state+" "+strings.TrimPrefix(warned(e.Warnings), "-")))
	}
	return lines
}

func TestOffer(t *testing.T) {
	book := shipped(t)
	nobody := core.Holdings{}
	lapsed := everything()
	lapsed.Licences = nil
	lapsed.Switches = []core.FeatureSwitch{{Platform: "wechat", Feature: core.FeaturePay}, {Platform: "wechat", Feature: core.FeatureRefund}}
	opened := everything()
	opened.Overrides = []core.Override{{Platform: "douyin", Rule: "douyin_huabei", Reason: "asked", By: "li.lei"}}
	for _, c := range []struct {
		name       string
		platform   core.PlatformID
		holdings   core.Holdings
		channels   []core.ChannelID
		categories []string
		features   []string
	}{
		{"alipay, all held", "alipay", everything(), []core.ChannelID{"alipay_mini"},
			[]string{"physical on", "virtual on", "service on"},
			[]string{"pay on", "huabei on goods_category_forbidden", "huabei_instalments on instalments_not_supported", "refund on"}},
		{"wechat, all held", "wechat", everything(), []core.ChannelID{"wechat_h5"},
			[]string{"physical on", "virtual on wechat_virtual_policy", "service on"},
			[]string{"pay on", "huabei platform:rule_unspecified", "huabei_instalments platform:instalments_not_supported", "refund on"}},
		{"douyin, one rule opened", "douyin", opened, []core.ChannelID{"douyin_h5"},
			[]string{"physical on", "virtual platform:goods_category_forbidden", "service platform:goods_category_forbidden"},
			[]string{"pay on", "huabei on rule_overridden", "huabei_instalments platform:rule_unspecified", "refund on"}},
		{"wechat, licence lost and switched off", "wechat", lapsed, []core.ChannelID{"wechat_h5"},
			[]string{
				"physical licence:licence_missing feature:feature_off",
				"virtual licence:licence_missing feature:feature_off",
				"service licence:licence_missing feature:feature_off",
			},
			[]string{
				"pay licence:licence_missing feature:feature_off",
				"huabei platform:rule_unspecified licence:licence_missing feature:feature_off",
				"huabei_instalments platform:instalments_not_supported licence:licence_missing feature:feature_off",
				"refund feature:feature_off",
			}},
		{"alipay, nothing held: refunds go on", "alipay", nobody, nil,
			[]string{
				"physical licence:licence_missing merchant:channel_missing",
				"virtual licence:licence_missing merchant:channel_missing",
				"service licence:licence_missing merchant:channel_missing",
			},
			[]string{
				"pay licence:licence_missing merchant:channel_missing",
				"huabei licence:licence_missing merchant:channel_missing",
				"huabei_instalments licence:licence_missing merchant:channel_missing",
				"refund on",
			}},
	} {
		t.Run(c.name, func(t *testing.T) {
			offer := book.Offer(c.platform, c.holdings)
			if offer.Platform != c.platform || !whole(offer.Name) || !slices.Equal(offer.Channels, c.channels) {
				t.Errorf("got %s %q %v", offer.Platform, offer.Name, offer.Channels)
			}
			if got := shown(offer.Categories); !slices.Equal(got, c.categories) {
				t.Errorf("categories:\ngot  %q\nwant %q", got, c.categories)
			}
			if got := shown(offer.Features); !slices.Equal(got, c.features) {
				t.Errorf("features:\ngot  %q\nwant %q", got, c.features)
			}
		})
	}
	offer := book.Offer("nowhere", everything())
	if offer.Channels == nil || offer.Categories == nil || offer.Features == nil || len(offer.Categories) > 0 {
		t.Errorf("an unknown platform offers empty lists: %+v", offer)
	}
}

// TestOfferAgreesWithDecide: what an offer shows as on is what a basket of it meets.
func TestOfferAgreesWithDecide(t *testing.T) {
	book := shipped(t)
	periods := map[string]int{string(core.FeatureHuabei): 1, string(core.FeatureHuabeiInstalments): 3}
	for _, platform := range book.Platforms() {
		offer := book.Offer(platform, everything())
		for _, e := range offer.Categories {
			d := book.Decide(core.Ask{Platform: platform, Categories: []string{e.Name}, Holdings: everything()})
			if d.Allowed != e.On {
				t.Errorf("%s %s: offered %t, decided %t", platform, e.Name, e.On, d.Allowed)
			}
		}
		for _, e := range offer.Features {
			d := book.Decide(core.Ask{Platform: platform, Categories: []string{"physical"}, Periods: periods[e.Name], Holdings: everything()})
			if d.Allowed != e.On {
				t.Errorf("%s %s: offered %t, decided %t", platform, e.Name, e.On, d.Allowed)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	book := shipped(t)
	fine := everything()
	fine.Switches = []core.FeatureSwitch{{Platform: "wechat", Feature: core.FeatureHuabeiInstalments}}
	fine.Overrides = []core.Override{{Platform: "wechat", Rule: "wechat_huabei"}}
	if err := book.Check(fine); err != nil {
		t.Errorf("all is known, and yet: %v", err)
	}
	for _, c := range []struct {
		name  string
		wrong core.Holdings
		says  string
	}{
		{"licence", core.Holdings{Licences: []string{"enterprise_verifed"}}, `licence "enterprise_verifed"`},
		{"a permission among licences", core.Holdings{Licences: []string{"physical_ecommerce"}}, `licence "physical_ecommerce"`},
		{"permission", core.Holdings{Permissions: []string{"telecom_value_added"}}, `permission "telecom_value_added"`},
		{"switch of no platform", core.Holdings{Switches: []core.FeatureSwitch{{Platform: "weixin", Feature: core.FeaturePay}}}, `platform "weixin"`},
		{"switch of no feature", core.Holdings{Switches: []core.FeatureSwitch{{Platform: "wechat", Feature: "huabie"}}}, `feature "huabie"`},
		{"override on no platform", core.Holdings{Overrides: []core.Override{{Platform: "weixin", Rule: "wechat_huabei"}}}, `platform "weixin"`},
		{"override of no rule", core.Holdings{Overrides: []core.Override{{Platform: "wechat", Rule: "douyin_huabei"}}}, `rule "douyin_huabei"`},
		{"override of a no", core.Holdings{Overrides: []core.Override{{Platform: "douyin", Rule: "douyin_virtual"}}}, "douyin_virtual is not unspecified"},
		{"override of a licence", core.Holdings{Overrides: []core.Override{{Platform: "douyin", Rule: "douyin_physical_ecommerce"}}}, "is not unspecified"},
		{"channel", core.Holdings{Channels: []core.ChannelID{"wechat_jsapi"}}, `channel "wechat_jsapi"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := book.Check(c.wrong)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %s", err, c.says)
			}
		})
	}
}
