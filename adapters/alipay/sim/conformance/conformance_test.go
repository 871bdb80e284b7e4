//go:build conformance

package conformance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// conformanceCase draws parameters and lets the parties disagree if they can.
type conformanceCase struct {
	name   string
	weight int
	run    func(b *bench, d *draw) error
}

// table is every API, each with a share of the cases.
func table() []conformanceCase {
	return []conformanceCase{
		{"trade", 30, tradeCase},
		{"refusal", 8, refusalCase},
		{"login", 5, loginCase},
		{"counter", 10, counterCase},
		{"page", 15, pageCase},
		{"notification", 15, notificationCase},
		{"message", 4, messageCase},
		{"sharing", 5, sharingCase},
		{"agreement", 4, agreementCase},
		{"broken answer", 8, brokenCase},
		{"v3", 12, v3Case},
		{"v3 counter", 5, v3CounterCase},
		{"bill", 1, billCase},
		{"certificate", 2, certificateCase},
	}
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(value, 10, 32)
	if err != nil {
		t.Fatalf("%s=%q is not a number", name, value)
	}
	return n
}

// TestConformance runs CASES (default 1000) cases from SEED (default 1). Every
// kind of case runs at least once.
func TestConformance(t *testing.T) {
	cases, seed := number(t, "CASES", 1000), number(t, "SEED", 1)
	b := newBench(t, seed)
	var wheel []conformanceCase
	for _, c := range table() {
		for range c.weight {
			wheel = append(wheel, c)
		}
	}
	counts := map[string]int{}
	for i := range cases {
		random := rand.New(rand.NewPCG(seed, i))
		c := wheel[random.IntN(len(wheel))]
		if i < uint64(len(table())) {
			c = table()[i]
		}
		counts[c.name]++
		d := &draw{Rand: random, number: fmt.Sprintf("%d_%d", seed, i)}
		if err := c.run(b, d); err != nil {
			t.Errorf("case %d (%s) of seed %d: %v", i, c.name, seed, err)
		}
		b.sim.ClearFaults()
		if t.Failed() && i > 50 {
			break // one reason is enough to read
		}
	}
	if totals := b.sim.Book().Totals(); totals.NetFen < 0 || totals.RefundedFen > totals.CapturedFen {
		t.Errorf("the book gives back more than it took: %+v", totals)
	}
	t.Logf("%d cases: %v", cases, counts)
}
