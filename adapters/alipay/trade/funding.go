package alipaytrade

import (
	"slices"
	"strconv"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// Huabei is held by channels whose cashier offers Huabei instalments. Whether a platform permits
// them for a basket is the rulebook's to say.
type Huabei struct{}

// Periods lists the numbers of instalments that Alipay knows.
func (Huabei) Periods() []int { return []int{3, 6, 12} }

// Means says by which of the buyer's means an order may be paid, in Alipay's words.
type Means struct {
	// Extend carries the instalments; nil when there are none.
	Extend *alipay.ExtendParams
	// Disable lists the channels that the cashier must not offer.
	Disable alipay.PayChannels
	// OneSum asks for Huabei in one sum and nothing else.
	OneSum bool
}

// MeansOf translates what core wants. It refuses what contradicts itself, or what Alipay does not
// know: the rulebook has already said no to it, and an order must not be paid by other means than
// were asked for.
func MeansOf(f core.Funding) (Means, error) {
	m := Means{}
	if f.Forbids(core.FeatureHuabei) {
		m.Disable = append(m.Disable, alipay.ChannelPcredit)
	}
	if f.Forbids(core.FeatureHuabeiInstalments) {
		m.Disable = append(m.Disable, alipay.ChannelInstalments)
	}
	switch {
	case f.Periods == 0:
		return m, nil
	case f.Periods == 1:
		if f.Forbids(core.FeatureHuabei) {
			return Means{}, core.Errorf(core.CodeInvalid, "Huabei is both asked for and forbidden")
		}
		m.OneSum = true
		return m, nil
	case !slices.Contains(Huabei{}.Periods(), f.Periods):
		return Means{}, core.Errorf(core.CodeInvalid, "Huabei knows no %d instalments", f.Periods)
	case f.Forbids(core.FeatureHuabeiInstalments):
		return Means{}, core.Errorf(core.CodeInvalid, "instalments are both asked for and forbidden")
	}
	percent, ok := map[string]string{"": "0", "buyer": "0", "seller": "100"}[f.FeeBearer]
	if !ok {
		return Means{}, core.Errorf(core.CodeInvalid, "the fee is borne by buyer or seller")
	}
	m.Extend = &alipay.ExtendParams{HbFqNum: strconv.Itoa(f.Periods), HbFqSellerPercent: percent}
	return m, nil
}
