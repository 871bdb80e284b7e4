package platforms_test

import (
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/platforms"
)

// written are the rules of all shipped files as they stand there, by id, read by nothing of the
// package.
func written(t *testing.T) map[string]map[string]any {
	t.Helper()
	rules := map[string]map[string]any{}
	var collect func(any)
	collect = func(node any) {
		switch n := node.(type) {
		case map[string]any:
			if id, ok := n["id"].(string); ok && n["source"] != nil {
				rules[id] = n
			}
			for _, child := range n {
				collect(child)
			}
		case []any:
			for _, child := range n {
				collect(child)
			}
		}
	}
	for _, name := range []string{"alipay.yaml", "douyin.yaml", "wechat.yaml"} {
		content, err := fs.ReadFile(platforms.Embedded(), name)
		if err != nil {
			t.Fatal(err)
		}
		var file map[string]any
		if err := yaml.Unmarshal(content, &file); err != nil {
			t.Fatal(err)
		}
		collect(file)
	}
	return rules
}

func wordsOf(rule map[string]any, key, category string) core.Words {
	texts, _ := rule[key].(map[string]any)
	zh, _ := texts["zh"].(string)
	en, _ := texts["en"].(string)
	return core.Words{ZH: strings.ReplaceAll(zh, "{category}", category), EN: strings.ReplaceAll(en, "{category}", category)}
}

// A refusal is what its rule's file says, word by word: what is wrong, what helps, where that comes
// from. Both languages, for decisions and offers.
func TestRefusalsAreHandedOnWhole(t *testing.T) {
	book, rules := shipped(t), written(t)
	met := map[string]bool{}
	check := func(r core.Refusal, category string) {
		rule, ofAFile := rules[r.Rule]
		if !ofAFile || r.Source == "configuration" {
			return
		}
		met[r.Rule] = true
		if r.Message != wordsOf(rule, "message", category) || r.Remedy != wordsOf(rule, "remedy", category) {
			t.Errorf("%s says\n%+v %+v, its file\n%+v %+v", r.Rule, r.Message, r.Remedy, wordsOf(rule, "message", category), wordsOf(rule, "remedy", category))
		}
		if r.Source != rule["source"] || r.Certainty != rule["certainty"] || !strings.HasPrefix(r.Date, "20") {
			t.Errorf("%s: source %q, certainty %q, date %q", r.Rule, r.Source, r.Certainty, r.Date)
		}
	}
	for _, platform := range book.Platforms() {
		for _, holdings := range []core.Holdings{{}, everything()} {
			for _, category := range core.RootCategories() {
				for _, periods := range []int{0, 1, 3, 5} {
					for _, r := range book.Decide(core.Ask{Platform: platform, Categories: []string{category}, Periods: periods, Holdings: holdings}).Refusals {
						check(r, category)
					}
				}
			}
			offer := book.Offer(platform, holdings)
			for _, e := range slices.Concat(offer.Categories, offer.Features) {
				for _, r := range e.Refusals {
					check(r, e.Name)
				}
			}
		}
	}
	if len(met) < 12 {
		t.Errorf("only %d rules were met", len(met))
	}
}

// Every warning names its own rule, and each different one is told: an exclusion's is the
// exclusion's, not the feature's.
func TestWarningsAreHandedOnWhole(t *testing.T) {
	book, rules := shipped(t), written(t)
	offered := 0
	for _, platform := range book.Platforms() {
		for _, e := range book.Offer(platform, everything()).Features {
			for _, w := range e.Warnings {
				offered++
				if rule := rules[w.Rule]; rule == nil || rule["categories"] == nil || w.Message != wordsOf(rule, "message", "") || string(w.Code) != rule["code"] {
					t.Errorf("%s, %s: %+v", platform, e.Name, w)
				}
			}
		}
	}
	if offered == 0 {
		t.Error("no offer warns of an exclusion")
	}
	holdings := everything()
	holdings.Overrides = []core.Override{
		{Platform: "douyin", Rule: "douyin_service_two", Reason: "first reason", By: "li.lei"}, {Platform: "douyin", Rule: "douyin_huabei", Reason: "second reason", By: "han.mei"},
	}
	files := edited(t, "douyin.yaml", "\ncategories:", `
categories:
  physical.two:
    id: douyin_service_two
    allow: unspecified
    message: {zh: "不能销售 {category}。", en: "{category} is forbidden."}
    remedy: {zh: 移除。, en: Take it out.}
    source: test
    date: 2026-01-31
    certainty: unverified`)
	two, err := platforms.Load(files)
	if err != nil {
		t.Fatal(err)
	}
	d := two.Decide(core.Ask{Platform: "douyin", Categories: []string{"physical.two"}, Periods: 1, Holdings: holdings})
	want := []core.Warning{
		{Code: "rule_overridden", Rule: "douyin_service_two", Message: core.Words{
			ZH: "规则 douyin_service_two 由 li.lei 以具名例外打开：first reason", EN: "Rule douyin_service_two was opened by li.lei: first reason"}},
		{Code: "rule_overridden", Rule: "douyin_huabei", Message: core.Words{
			ZH: "规则 douyin_huabei 由 han.mei 以具名例外打开：second reason", EN: "Rule douyin_huabei was opened by han.mei: second reason"}},
	}
	if !slices.Equal(d.Warnings, want) {
		t.Errorf("warned\n%+v, want\n%+v", d.Warnings, want)
	}
}

