package alipay

import "testing"

// The signing path stays lean: at most 20 allocations for a whole signed
// address, the two of crypto/rsa included.
func TestSignWapPay_allocations(t *testing.T) {
	app := newTestApp(t, nil)
	request := validWapPay()
	request.Subject = "奶茶"
	got := testing.AllocsPerRun(20, func() {
		if _, err := app.WapPayURL(request); err != nil {
			t.Fatal(err)
		}
	})
	if got > 20 && !raceEnabled() {
		t.Fatalf("%v allocations", got)
	}
}
