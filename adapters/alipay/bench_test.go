package alipay

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"net/http"
	"testing"
	"time"
)

// Each benchmark times the bare crypto/rsa operation in the same run, turn by
// turn, so that a busy machine slows both alike, and reports the ratio.

// ratio runs raw and work turn by turn and reports the quickest of each: the
// quickest run is the one that other programs disturbed least.
func ratio(b *testing.B, raw, work func()) {
	b.Helper()
	fastest := func(best time.Duration, run func()) time.Duration {
		start := time.Now()
		run()
		return min(best, time.Since(start))
	}
	rawTime, workTime := time.Hour, time.Hour
	for b.Loop() {
		workTime = fastest(workTime, work)
		rawTime = fastest(rawTime, raw)
	}
	b.ReportMetric(float64(workTime.Nanoseconds()), "work-ns")
	b.ReportMetric(float64(rawTime.Nanoseconds()), "raw-ns")
	b.ReportMetric(float64(workTime)/float64(rawTime), "x-raw")
	b.ReportMetric(testing.AllocsPerRun(20, work), "work-allocs")
	b.ReportMetric(testing.AllocsPerRun(20, raw), "raw-allocs")
}

func rawSign(b *testing.B) func() {
	b.Helper()
	key := testPrivate(b, "app_pkcs1")
	digest := sha256.Sum256([]byte("x"))
	return func() {
		if _, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func rawVerify(b *testing.B) func() {
	b.Helper()
	key := testPrivate(b, "alipay_pkcs1")
	digest := sha256.Sum256([]byte("x"))
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		b.Fatal(err)
	}
	public := &key.PublicKey
	return func() {
		if err := rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], signature); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSignWapPay is the whole way from request to signed address. Target:
// at most 1.03 × raw and 20 allocations.
func BenchmarkSignWapPay(b *testing.B) {
	app := newTestApp(b, nil)
	request := validWapPay()
	request.Subject = "奶茶"
	work := func() {
		if _, err := app.WapPayURL(request); err != nil {
			b.Fatal(err)
		}
	}
	ratio(b, rawSign(b), work)
}

// BenchmarkSignRequest is trade.create up to the HTTP request.
func BenchmarkSignRequest(b *testing.B) {
	app := newTestApp(b, nil)
	request := validCreate()
	work := func() {
		if _, err := app.wire.request(app, Call{Method: MethodCreate, Biz: &request}); err != nil {
			b.Fatal(err)
		}
	}
	ratio(b, rawSign(b), work)
}

// BenchmarkNotification is from the body to the verified notification. Target:
// at most 1.25 × raw.
func BenchmarkNotification(b *testing.B) {
	app := newTestApp(b, nil)
	body := []byte(paidForm().signed(b, gatewayKey(b), notifyRule()).encode())
	work := func() {
		unverified, err := ParseNotification(body, formType)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := app.VerifyNotification(unverified); err != nil {
			b.Fatal(err)
		}
	}
	ratio(b, rawVerify(b), work)
}

// BenchmarkResponse is from the answer's body to the typed response. Target:
// at most 1.25 × raw.
func BenchmarkResponse(b *testing.B) {
	app := newTestApp(b, nil)
	body := []byte(signedAnswer(b, MethodQuery, paidNode))
	call := Call{Method: MethodQuery, Echo: Echo{OutTradeNo: "T1"}}
	work := func() {
		var response QueryResponse
		result := app.judge(call, reply{status: http.StatusOK, body: body}, Result{}, &response)
		if result.Class != Done {
			b.Fatal(result.Err)
		}
	}
	ratio(b, rawVerify(b), work)
}
