package platforms_test

import (
	"slices"
	"testing"

	"github.com/paymux/paymux/core"
)

// The order of the lines decides nothing, and a basket is allowed when each of its lines would be.
func TestBasketsAreJudgedLineByLine(t *testing.T) {
	book := shipped(t)
	decide := func(platform core.PlatformID, periods int, categories ...string) core.Decision {
		return book.Decide(core.Ask{Platform: platform, Categories: categories, Periods: periods, Holdings: everything()})
	}
	all := []string{"physical", "physical.food", "virtual", "virtual.coin", "service", "service.repair", "nothing"}
	tried := 0
	for _, platform := range book.Platforms() {
		for _, periods := range []int{0, 1, 3} {
			for _, a := range all {
				for _, b := range all {
					tried++
					both, turned := decide(platform, periods, a, b), decide(platform, periods, b, a)
					if want := decide(platform, periods, a).Allowed && decide(platform, periods, b).Allowed; both.Allowed != want {
						t.Errorf("%s, %d periods, %s and %s: allowed %v", platform, periods, a, b, both.Allowed)
					}
					if both.Allowed != turned.Allowed || !slices.Equal(both.Channels, turned.Channels) || !slices.Equal(sorted(both.Forbid), sorted(turned.Forbid)) {
						t.Errorf("%s, %d periods: %s and %s are not judged like %s and %s", platform, periods, a, b, b, a)
					}
					for _, forbidden := range decide(platform, periods, a).Forbid {
						if both.Allowed && !slices.Contains(both.Forbid, forbidden) {
							t.Errorf("%s, %d periods: %s beside %s frees %s", platform, periods, a, b, forbidden)
						}
					}
				}
			}
		}
	}
	if tried < 400 {
		t.Errorf("%d baskets", tried)
	}
}

func sorted(list []core.Feature) []core.Feature { return slices.Sorted(slices.Values(list)) }
