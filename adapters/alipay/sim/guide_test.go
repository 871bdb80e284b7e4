package alipaysim_test

import (
	"os"
	"strings"
	"testing"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// The guide names every effect, trigger and switch, and its examples run.
func TestTheGuideIsComplete(t *testing.T) {
	raw, err := os.ReadFile("../../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	guide := string(raw)
	r := newRig(t)
	names := append(alipaysim.GatewayEffects(), alipaysim.NotifyEffects()...)
	for _, name := range r.sim("GET", "/sim/", nil)["triggers"].([]any) {
		names = append(names, name.(string))
	}
	for name := range r.sim("GET", "/sim/switches", nil) {
		names = append(names, name)
	}
	for _, name := range names {
		if !strings.Contains(guide, "`"+name+"`") {
			t.Errorf("the guide does not name %s", name)
		}
	}
	for line := range strings.SplitSeq(guide, "\n") {
		_, fault, found := strings.Cut(line, "/sim/faults -d '")
		if !found {
			continue
		}
		var f alipaysim.Fault
		readText(t, strings.TrimSuffix(fault, "'"), &f)
		if _, err := r.server.AddFault(f); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
}
