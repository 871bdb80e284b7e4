package command_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// Beside a running server, any number of an order leads to it; what leads nowhere says so by its
// exit code.
func TestFind(t *testing.T) {
	d, dir := livelyDemo(t)
	p := d.create("wechat")
	full := d.payment(p.ID)
	for _, number := range []string{p.ID, p.MerchantOrderNo, full.Attempts[0].OutTradeNo, full.Attempts[0].ID} {
		code, out, errs := run(t, nil, "find", "--data", dir, "--json", number)
		var found []core.Found
		if err := json.Unmarshal([]byte(out), &found); code != 0 || err != nil || len(found) != 1 || found[0].Payment.ID != p.ID || len(found[0].Waits) == 0 {
			t.Errorf("%s: exit %d, %v\n%s%s", number, code, err, out, errs)
		}
	}
	code, out, errs := run(t, nil, "find", "--data", dir, p.MerchantOrderNo)
	for _, words := range []string{"merchant_order_no of payment " + p.ID, "the payment was created", "what it waits for"} {
		if code != 0 || !strings.Contains(out, words) {
			t.Errorf("exit %d, no %q in\n%s%s", code, words, out, errs)
		}
	}
	for _, c := range []struct {
		want int
		args []string
	}{
		{1, []string{"--data", dir, "nobody"}},
		{2, []string{"--data", dir}},
		{2, []string{"--config", dir + "/none.yaml", "nobody"}}, // not "there is no such order"
	} {
		if code, out, errs := run(t, nil, append([]string{"find"}, c.args...)...); code != c.want {
			t.Errorf("%q: exit %d, want %d\n%s%s", c.args, code, c.want, out, errs)
		}
	}
	if code, _, errs := run(t, nil, "find", "--data", dir, "--buyer", "2088000000000002"); code != 2 || !strings.Contains(errs, "standard input") {
		t.Errorf("a buyer on the command line: exit %d, %s", code, errs)
	}
}
