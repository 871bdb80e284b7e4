package platforms_test

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/platforms"
)

func TestDecideNamesEveryLayer(t *testing.T) {
	ask := core.Ask{Platform: "douyin", Categories: []string{"virtual.coin"}, Periods: 3, Holdings: core.Holdings{
		Switches: []core.FeatureSwitch{
			{Platform: "douyin", Feature: core.FeaturePay, Enabled: false},
			{Platform: "douyin", Feature: core.FeatureHuabeiInstalments, Enabled: false},
			{Platform: "wechat", Feature: core.FeaturePay, Enabled: false},
		},
	}}
	d := shipped(t).Decide(ask)
	want := "platform:goods_category_forbidden platform:rule_unspecified licence:permission_missing " +
		"merchant:channel_missing feature:feature_off feature:feature_off"
	if got := spoken(d.Refusals); got != want {
		t.Fatalf("got  %s\nwant %s", got, want)
	}
	rules := []string{}
	for _, r := range d.Refusals {
		rules = append(rules, r.Rule)
		if !whole(r.Message) || !whole(r.Remedy) || r.Source == "" {
			t.Errorf("%s: message, remedy and source are needed: %+v", r.Rule, r)
		}
	}
	wantRules := []string{
		"douyin_virtual", "douyin_huabei_instalments", "douyin_physical_ecommerce", "douyin_door_h5", "douyin_pay", "douyin_huabei_instalments",
	}
	if !slices.Equal(rules, wantRules) {
		t.Errorf("rules: got %v, want %v", rules, wantRules)
	}
	if d.Allowed || len(d.Channels) != 0 || d.Channels == nil {
		t.Errorf("a refused basket has an empty list of channels, got %+v", d)
	}
}

func TestDecideBaskets(t *testing.T) {
	book := shipped(t)
	for _, c := range []struct {
		name       string
		platform   core.PlatformID
		categories []string
		periods    int
		refusals   string
		mentions   []string // in the messages of the refusals, one each, in order
	}{
		{"mixed: one forbidden line refuses the basket", "douyin", []string{"physical", "virtual"}, 0,
			"platform:goods_category_forbidden", []string{" virtual "}},
		{"each offending category is named once", "douyin", []string{"virtual.coin", "service", "virtual.coin", "physical", "virtual"}, 0,
			"platform:goods_category_forbidden platform:goods_category_forbidden platform:goods_category_forbidden",
			[]string{"virtual.coin", "service", " virtual "}},
		{"a sub-category inherits its root's yes", "douyin", []string{"physical.food.fruit-2_kg"}, 0, "-", nil},
		{"a sub-category inherits what excludes its root", "alipay", []string{"physical", "virtual.coin"}, 3,
			"platform:instalments_not_supported", []string{"虚拟商品"}},
		{"unknown root", "alipay", []string{"financial"}, 0, "platform:goods_category_forbidden", []string{`"financial"`}},
		{"capital letters do not slip past a rule", "alipay", []string{"Virtual"}, 0, "platform:goods_category_forbidden", []string{`"Virtual"`}},
		{"empty name", "alipay", []string{""}, 0, "platform:goods_category_forbidden", []string{`""`}},
		{"empty level", "alipay", []string{"physical..food"}, 0, "platform:goods_category_forbidden", []string{`"physical..food"`}},
		{"open end", "alipay", []string{"physical."}, 0, "platform:goods_category_forbidden", []string{`"physical."`}},
		{"a root's name is not a prefix", "alipay", []string{"physicality"}, 0, "platform:goods_category_forbidden", []string{"physicality"}},
		{"too long", "alipay", []string{"physical." + strings.Repeat("a", 128)}, 0, "platform:goods_category_forbidden", []string{"aaa"}},
		{"unknown platform", "taobao", []string{"physical"}, 0, "platform:unknown_platform", []string{`"taobao"`}},
		{"2 periods", "alipay", []string{"physical"}, 2, "platform:instalments_not_supported", []string{"3, 6 or 12"}},
		{"24 periods", "alipay", []string{"physical"}, 24, "platform:instalments_not_supported", []string{"3, 6 or 12"}},
		{"fewer than no periods", "alipay", []string{"physical"}, -1, "platform:instalments_not_supported", []string{"3, 6 or 12"}},
		{"6 periods", "alipay", []string{"physical"}, 6, "-", nil},
		{"12 periods", "alipay", []string{"physical"}, 12, "-", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := book.Decide(core.Ask{Platform: c.platform, Categories: c.categories, Periods: c.periods, Holdings: everything()})
			if got := spoken(d.Refusals); got != c.refusals {
				t.Fatalf("got %s, want %s", got, c.refusals)
			}
			for i, word := range c.mentions {
				if m := d.Refusals[i].Message; !strings.Contains(m.ZH+m.EN, word) || strings.Contains(m.ZH+m.EN, "{category}") {
					t.Errorf("refusal %d should speak of %q: %s", i, word, m)
				}
			}
		})
	}
}

