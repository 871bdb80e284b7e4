package command

import (
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
)

// F22: a key version that merely is not the message's explains less than one under which a mistake
// was undone, and that less than one that verifies.
func TestF22WorthOfFindings(t *testing.T) {
	order := [][]alipay.Finding{
		{{Cause: alipay.CauseUnknown}},
		{{Cause: alipay.CauseCertRotated, Proven: true}, {Cause: alipay.CauseUnknown}},
		{{Cause: alipay.CauseHTMLEscaped, Proven: true}},
		{{Cause: alipay.CauseNone, Proven: true}},
	}
	for i, findings := range order {
		if got := worth(findings); got != i {
			t.Errorf("%+v is worth %d, want %d", findings, got, i)
		}
	}
	if worth([]alipay.Finding{{Cause: alipay.CauseHTMLEscaped}}) != 0 || worth([]alipay.Finding{{Cause: alipay.CauseWrongKeyLength, Proven: true}}) != 1 {
		t.Error("a guess, or another version's key length, counts too much")
	}
}
