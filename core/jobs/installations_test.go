package jobs_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core/coretest"
	"github.com/paymux/paymux/core/jobs"
)

// Two installations on one server each hear their own hints, all of them and nothing else; two
// processes of one installation hear each other's.
func TestInstallationsOnOneServer(t *testing.T) {
	url, _ := shared(t, t.TempDir())
	const each = 50
	ears := map[string]ear{}
	for _, prefix := range []string{"shop", "shop2", "hint", "sho"} {
		publisher, hearer := connectAs(t, url, prefix), connectAs(t, url, prefix)
		e, _ := listen(t, hearer)
		ears[prefix] = e
		eventually(t, func() bool { return publisher.Publish(hint(prefix+"-0", time.Now())) == nil })
		for i := 1; i < each; i++ {
			// half of them by the server's schedule
			at := time.Now().Add(time.Duration(i%2) * time.Second)
			publish(t, publisher, hint(fmt.Sprint(prefix, "-", i), at))
		}
	}
	for prefix, e := range ears {
		heard := map[string]bool{}
		for len(heard) < each {
			id := e.next(t).due.ID
			if !strings.HasPrefix(id, prefix+"-") {
				t.Fatalf("%s heard %s", prefix, id)
			}
			heard[id] = true
		}
	}
}

// A prefix becomes part of subjects and of a folder's name on the server.
func TestPrefixIsAName(t *testing.T) {
	for _, bad := range []string{"", "A", "a.b", "a>", "*", "-a", "_a", "a b", "a/b", "店", strings.Repeat("a", 33)} {
		if _, err := jobs.ConnectJetStream(context.Background(), "nats://127.0.0.1:1", bad, coretest.Wall(0)); err == nil || !strings.Contains(err.Error(), "queue.prefix") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