// What stands at a limit of a rule file is within it, and one more is not; what a rule must say it
// must say in both languages.
func TestRuleFilesOnBothSidesOfTheirLimits(t *testing.T) {
	category := func(path, allow, zh, en string) fstest.MapFS {
		return edited(t, "douyin.yaml", "\ncategories:", "\ncategories:\n  "+path+":\n    id: douyin_more\n    allow: "+allow+"\n    message: {zh: \""+zh+"\", en: \""+en+
			"\"}\n    remedy: {zh: 移除。, en: Take it out.}\n    source: test\n    date: 2026-01-31\n    certainty: unverified")
	}
	file := func(size int) fstest.MapFS {
		files := edited(t, "", "", "")
		content := files["wechat.yaml"].Data
		files["wechat.yaml"] = &fstest.MapFile{Data: append(slices.Clone(content), "\n#"+strings.Repeat("x", size-len(content)-2)...)}
		return files
	}
	named := strings.Repeat("a", 128-len("physical."))
	silent := category("physical.silent", "unspecified", "{category}", "{category}")
	silent["douyin.yaml"].Data = []byte(strings.Replace(string(silent["douyin.yaml"].Data), "    remedy: {zh: 移除。, en: Take it out.}\n", "", 1))
	for name, c := range map[string]struct {
		files fstest.MapFS
		loads bool
	}{
		"a file of the largest size":           {file(256 << 10), true},
		"a byte more":                          {file(256<<10 + 1), false},
		"a category of 128 characters":         {category("physical."+named, "no", "{category}", "{category}"), true},
		"one more":                             {category("physical."+named+"a", "no", "{category}", "{category}"), false},
		"a name that begins with _":            {category("physical._a", "no", "{category}", "{category}"), false},
		"a name that begins with -":            {category("physical.-a", "no", "{category}", "{category}"), false},
		"a name with both":                     {category("physical.a_b-c", "no", "{category}", "{category}"), true},
		"named in Chinese alone":               {category("physical.a", "no", "{category}", "it"), false},
		"named in English alone":               {category("physical.a", "no", "它", "{category}"), false},
		"unspecified and without a remedy":     {silent, false},
		"instalments of one":                   {edited(t, "alipay.yaml", "values: [3, 6, 12]", "values: [1, 3, 6, 12]"), false},
		"instalments of two":                   {edited(t, "alipay.yaml", "values: [3, 6, 12]", "values: [2, 3, 6, 12]"), true},
		"a list of periods that has an amount": {edited(t, "alipay.yaml", "values: [3, 6, 12]", "values: [3, 6, 12]\n    fen: 100"), false},
	} {
		if _, err := platforms.Load(c.files); (err == nil) != c.loads {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n, loads := range map[int]bool{64: true, 65: false} {
		files := edited(t, "", "", "")
		source := string(files["wechat.yaml"].Data)
		for i := range n - len(files) {
			id := "p" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			files[id+".yaml"] = &fstest.MapFile{Data: []byte(strings.NewReplacer("id: wechat_", "id: "+id+"_", "id: wechat\n", "id: "+id+"\n").Replace(source))}
		}
		if _, err := platforms.Load(files); (err == nil) != loads {
			t.Errorf("%d files: %v", n, err)
		}
	}
}