func TestDecideOverrides(t *testing.T) {
	book := shipped(t)
	override := func(platform core.PlatformID, rules ...string) core.Holdings {
		h := everything()
		for _, rule := range rules {
			h.Overrides = append(h.Overrides, core.Override{Platform: platform, Rule: rule, Reason: "confirmed in writing", By: "li.lei"})
		}
		return h
	}
	for _, c := range []struct {
		name     string
		platform core.PlatformID
		goods    string
		periods  int
		holdings core.Holdings
		refusals string
		forbid   string
		warnings string
	}{
		{"opens what is unspecified", "wechat", "physical", 1, override("wechat", "wechat_huabei"), "-", "i", "rule_overridden"},
		{"opens one rule only", "douyin", "physical", 3, override("douyin", "douyin_huabei"), "platform:rule_unspecified", "i", "-"},
		{"opens instalments with real periods", "douyin", "physical", 12, override("douyin", "douyin_huabei_instalments"), "-", "h", "rule_overridden"},
		{"opens no other number of periods", "douyin", "physical", 5, override("douyin", "douyin_huabei_instalments"),
			"platform:instalments_not_supported", "h", "-"},
		{"tells nothing where it was not needed", "wechat", "physical", 0, override("wechat", "wechat_huabei"), "-", "i", "-"},
		{"counts on its own platform only", "wechat", "physical", 1, override("douyin", "wechat_huabei"), "platform:rule_unspecified", "hi", "-"},
		{"does not open a no", "wechat", "physical", 3, override("wechat", "wechat_huabei_instalments"), "platform:instalments_not_supported", "hi", "-"},
		{"does not open a category's no", "douyin", "virtual", 0, override("douyin", "douyin_virtual"), "platform:goods_category_forbidden", "hi", "-"},
		{"does not open what excludes a feature", "wechat", "virtual", 1, override("wechat", "wechat_huabei", "wechat_huabei_not_virtual"),
			"platform:goods_category_forbidden", "hi", "-"},
		{"is no licence", "wechat", "physical", 0, func() core.Holdings {
			h := override("wechat", "wechat_telecom_value_added")
			h.Licences = nil
			return h
		}(), "licence:licence_missing", "hi", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := book.Decide(core.Ask{Platform: c.platform, Categories: []string{c.goods}, Periods: c.periods, Holdings: c.holdings})
			got := []string{spoken(d.Refusals), forbidden(d.Forbid), warned(d.Warnings)}
			if want := []string{c.refusals, c.forbid, c.warnings}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
	d := book.Decide(core.Ask{Platform: "wechat", Categories: []string{"service"}, Periods: 1, Holdings: override("wechat", "wechat_huabei")})
	if m := d.Warnings[0].Message; !strings.Contains(m.EN, "confirmed in writing") || !strings.Contains(m.ZH, "li.lei") {
		t.Errorf("the warning should say who opened the rule and why: %s", m)
	}
}

func TestDecideSwitches(t *testing.T) {
	book := shipped(t)
	for _, c := range []struct {
		name     string
		switches []core.FeatureSwitch
		periods  int
		refusals string
		forbid   string
	}{
		{"pay off", []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeaturePay}}, 0, "feature:feature_off", "-"},
		{"Huabei off, not asked for", []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeatureHuabei}}, 0, "-", "h"},
		{"Huabei off, asked for", []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeatureHuabei}}, 1, "feature:feature_off", "h"},
		{"one sum and instalments are two features", []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeatureHuabei}}, 3, "-", "h"},
		{"instalments off", []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeatureHuabeiInstalments}}, 3, "feature:feature_off", "i"},
		{"off elsewhere", []core.FeatureSwitch{{Platform: "wechat", Feature: core.FeaturePay}}, 0, "-", "-"},
		{"refund off does not stop paying", []core.FeatureSwitch{{Platform: "alipay", Feature: core.FeatureRefund}}, 0, "-", "-"},
		{"off holds against on", []core.FeatureSwitch{
			{Platform: "alipay", Feature: core.FeaturePay},
			{Platform: "alipay", Feature: core.FeaturePay, Enabled: true},
		}, 0, "feature:feature_off", "-"},
	} {
		t.Run(c.name, func(t *testing.T) {
			holdings := everything()
			holdings.Switches = c.switches
			d := book.Decide(core.Ask{Platform: "alipay", Categories: []string{"physical"}, Periods: c.periods, Holdings: holdings})
			if got := spoken(d.Refusals); got != c.refusals || forbidden(d.Forbid) != c.forbid {
				t.Errorf("got %s, forbid %s; want %s, forbid %s", got, forbidden(d.Forbid), c.refusals, c.forbid)
			}
		})
	}
	t.Run("on opens neither a no nor what is unspecified", func(t *testing.T) {
		holdings := everything()
		holdings.Switches = []core.FeatureSwitch{
			{Platform: "wechat", Feature: core.FeatureHuabei, Enabled: true},
			{Platform: "wechat", Feature: core.FeatureHuabeiInstalments, Enabled: true},
		}
		for periods, want := range map[int]string{1: "platform:rule_unspecified", 3: "platform:instalments_not_supported"} {
			d := book.Decide(core.Ask{Platform: "wechat", Categories: []string{"physical"}, Periods: periods, Holdings: holdings})
			if got := spoken(d.Refusals); got != want {
				t.Errorf("%d periods: got %s, want %s", periods, got, want)
			}
		}
	})
}

