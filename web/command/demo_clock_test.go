package command_test

import (
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// A demo whose gateway is ahead in time refuses orders, after a restart too; it says so at its
// start and in its shop.
func TestADemoSaysThatItsGatewayIsAhead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	d := startDemo(t, dir)
	page := func() string {
		return d.browse(http.DefaultClient, "GET", d.base+"/shop/on/alipay", nil).body
	}
	if strings.Contains(page(), "clock-ahead") || strings.Contains(strings.Join(d.out, " "), "was advanced") {
		t.Fatal("a demo at the present says that it is ahead")
	}
	if status := d.call("POST", d.gateway+"/sim/clock/advance", `{"duration":"25h"}`, nil); status != http.StatusOK {
		t.Fatal(status)
	}
	if got := page(); !strings.Contains(got, `id="clock-ahead"`) || !strings.Contains(got, "25h0m") {
		t.Fatalf("the shop says nothing: %.1500s", got)
	}
	d.stop()
	d = startDemo(t, dir)
	if out := strings.Join(d.out, " "); !strings.Contains(out, "25h0m") || !strings.Contains(out, "ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR") {
		t.Fatalf("nothing at the start: %s", out)
	}
	if got := page(); !strings.Contains(got, `id="clock-ahead"`) {
		t.Fatal("the shop says nothing after the restart")
	}
}
