package app

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// C57: however many forged messages come, each account and reason leaves one row in ten minutes,
// and the next row and the log say how many there were.
func TestForgedMessagesAreSampled(t *testing.T) {
	var log bytes.Buffer
	f := &forged{logger: slog.New(slog.NewTextHandler(&log, nil))}
	now := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	rows, said := 0, int64(0)
	for second := range 3600 {
		for range 10 {
			for _, kind := range []forgedKind{{"a", "signature_mismatch"}, {"a", "charset"}, {"b", "signature_mismatch"}} {
				traced, untraced := f.Sample(kind.account, kind.reason, now)
				if traced {
					rows++
				} else if untraced != 0 {
					t.Fatal("a message without a row tells of others")
				}
				said += untraced
			}
		}
		if now = now.Add(time.Second); second%60 == 59 {
			f.tell(now)
		}
	}
	if lines := strings.Count(log.String(), "\n"); rows != 18 || said != 3*(36000-6000-5) || lines > 3*61 {
		t.Errorf("%d rows, %d said to be more, %d lines", rows, said, lines)
	}
	for range 3 {
		now = now.Add(tracedEvery)
		f.tell(now)
	}
	for i := range 2 * maxForged {
		f.Sample(fmt.Sprint(i), core.Code("x"), now)
	}
	if len(f.kinds) > maxForged {
		t.Errorf("%d kinds are remembered", len(f.kinds))
	}
}
