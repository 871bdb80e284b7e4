package command_test

import (
	"regexp"
	"slices"
	"testing"
)

// W20: an outward id is 26 letters and digits, which is 128 bits, and knowing some says nothing
// about the next.
func TestW20_OutwardIDsCannotBeGuessed(t *testing.T) {
	d := startDemo(t, t.TempDir())
	shape := regexp.MustCompile(`^[a-z2-7]{26}$`)
	var drawn []string
	for range 20 {
		p := d.create("wechat")
		drawn = append(drawn, p.ID[len("pay_"):], p.Action.URL[len(d.base+"/h5/h5_"):])
	}
	slices.Sort(drawn)
	for i, id := range drawn {
		if !shape.MatchString(id) {
			t.Errorf("%q is not 128 bits", id)
		}
		// Forty random ids share eight letters (40 bits) once in 1,400 million runs; those of a
		// counter or a clock always do.
		if i > 0 && id[:8] == drawn[i-1][:8] {
			t.Errorf("%s and %s look alike", drawn[i-1], id)
		}
	}
}
