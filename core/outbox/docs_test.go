package outbox_test

import (
	"os"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
)

// The page for merchants names every event and tells the truth about the schedule.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range core.EventTypes() {
		if !strings.Contains(string(text), "| `"+string(e)+"` |") {
			t.Errorf("%s is not documented", e)
		}
	}
	var all int64
	for _, pause := range outbox.DefaultSchedule() {
		all += int64(pause.Seconds())
	}
	if len(outbox.DefaultSchedule()) != 12 || all != 75*3600 {
		t.Errorf("the schedule has %d tries over %d s; the page says 12 over 75 hours", len(outbox.DefaultSchedule()), all)
	}
	if !strings.Contains(string(text), outbox.HopHeader) {
		t.Error("the page does not show the header as it is sent")
	}
}
