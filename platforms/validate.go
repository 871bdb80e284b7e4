package platforms

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/go-playground/validator/v10"

	"github.com/paymux/paymux/core"
)

// categoryMark is where a category rule's message names the category that was asked about.
const categoryMark = "{category}"

// limitHuabeiPeriods names the limit that lists the numbers of instalments.
const limitHuabeiPeriods = "huabei_periods"

// features lists every feature that a rule file must speak of, in the order an offer shows them.
func features() []core.Feature {
	return []core.Feature{core.FeaturePay, core.FeatureHuabei, core.FeatureHuabeiInstalments, core.FeatureRefund}
}

// checker validates files one by one and remembers rule ids across them.
type checker struct {
	shape *validator.Validate
	seen  map[string]string // rule id to file
}

// newChecker makes a checker that names keys as the files write them.
func newChecker() *checker {
	shape := validator.New(validator.WithRequiredStructEnabled())
	shape.RegisterTagNameFunc(func(f reflect.StructField) string {
		name, _, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		return name
	})
	for tag, matches := range map[string]func(string) bool{
		"key":      regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`).MatchString,
		"category": wellFormed,
	} {
		err := shape.RegisterValidation(tag, func(f validator.FieldLevel) bool { return matches(f.Field().String()) })
		if err != nil {
			panic(err) // only an empty tag or a nil function is refused
		}
	}
	return &checker{shape: shape, seen: map[string]string{}}
}

// file returns everything that is wrong with one decoded file.
func (c *checker) file(name string, p *platform) error {
	var problems []error
	complain := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", name, fmt.Sprintf(format, args...)))
	}
	if fields, ok := errors.AsType[validator.ValidationErrors](c.shape.Struct(p)); ok {
		for _, f := range fields {
			_, key, _ := strings.Cut(f.Namespace(), ".")
			complain("%s: must satisfy %s", strings.ReplaceAll(key, "rule.", ""), strings.TrimSpace(f.Tag()+" "+f.Param()))
		}
	}
	if name != string(p.ID)+".yaml" {
		complain("id: is %q, the file's name says otherwise", p.ID)
	}
	for r := range p.rules() {
		if !strings.HasPrefix(r.ID, string(p.ID)+"_") {
			complain("rule %q: its id must begin with %s_", r.ID, p.ID)
		}
		if other, taken := c.seen[r.ID]; taken {
			complain("rule %q: already defined in %s", r.ID, other)
		}
		c.seen[r.ID] = name
	}
	p.checkVoices(complain)
	p.checkCategories(complain)
	p.checkFeatures(complain)
	p.checkLimits(complain)
	return errors.Join(problems...)
}

// checkVoices: a rule that can refuse must say what it refuses and what would change it.
func (p *platform) checkVoices(complain func(string, ...any)) {
	must := func(r rule) {
		if r.Message == nil || r.Remedy == nil {
			complain("rule %q: can refuse, so it needs message and remedy", r.ID)
		}
	}
	channels := map[core.ChannelID]bool{}
	for _, d := range p.Doors {
		must(d.rule)
		if channels[d.Channel] {
			complain("doors: channel %q is listed twice", d.Channel)
		}
		channels[d.Channel] = true
	}
	for _, l := range p.Licences {
		must(l.rule)
	}
	for _, key := range slices.Sorted(maps.Keys(p.Categories)) {
		if c := p.Categories[key]; c.Allow != yes {
			must(c.rule)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Features)) {
		f := p.Features[key]
		if f.Allow != yes {
			must(f.rule)
		}
		for _, e := range f.NotWith {
			must(e.rule)
		}
	}
}

// checkCategories: every root has an entry, so that every path inherits from something; a refused
// category is named in the refusal.
func (p *platform) checkCategories(complain func(string, ...any)) {
	for _, root := range core.RootCategories() {
		if _, ok := p.Categories[root]; !ok {
			complain("categories: %s is missing", root)
		}
	}
	for _, path := range slices.Sorted(maps.Keys(p.Categories)) {
		c := p.Categories[path]
		if _, known := core.RootCategory(path); !known {
			complain("categories: %s is under none of %s", path, strings.Join(core.RootCategories(), ", "))
		}
		if m := c.Message; m != nil && (!strings.Contains(m.ZH, categoryMark) || !strings.Contains(m.EN, categoryMark)) {
			complain("rule %q: its message must name the category by %s in both languages", c.ID, categoryMark)
		}
		if c.Warning != nil && c.Allow == no {
			complain("rule %q: a warning accompanies a yes, not a no", c.ID)
		}
	}
}

// checkFeatures: every feature has an entry, and nothing else does.
func (p *platform) checkFeatures(complain func(string, ...any)) {
	for _, f := range features() {
		if _, ok := p.Features[f]; !ok {
			complain("features: %s is missing", f)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Features)) {
		f := p.Features[key]
		if !slices.Contains(features(), key) {
			complain("features: %s is not a feature", key)
		}
		if f.Code != "" && f.Allow != no {
			complain("rule %q: only a no has a code", f.ID)
		}
		if len(f.NotWith) > 0 && f.Allow == no {
			complain("rule %q: is a no, so there is nothing to take away by not_with", f.ID)
		}
		for _, e := range f.NotWith {
			for _, path := range e.Categories {
				if _, known := core.RootCategory(path); !known {
					complain("rule %q: category %s is under none of %s", e.ID, path, strings.Join(core.RootCategories(), ", "))
				}
			}
		}
	}
}

// checkLimits: a limit lists values or gives an amount; instalments that can be opened need their
// periods.
func (p *platform) checkLimits(complain func(string, ...any)) {
	for _, key := range slices.Sorted(maps.Keys(p.Limits)) {
		l := p.Limits[key]
		if listed := key == limitHuabeiPeriods; listed != (len(l.Values) > 0) || listed == (l.Fen > 0) {
			complain("limits.%s: %s lists values, every other limit gives fen", key, limitHuabeiPeriods)
		}
	}
	periods, ok := p.Limits[limitHuabeiPeriods]
	if !ok && p.Features[core.FeatureHuabeiInstalments].Allow != no {
		complain("limits: %s is missing, and instalments are not a plain no", limitHuabeiPeriods)
	}
	if ok && (periods.Message == nil || periods.Remedy == nil) {
		complain("rule %q: can refuse, so it needs message and remedy", periods.ID)
	}
}

// wellFormed tells whether a category is a path of lower-case names: physical, physical.food. Any
// other spelling is refused rather than inherited from its root, lest Virtual.Coin slip past a rule
// for virtual.coin.
func wellFormed(category string) bool {
	if len(category) > 128 {
		return false
	}
	start := true // of a name
	for i := range len(category) {
		switch c := category[i]; {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', !start && (c == '_' || c == '-'):
			start = false
		case c == '.' && !start:
			start = true
		default:
			return false
		}
	}
	return !start
}
