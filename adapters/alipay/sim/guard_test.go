package alipaysim_test

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

const testControlKey = "a-control-key-of-32-characters-x"

// asks makes one control call with headers and gives the status. Host is a header here too.
func (r *rig) asks(method, path string, head map[string]string) int {
	r.t.Helper()
	request, err := http.NewRequest(method, r.http.URL+path, strings.NewReader("{}"))
	if err != nil {
		r.t.Fatal(err)
	}
	for name, value := range head {
		request.Header.Set(name, value)
	}
	request.Host = head["Host"]
	response, err := web().Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		r.t.Fatal(err)
	}
	return response.StatusCode
}

// W26: no page of another site works the simulator, with a key or without.
func TestControlCallsOfOtherSitesAreRefused(t *testing.T) {
	for _, key := range []string{"", testControlKey} {
		r := newRig(t, func(c *alipaysim.Config) { c.ControlKey = key })
		no := r.create("T1", "1.00")
		for name, c := range map[string]struct {
			head   map[string]string
			status int
		}{
			"no browser":              {nil, 200},
			"the simulator's own":     {map[string]string{"Origin": r.http.URL, "Sec-Fetch-Site": "same-origin"}, 200},
			"typed by its user":       {map[string]string{"Sec-Fetch-Site": "none"}, 200},
			"another site":            {map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}, 403},
			"another port":            {map[string]string{"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"}, 403},
			"an old browser":          {map[string]string{"Origin": "https://evil.example"}, 403},
			"a page without a name":   {map[string]string{"Origin": "null"}, 403},
			"without Origin, as GETs": {map[string]string{"Sec-Fetch-Site": "cross-site"}, 403},
		} {
			head := map[string]string{"Authorization": "Bearer " + key}
			maps.Copy(head, c.head)
			for _, path := range []string{"/sim/flush", "/sim/clock/advance", "/sim/faults", "/sim/switches", "/sim/trades/" + no + "/expire"} {
				want := c.status
				if want == 200 && (path == "/sim/faults" || strings.HasSuffix(path, "/expire")) {
					continue // refused or done once for reasons of their own
				}
				if status := r.asks("POST", path, head); status != want {
					t.Errorf("key %q, %s: POST %s is %d", key, name, path, status)
				}
			}
		}
		if trade := r.server.Book().Totals(); trade.ClosedUnpaid != 0 {
			t.Error("another site closed a trade")
		}
	}
}

// W27: with a key every control call shows it; without one only this machine's own names are
// answered.
func TestControlCallsShowTheKey(t *testing.T) {
	r := newRig(t, func(c *alipaysim.Config) { c.ControlKey = testControlKey })
	for name, c := range map[string]struct {
		authorization string
		status        int
	}{
		"bearer":           {authorization: "Bearer " + testControlKey, status: 200},
		"basic":            {authorization: "Basic OmEtY29udHJvbC1rZXktb2YtMzItY2hhcmFjdGVycy14", status: 200},
		"none":             {status: 401},
		"empty":            {authorization: "Bearer ", status: 401},
		"another":          {authorization: "Bearer " + testControlKey + "x", status: 401},
		"another scheme":   {authorization: testControlKey, status: 401},
		"as the user name": {authorization: "Basic YS1jb250cm9sLWtleS1vZi0zMi1jaGFyYWN0ZXJzLXg6", status: 401},
	} {
		for _, path := range []string{"/sim/", "/sim/book", "/sim/clock"} {
			if status := r.asks("GET", path, map[string]string{"Authorization": c.authorization}); status != c.status {
				t.Errorf("%s: GET %s is %d", name, path, status)
			}
		}
		if status := r.asks("DELETE", "/sim/faults", map[string]string{"Authorization": c.authorization}); status != c.status {
			t.Errorf("%s: DELETE is %d", name, status)
		}
	}
	// The key is for the control API alone.
	want(t, r.call("alipay.trade.query", biz{"out_trade_no": "T1"}), "sub_code", "ACQ.TRADE_NOT_EXIST")
	for _, key := range []string{"short", "sixteen characters", "sechzehn-zeichen-ü"} {
		cfg := r.cfg
		cfg.ControlKey = key
		if _, err := alipaysim.New(cfg); err == nil {
			t.Errorf("the control key %q was taken", key)
		}
	}
}

// W27: a stranger's name that leads to this machine makes no page of a stranger one of ours.
func TestWithoutAKeyOnlyLoopbackNamesAreAnswered(t *testing.T) {
	r := newRig(t)
	for host, status := range map[string]int{
		"127.0.0.1:8090": 200, "localhost:8090": 200, "LOCALHOST": 200, "[::1]:8090": 200, "sim.localhost:8090": 200, "127.9.9.9": 200,
		"evil.example": 403, "evil.example:8090": 403, "192.168.1.2:8090": 403, "localhost.evil.example": 403, "127.0.0.1.evil.example": 403,
	} {
		if got := r.asks("POST", "/sim/flush", map[string]string{"Host": host}); got != status {
			t.Errorf("Host %s: %d, want %d", host, got, status)
		}
		if got := r.asks("GET", "/sim/", map[string]string{"Host": host}); got != status {
			t.Errorf("Host %s: %d, want %d", host, got, status)
		}
	}
}