func TestDecideWarnsOncePerRule(t *testing.T) {
	d := shipped(t).Decide(core.Ask{
		Platform: "wechat", Categories: []string{"virtual.coin", "virtual.skin", "virtual"}, Holdings: everything(),
	})
	if got := warned(d.Warnings); got != "wechat_virtual_policy" || d.Warnings[0].Rule != "wechat_virtual" {
		t.Errorf("got %s: %+v", got, d.Warnings)
	}
}

// whole tells whether words are one sentence in each language: Chinese in the one, none in the
// other (W32).
func whole(w core.Words) bool {
	chinese := regexp.MustCompile(`\p{Han}`)
	return chinese.MatchString(w.ZH) && w.EN != "" && !chinese.MatchString(w.EN)
}

// TestDecideGivesItsOwnAnswer: an answer that a caller scribbles on is not the next caller's.
func TestDecideGivesItsOwnAnswer(t *testing.T) {
	book := shipped(t)
	for _, platform := range []core.PlatformID{"alipay", "douyin"} {
		ask := core.Ask{Platform: platform, Categories: []string{"virtual"}, Periods: 0, Holdings: everything()}
		first, second := book.Decide(ask), book.Decide(ask)
		for i := range first.Channels {
			first.Channels[i] = "scribble"
		}
		for i := range first.Refusals {
			first.Refusals[i] = core.Refusal{}
		}
		for i := range first.Forbid {
			first.Forbid[i] = "scribble"
		}
		if third := book.Decide(ask); !reflect.DeepEqual(second, third) {
			t.Errorf("%s: got %+v, want %+v", platform, third, second)
		}
	}
	book.Platforms()[0] = "scribble"
	if got := book.Platforms(); !slices.Equal(got, []core.PlatformID{"alipay", "douyin", "wechat"}) {
		t.Errorf("platforms: got %v", got)
	}
}

func BenchmarkDecide(b *testing.B) {
	book := shipped(b)
	for name, ask := range map[string]core.Ask{
		"accepted": {Platform: "alipay", Categories: []string{"physical", "physical.food", "service"}, Periods: 3, Holdings: everything()},
		"refused":  {Platform: "douyin", Categories: []string{"virtual", "service"}, Periods: 3},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var d core.Decision
			for b.Loop() {
				d = book.Decide(ask)
			}
			if d.Allowed != (name == "accepted") {
				b.Fatal(d)
			}
		})
	}
}

var _ core.Rulebook = (*platforms.Book)(nil)
