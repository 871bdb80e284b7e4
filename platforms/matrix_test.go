package platforms_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/platforms"
)

// shipped returns the book of the embedded rules.
func shipped(t testing.TB) *platforms.Book {
	t.Helper()
	book, err := platforms.Load(platforms.Embedded())
	if err != nil {
		t.Fatalf("the shipped rules do not load: %v", err)
	}
	return book
}

// everything is a merchant that holds all there is and switches nothing.
func everything() core.Holdings {
	return core.Holdings{
		Licences:    []string{"enterprise_verified", "telecom_value_added"},
		Permissions: []string{"physical_ecommerce"},
		Channels:    []core.ChannelID{"alipay_mini", "wechat_h5", "douyin_h5"},
	}
}

// without returns list less one entry.
func without(list []string, entry string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == entry })
}

// spoken renders refusals as layer:code, in order; "-" for none.
func spoken(refusals []core.Refusal) string {
	words := []string{}
	for _, r := range refusals {
		words = append(words, string(r.Layer)+":"+string(r.Code))
	}
	return orDash(strings.Join(words, " "))
}

// warned renders the codes of warnings; "-" for none.
func warned(warnings []core.Warning) string {
	words := []string{}
	for _, w := range warnings {
		words = append(words, string(w.Code))
	}
	return orDash(strings.Join(words, " "))
}

// forbidden renders what the cashier must not offer: h for Huabei, i for instalments; "-" for
// nothing.
func forbidden(features []core.Feature) string {
	letters := map[core.Feature]string{core.FeatureHuabei: "h", core.FeatureHuabeiInstalments: "i"}
	word := ""
	for _, f := range features {
		word += letters[f]
	}
	return orDash(word)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// TestMatrix holds the shipped rules against a table written by hand.
func TestMatrix(t *testing.T) {
	book := shipped(t)
	content, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	licences := map[string]string{"alipay": "enterprise_verified", "wechat": "telecom_value_added", "douyin": "physical_ecommerce"}
	doors := map[string]core.ChannelID{"alipay": "alipay_mini", "wechat": "wechat_h5", "douyin": "douyin_h5"}
	periods := map[string]int{"none": 0, "one_sum": 1, "instalments": 3}
	seen := map[string]bool{}
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		columns := strings.Split(line, "|")
		row := strings.Fields(columns[0])
		if len(columns) != 4 || len(row) != 4 {
			t.Fatalf("not a row: %q", line)
		}
		platform, goods, licence, huabei := row[0], row[1], row[2], row[3]
		n, ok := periods[huabei]
		if !ok || licences[platform] == "" || (licence != "held" && licence != "missing") {
			t.Fatalf("not a row: %q", line)
		}
		name := strings.Join(row, "/")
		seen[name] = true
		t.Run(name, func(t *testing.T) {
			holdings := everything()
			if licence == "missing" {
				holdings.Licences = without(holdings.Licences, licences[platform])
				holdings.Permissions = without(holdings.Permissions, licences[platform])
			}
			d := book.Decide(core.Ask{Platform: core.PlatformID(platform), Categories: []string{goods}, Periods: n, Holdings: holdings})
			want := func(what, expected, got string) {
				if expected = strings.TrimSpace(expected); got != expected {
					t.Errorf("%s: got %s, want %s", what, got, expected)
				}
			}
			want("refusals", columns[1], spoken(d.Refusals))
			want("forbid", columns[2], forbidden(d.Forbid))
			want("warnings", columns[3], warned(d.Warnings))
			accepted := strings.TrimSpace(columns[1]) == "-"
			if d.Allowed != accepted {
				t.Errorf("allowed: got %t", d.Allowed)
			}
			if accepted != slices.Equal(d.Channels, []core.ChannelID{doors[platform]}) {
				t.Errorf("channels: got %v", d.Channels)
			}
		})
	}
	if want := 3 * 3 * 2 * 3; len(seen) != want {
		t.Errorf("the table has %d different rows, want %d", len(seen), want)
	}
}
