package platforms_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/platforms"
)

// edited returns the shipped files with one text of one file replaced; the text must be there.
func edited(t testing.TB, file, before, after string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	for _, name := range []string{"alipay.yaml", "douyin.yaml", "wechat.yaml"} {
		content, err := fs.ReadFile(platforms.Embedded(), name)
		if err != nil {
			t.Fatal(err)
		}
		if name == file {
			if !strings.Contains(string(content), before) {
				t.Fatalf("%s does not hold %q", name, before)
			}
			content = []byte(strings.Replace(string(content), before, after, 1))
		}
		files[name] = &fstest.MapFile{Data: content}
	}
	return files
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct {
		name          string
		file          string
		before, after string
		says          []string
	}{
		{"a misspelt key inside a rule", "douyin.yaml", "    allow: no", "    alow: no", []string{"douyin.yaml: line ", "unknown key \"alow\""}},
		{"a misspelt key inside an exclusion", "alipay.yaml", "      - categories:", "      - categorys:", []string{"alipay.yaml: line ", "unknown key \"categorys\""}},
		{"a key twice", "wechat.yaml", "  service:", "  physical:", []string{"wechat.yaml: line ", "already defined"}},
		{"an unknown answer", "wechat.yaml", "allow: yes", "allow: maybe", []string{"wechat.yaml: categories[physical].allow", "yes no unspecified"}},
		{"no answer", "wechat.yaml", "    allow: yes\n", "", []string{"wechat.yaml: categories[physical].allow: must satisfy required"}},
		{"no source", "wechat.yaml", "    source: project brief, row SEED-5 (WeChat)\n", "", []string{"doors[0].source: must satisfy required"}},
		{"no date", "wechat.yaml", "    date: 2026-11-22\n", "", []string{"doors[0].date: must satisfy required"}},
		{"a date of another form", "wechat.yaml", "date: 2026-11-22", "date: 22.11.2026", []string{"doors[0].date: must satisfy datetime"}},
		{"an unknown certainty", "wechat.yaml", "certainty: source_document", "certainty: hearsay", []string{"doors[0].certainty", "oneof"}},
		{"a refusal in one language", "wechat.yaml", "      en: No active account serves the channel wechat_h5.\n", "", []string{"doors[0].message.en: must satisfy required"}},
		{"a no without a remedy", "douyin.yaml", "    remedy:\n      zh: 移除该类目商品，或引导买家到支付宝或微信小程序下单。\n      en: Take these lines out, or send the buyer to the Alipay or WeChat mini-program.\n", "", []string{`rule "douyin_service": can refuse`}},
		{"a category's no that does not name the category", "douyin.yaml", "不能销售服务类目 {category}", "不能销售服务", []string{`rule "douyin_service": its message must name the category`}},
		{"a feature's no without a code", "wechat.yaml", "    code: instalments_not_supported\n    message:\n      zh: 微信", "    message:\n      zh: 微信", []string{"features[huabei_instalments].code"}},
		{"a code on a yes", "wechat.yaml", "    id: wechat_pay\n", "    id: wechat_pay\n    code: feature_off\n", []string{`rule "wechat_pay": only a no has a code`}},
		{"an exclusion from a no", "alipay.yaml", "    id: alipay_huabei\n    allow: yes", "    id: alipay_huabei\n    allow: no\n    code: feature_off\n    message: {zh: 否。, en: No.}\n    remedy: {zh: 无。, en: None.}", []string{`rule "alipay_huabei": is a no, so`}},
		{"a door twice", "wechat.yaml", "\nlicences:", "\n  - channel: wechat_h5\n    id: wechat_door_two\n    message: {zh: 否。, en: No.}\n    remedy: {zh: 无。, en: None.}\n    source: test\n    date: 2026-01-31\n    certainty: unverified\nlicences:", []string{`doors: channel "wechat_h5" is listed twice`}},
		{"periods that cannot say what is wrong", "alipay.yaml", "    remedy:\n      zh: 选择 3、6 或 12 期。\n      en: Choose 3, 6 or 12 periods.\n", "", []string{`rule "alipay_huabei_periods": can refuse`}},
		{"a missing root", "wechat.yaml", "  service:", "  physical.other:", []string{"categories: service is missing"}},
		{"a category under no root", "wechat.yaml", "  service:", "  finance:", []string{"finance is under none of physical, virtual, service"}},
		{"a category in capitals", "wechat.yaml", "  service:", "  Service:", []string{"categories[Service]: must satisfy category"}},
		{"a missing feature", "wechat.yaml", "  huabei:", "  huabie:", []string{"features: huabei is missing", "features: huabie is not a feature"}},
		{"an exclusion of an unknown category", "alipay.yaml", "categories: [virtual]", "categories: [digital]", []string{"category digital is under none"}},
		{"instalments that could be opened, without periods", "douyin.yaml", "  huabei_periods:", "  daily_per_buyer:", []string{"limits: huabei_periods is missing", "limits.daily_per_buyer"}},
		{"an unknown limit", "alipay.yaml", "  review_above:", "  review_over:", []string{"limits[review_over]"}},
		{"a warning on a no", "wechat.yaml", "    id: wechat_virtual\n    allow: yes", "    id: wechat_virtual\n    allow: no", []string{`rule "wechat_virtual": a warning accompanies a yes`}},
		{"an id twice in a file", "wechat.yaml", "id: wechat_pay", "id: wechat_refund", []string{`rule "wechat_refund": already defined in wechat.yaml`}},
		{"an id of another platform", "wechat.yaml", "id: wechat_pay", "id: douyin_pay", []string{`rule "douyin_pay": its id must begin with wechat_`}},
		{"an id that an override could not name", "wechat.yaml", "id: wechat_pay", "id: wechat.pay", []string{"features[pay].id: must satisfy key"}},
		{"a file whose name is not its platform", "wechat.yaml", "id: wechat\n", "id: weixin\n", []string{`wechat.yaml: id: is "weixin"`}},
		{"no door", "wechat.yaml", "  - channel: wechat_h5", "  - channel: ''", []string{"doors[0].channel: must satisfy required"}},
		{"an unknown kind of licence", "wechat.yaml", "kind: licence", "kind: paper", []string{"licences[0].kind"}},
		{"two documents", "wechat.yaml", "\nfeatures:", "\n---\nfeatures:", []string{"wechat.yaml: holds more than one document"}},
		{"what is not YAML", "wechat.yaml", "\nfeatures:", "\nfeatures: [", []string{"wechat.yaml: line "}},
		{"a text where a list belongs", "wechat.yaml", "categories: [virtual]", "categories: virtual", []string{"wechat.yaml: line ", "cannot unmarshal"}},
		{"a very long file", "wechat.yaml", "\nfeatures:", "\n# " + strings.Repeat("x", 300_000) + "\nfeatures:", []string{"wechat.yaml: larger than"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			book, err := platforms.Load(edited(t, c.file, c.before, c.after))
			if err == nil || book != nil {
				t.Fatal("it was accepted")
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error should say %q:\n%v", part, err)
				}
			}
		})
	}
}

