package platforms

import "github.com/paymux/paymux/core"

// answer is what a rule says. "unspecified" is an answer of its own: the source is silent, so the
// rule refuses, but a named override may open it; a "no" is never opened.
type answer string

const (
	yes         answer = "yes"
	no          answer = "no"
	unspecified answer = "unspecified"
)

// text is a sentence for people, in both languages.
type text struct {
	ZH string `yaml:"zh" validate:"required,max=500"`
	EN string `yaml:"en" validate:"required,max=500"`
}

// words is the text as core knows it; empty when there is none.
func (t *text) words() core.Words {
	if t == nil {
		return core.Words{}
	}
	return core.Words{ZH: t.ZH, EN: t.EN}
}

// rule is what every rule has: a name that overrides and refusals use, what it says when it
// refuses, and where it comes from.
type rule struct {
	ID      string `yaml:"id" validate:"required,key"`
	Message *text  `yaml:"message"`
	Remedy  *text  `yaml:"remedy"`
	Source  string `yaml:"source" validate:"required,max=300"`
	// Date is the day the source bears, or, if it bears none, the day it was last read: yyyy-mm-dd.
	Date string `yaml:"date" validate:"required,datetime=2006-01-02"`
	// Certainty: official_docs was read in the platform's or gateway's own text, source_document in
	// the project's brief, secondary in somebody's report; unverified was read nowhere.
	Certainty string `yaml:"certainty" validate:"required,oneof=official_docs source_document secondary unverified"`
}

// refusal is the rule's no, spoken by a layer.
func (r *rule) refusal(layer core.Layer, code core.Code) core.Refusal {
	return core.Refusal{
		Layer: layer, Code: code, Rule: r.ID, Message: r.Message.words(), Remedy: r.Remedy.words(),
		Source: r.Source, Date: r.Date, Certainty: r.Certainty,
	}
}

// door is a channel by which money can be taken on the platform. Doors are listed best first.
type door struct {
	rule    `yaml:",inline"`
	Channel core.ChannelID `yaml:"channel" validate:"required,key"`
}

// licence is something a merchant must hold before the platform lets it take money.
type licence struct {
	rule `yaml:",inline"`
	Key  string `yaml:"key" validate:"required,key"`
	// Kind: a licence is granted by the state or by verification, a permission by the platform for
	// a category.
	Kind string `yaml:"kind" validate:"required,oneof=licence permission"`
}

// warning accompanies a yes.
type warning struct {
	Code    core.Code `yaml:"code" validate:"required,key"`
	Message text      `yaml:"message"`
}

// category is what the platform says of a kind of goods. Its key is a path such as physical or
// physical.food; a path that has no entry inherits the nearest one above it, an entry replaces what
// it would inherit.
type category struct {
	rule    `yaml:",inline"`
	Allow   answer   `yaml:"allow" validate:"required,oneof=yes no unspecified"`
	Warning *warning `yaml:"warning"`
}

// feature is what the platform says of a way to pay.
type feature struct {
	rule  `yaml:",inline"`
	Allow answer `yaml:"allow" validate:"required,oneof=yes no unspecified"`
	// Code is what a plain no answers with.
	Code    core.Code   `yaml:"code" validate:"required_if=Allow no,omitempty,oneof=goods_category_forbidden instalments_not_supported feature_off"`
	NotWith []exclusion `yaml:"not_with" validate:"max=16,dive"`
}

// exclusion takes a feature away from baskets that hold goods of certain categories. It is a no:
// overrides do not open it.
type exclusion struct {
	rule       `yaml:",inline"`
	Categories []string  `yaml:"categories" validate:"required,min=1,max=64,unique,dive,category"`
	Code       core.Code `yaml:"code" validate:"required,oneof=goods_category_forbidden instalments_not_supported"`
}

// limit bounds a number. Exactly one of Values and Fen is set.
type limit struct {
	rule   `yaml:",inline"`
	Values []int    `yaml:"values" validate:"max=16,unique,dive,min=2"`
	Fen    core.Fen `yaml:"fen" validate:"min=0"`
	// Example marks a figure that the source gives as an example only.
	Example bool `yaml:"example"`
}

// platform is one rule file.
type platform struct {
	ID         core.PlatformID          `yaml:"id" validate:"required,key"`
	Name       text                     `yaml:"name"`
	Doors      []door                   `yaml:"doors" validate:"required,min=1,max=16,dive"`
	Licences   []licence                `yaml:"licences" validate:"max=16,dive"`
	Categories map[string]category      `yaml:"categories" validate:"required,max=500,dive,keys,category,endkeys"`
	Features   map[core.Feature]feature `yaml:"features" validate:"required,dive"`
	Limits     map[string]limit         `yaml:"limits" validate:"dive,keys,oneof=huabei_periods daily_per_buyer review_above,endkeys"`
}
