package core

import "slices"

// Rulebook decides what a platform permits. Core asks; platforms/ answers from rules that are data.
type Rulebook interface {
	// Decide answers whether a basket may be paid. It is pure: the same Ask has the same answer.
	Decide(Ask) Decision
	// Platforms lists the platform ids that have a rule file, sorted.
	Platforms() []PlatformID
	// Offer tells what a platform offers a merchant, feature by feature and category by category.
	Offer(PlatformID, Holdings) Offer
}

// Holdings is what a merchant holds and what its product team has switched: the layers merchant and
// feature of a decision.
type Holdings struct {
	Licences    []string
	Permissions []string
	Switches    []FeatureSwitch
	Overrides   []Override
	// Channels are those that the merchant's active accounts serve.
	Channels []ChannelID
}

// FeatureSwitch turns a feature on or off for a platform.
type FeatureSwitch struct {
	Platform PlatformID
	Feature  Feature
	Enabled  bool
}

// Override opens by name a rule that is unspecified. It cannot open a rule that says no.
type Override struct {
	Platform PlatformID
	Rule     string
	Reason   string
	By       string
}

// Ask is what the rulebook is asked: a platform, a basket, and who sells.
type Ask struct {
	Platform PlatformID
	// Categories of the goods lines, in order, repeats allowed.
	Categories []string
	// Periods is 0 for no Huabei, 1 for Huabei in one sum, else the number of instalments.
	Periods  int
	Holdings Holdings
}

// Layer names who said no.
type Layer string

// The layers, in the order they are asked.
const (
	LayerPlatform Layer = "platform" // the host platform's own rules
	// LayerLicence: a licence or permission the platform wants and the merchant lacks.
	LayerLicence  Layer = "licence"
	LayerMerchant Layer = "merchant" // the merchant has no account or channel for it
	LayerFeature  Layer = "feature"  // the product team has switched it off
)

// Refusal is one layer's no, with what would change it. Codes: goods_category_forbidden,
// licence_missing, permission_missing, instalments_not_supported, feature_off, rule_unspecified,
// channel_missing.
type Refusal struct {
	Layer     Layer  `json:"layer"`
	Code      Code   `json:"code"`
	Rule      string `json:"rule"` // id of the rule that spoke
	Message   Words  `json:"message"`
	Remedy    Words  `json:"remedy"`              // what would change the answer
	Source    string `json:"source,omitempty"`    // where the rule comes from
	Date      string `json:"date,omitempty"`      // yyyy-mm-dd of the source
	Certainty string `json:"certainty,omitempty"` // how sure the rule is
}

// Warning accompanies a yes.
type Warning struct {
	Code    Code   `json:"code"`
	Rule    string `json:"rule"`
	Message Words  `json:"message"`
}

// Spoken returns the refusals with their words in one language.
func Spoken(refusals []Refusal, l Language) []Refusal {
	out := slices.Clone(refusals)
	for i := range out {
		out[i].Message, out[i].Remedy = out[i].Message.Only(l), out[i].Remedy.Only(l)
	}
	return out
}

func spokenWarnings(warnings []Warning, l Language) []Warning {
	out := slices.Clone(warnings)
	for i := range out {
		out[i].Message = out[i].Message.Only(l)
	}
	return out
}

// The codes a rulebook answers with.
const (
	CodeGoodsCategoryForbidden  Code = "goods_category_forbidden"
	CodeLicenceMissing          Code = "licence_missing"
	CodePermissionMissing       Code = "permission_missing"
	CodeInstalmentsNotSupported Code = "instalments_not_supported"
	CodeFeatureOff              Code = "feature_off"
	CodeRuleUnspecified         Code = "rule_unspecified"
	CodeUnknownPlatform         Code = "unknown_platform"
)

// Decision is the conjunction of all layers.
type Decision struct {
	Allowed  bool       `json:"allowed"`
	Platform PlatformID `json:"platform"`
	// Channels: that may serve the basket, best first; empty when refused
	Channels []ChannelID `json:"channels"`
	// Forbid lists features that the gateway's cashier must not offer for this basket.
	Forbid   []Feature `json:"forbid,omitempty"`
	Refusals []Refusal `json:"refusals"` // every layer that said no, in the order of the layers
	Warnings []Warning `json:"warnings"`
}

// In returns the decision with its words in one language.
func (d Decision) In(l Language) Decision {
	d.Refusals, d.Warnings = Spoken(d.Refusals, l), spokenWarnings(d.Warnings, l)
	return d
}

// Offer is what a platform offers a merchant.
type Offer struct {
	Platform   PlatformID   `json:"platform"`
	Name       Words        `json:"name"`
	Channels   []ChannelID  `json:"channels"`
	Categories []OfferEntry `json:"categories"`
	Features   []OfferEntry `json:"features"`
}

// In returns the offer with its words in one language.
func (o Offer) In(l Language) Offer {
	spoken := func(entries []OfferEntry) []OfferEntry {
		out := slices.Clone(entries)
		for i := range out {
			out[i].Refusals, out[i].Warnings = Spoken(out[i].Refusals, l), spokenWarnings(out[i].Warnings, l)
		}
		return out
	}
	o.Name, o.Categories, o.Features = o.Name.Only(l), spoken(o.Categories), spoken(o.Features)
	return o
}

// OfferEntry is one category or feature, on or off, and if off, why.
type OfferEntry struct {
	Name     string    `json:"name"`
	On       bool      `json:"on"`
	Refusals []Refusal `json:"refusals"`
	Warnings []Warning `json:"warnings"`
}