func TestLoadNamesFileLineAndKey(t *testing.T) {
	files := edited(t, "wechat.yaml", "\nfeatures:", "\nfeatuers:")
	above, _, _ := strings.Cut(string(files["wechat.yaml"].Data), "featuers:")
	want := fmt.Sprintf("wechat.yaml: line %d: unknown key %q", strings.Count(above, "\n")+1, "featuers")
	if _, err := platforms.Load(files); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLoadRefusesFiles(t *testing.T) {
	if _, err := platforms.Load(fstest.MapFS{}); err == nil {
		t.Error("a book without platforms was accepted")
	}
	misnamed := edited(t, "", "", "")
	misnamed["taobao.yml"] = misnamed["wechat.yaml"]
	if _, err := platforms.Load(misnamed); err == nil || !strings.Contains(err.Error(), "taobao.yml: rule files end in .yaml") {
		t.Errorf("a file that would be overlooked was accepted: %v", err)
	}
	broken := edited(t, "wechat.yaml", "\nfeatures:", "\nfeatuers:")
	broken["douyin.yaml"] = &fstest.MapFile{Data: []byte("id: [")}
	if _, err := platforms.Load(broken); err == nil || !strings.Contains(err.Error(), "douyin.yaml") || !strings.Contains(err.Error(), "wechat.yaml") {
		t.Errorf("the errors of all files should come at once: %v", err)
	}
}

// TestSubCategoriesOverride: an entry further down the tree replaces what it would inherit, in both
// directions.
func TestSubCategoriesOverride(t *testing.T) {
	files := edited(t, "douyin.yaml", "\ncategories:", `
categories:
  physical.tobacco:
    id: douyin_physical_tobacco
    allow: no
    message: {zh: "不能销售 {category}。", en: "{category} is forbidden."}
    remedy: {zh: 移除。, en: Take it out.}
    source: test
    date: 2026-01-31
    certainty: unverified
  virtual.ticket:
    id: douyin_virtual_ticket
    allow: yes
    source: test
    date: 2026-01-31
    certainty: unverified
  virtual.voucher:
    id: douyin_virtual_voucher
    allow: unspecified
    message: {zh: "未说明 {category}。", en: "Nothing is said about {category}."}
    remedy: {zh: 核实。, en: Ask.}
    source: test
    date: 2026-01-31
    certainty: unverified`)
	book, err := platforms.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	opened := everything()
	opened.Overrides = []core.Override{{Platform: "douyin", Rule: "douyin_virtual_voucher"}}
	for _, c := range []struct {
		category string
		holdings core.Holdings
		refusals string
	}{
		{"physical", everything(), "-"},
		{"physical.tobacco", everything(), "platform:goods_category_forbidden"},
		{"physical.tobacco.cigar", everything(), "platform:goods_category_forbidden"},
		{"physical.tobacconist", everything(), "-"},
		{"virtual", everything(), "platform:goods_category_forbidden"},
		{"virtual.ticket.cinema", everything(), "-"},
		{"virtual.voucher", everything(), "platform:rule_unspecified"},
		{"virtual.voucher", opened, "-"},
	} {
		d := book.Decide(core.Ask{Platform: "douyin", Categories: []string{c.category}, Holdings: c.holdings})
		if got := spoken(d.Refusals); got != c.refusals {
			t.Errorf("%s: got %s, want %s", c.category, got, c.refusals)
		}
	}
	names := []string{}
	for _, e := range book.Offer("douyin", everything()).Categories {
		names = append(names, e.Name)
	}
	want := []string{"physical", "physical.tobacco", "virtual", "virtual.ticket", "virtual.voucher", "service"}
	if !slices.Equal(names, want) {
		t.Errorf("offer: got %v, want %v", names, want)
	}
}

// TestExclusionOfASubCategory takes a feature from that branch of the tree and from no other.
func TestExclusionOfASubCategory(t *testing.T) {
	book, err := platforms.Load(edited(t, "alipay.yaml", "categories: [virtual]", "categories: [virtual.coin]"))
	if err != nil {
		t.Fatal(err)
	}
	for category, want := range map[string]bool{
		"virtual.coin": false, "virtual.coin.gold": false, "virtual.coinage": true, "virtual.ticket": true, "virtual": true,
	} {
		d := book.Decide(core.Ask{Platform: "alipay", Categories: []string{category}, Periods: 1, Holdings: everything()})
		if d.Allowed != want {
			t.Errorf("%s: got %t (%s)", category, d.Allowed, spoken(d.Refusals))
		}
	}
}

// TestAFourthPlatformIsAFile: a platform that no code knows is decided like any other.
func TestAFourthPlatformIsAFile(t *testing.T) {
	files := edited(t, "", "", "")
	store := strings.NewReplacer("alipay", "store", "enterprise_verified", "shop_verified").Replace(string(files["alipay.yaml"].Data))
	files["store.yaml"] = &fstest.MapFile{Data: []byte(store)}
	book, err := platforms.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	holdings := core.Holdings{Licences: []string{"shop_verified"}, Channels: []core.ChannelID{"store_mini"}}
	d := book.Decide(core.Ask{Platform: "store", Categories: []string{"physical"}, Periods: 6, Holdings: holdings})
	if !d.Allowed || !slices.Equal(d.Channels, holdings.Channels) {
		t.Errorf("got %+v", d)
	}
}

// TestDoorsBestFirst: channels come in the order of the file, not of the merchant's accounts.
func TestDoorsBestFirst(t *testing.T) {
	files := edited(t, "wechat.yaml", "\nlicences:", `
  - channel: wechat_scan
    id: wechat_door_scan
    message: {zh: 无渠道。, en: No channel.}
    remedy: {zh: 启用。, en: Activate one.}
    source: test
    date: 2026-01-31
    certainty: unverified
licences:`)
	book, err := platforms.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	holdings := everything()
	holdings.Channels = []core.ChannelID{"wechat_scan", "douyin_h5", "wechat_h5"}
	d := book.Decide(core.Ask{Platform: "wechat", Categories: []string{"physical"}, Holdings: holdings})
	if want := []core.ChannelID{"wechat_h5", "wechat_scan"}; !slices.Equal(d.Channels, want) {
		t.Errorf("got %v, want %v", d.Channels, want)
	}
}

// TestEveryRuleSaysWhereItComesFrom holds the shipped files to it independently of the validator.
func TestEveryRuleSaysWhereItComesFrom(t *testing.T) {
	book := shipped(t)
	certainties := []string{"official_docs", "source_document", "secondary", "unverified"}
	ids := map[string]bool{}
	for _, platform := range book.Platforms() {
		rules := book.Rules(platform)
		if len(rules) < 9 { // a door, a licence, three categories, four features
			t.Errorf("%s: only %d rules", platform, len(rules))
		}
		for _, r := range rules {
			if _, err := time.Parse(time.DateOnly, r.Date); err != nil || r.Source == "" || !slices.Contains(certainties, r.Certainty) {
				t.Errorf("%s: source %q, date %q, certainty %q", r.ID, r.Source, r.Date, r.Certainty)
			}
			if ids[r.ID] {
				t.Errorf("%s is defined twice", r.ID)
			}
			ids[r.ID] = true
			if r.Allow == "unspecified" && r.Certainty != "unverified" {
				t.Errorf("%s: nothing is said, so nothing can be verified: %s", r.ID, r.Certainty)
			}
			if r.ID == "wechat_telecom_value_added" && r.Certainty != "source_document" {
				t.Errorf("%s: WeChat's own text was not found: %s", r.ID, r.Certainty)
			}
		}
	}
	if book.Rules("nowhere") != nil {
		t.Error("an unknown platform has no rules")
	}
}

func TestLimits(t *testing.T) {
	book := shipped(t)
	want := []platforms.Limit{
		{Name: "daily_per_buyer", Fen: 20_000_00, Example: true, Rule: "alipay_daily_per_buyer"},
		{Name: "review_above", Fen: 50_000_00, Example: true, Rule: "alipay_review_above"},
	}
	if got := book.Limits("alipay"); !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if book.Limits("wechat") != nil || book.Limits("nowhere") != nil {
		t.Error("a file without amounts has no limits")
	}
}
