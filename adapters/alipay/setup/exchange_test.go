package alipaysetup

import (
	"testing"
	"time"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
)

// G16, C28: what an exchange says of clocks and certificates; one without an answer says nothing.
func TestExchangesTellOfTheLine(t *testing.T) {
	for name, c := range map[string]struct {
		x           alipay.Exchange
		skewKnown   bool
		certificate adapters.CertificateNews
	}{
		"verified":            {alipay.Exchange{Class: alipay.Done}, true, adapters.CertificateKnown},
		"refused, clock":      {alipay.Exchange{Class: alipay.NotExist, Skew: time.Minute}, true, adapters.CertificateKnown},
		"no answer":           {alipay.Exchange{Class: alipay.Unknown}, false, adapters.CertificateUnsaid},
		"proves nothing":      {alipay.Exchange{Class: alipay.Unknown, Skew: time.Second}, true, adapters.CertificateUnsaid},
		"another certificate": {alipay.Exchange{Class: alipay.Unknown, Refusal: "certificate_unknown", Skew: time.Second}, true, adapters.CertificateUnknown},
		"no answer, another":  {alipay.Exchange{Class: alipay.Unknown, Refusal: "certificate_unknown"}, false, adapters.CertificateUnknown},
		"not sent":            {alipay.Exchange{Class: alipay.NotSent, Skew: time.Hour}, false, adapters.CertificateUnsaid},
		"refused here":        {alipay.Exchange{Class: alipay.Invalid}, false, adapters.CertificateUnsaid},
	} {
		got := exchangeOf("main", c.x)
		if got.SkewKnown != c.skewKnown || got.Certificate != c.certificate || got.Skew != c.x.Skew {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// What metrics and log lines show of an exchange is the wire's own, whole.
func TestExchangesAreHandedOn(t *testing.T) {
	got := exchangeOf("main", alipay.Exchange{
		AppID: "9021", Method: alipay.MethodRefund, Class: alipay.Misconfigured, Code: "40002", SubCode: "isv.invalid-signature", Fault: alipay.FaultOurs,
		Verified: true, Duration: time.Second,
	})
	want := adapters.Exchange{
		Account: "main", App: "9021", Method: "alipay.trade.refund", Class: "misconfigured", Verified: true, Duration: time.Second,
		Cause: "isv.invalid-signature", WholeAccount: true, Certificate: adapters.CertificateKnown, SkewKnown: true,
	}
	if got != want {
		t.Errorf("%+v", got)
	}
}

// G22: what an account is turned away for, and which causes stand in the way of every call, so that
// any success ends them. The names come from outside: none could harm a log or a metric.
func TestG22_causes(t *testing.T) {
	for cause, whole := range map[string]bool{
		"isv.invalid-signature": true, "isv.invalid-app-id": true, "isv.app-cert-expired": true, "isv.encrypt-failed": true, "isv.decrypt-failed": true,
		"isv.invalid-timestamp": true, "isv.invalid-charset": true, "isv.missing-signature-type": true, "isv.invalid-format": true,
		"isv.insufficient-isv-permissions": false, "ACQ.ACCESS_FORBIDDEN": false,
	} {
		got := exchangeOf("main", alipay.Exchange{Code: "40002", SubCode: cause, Fault: alipay.FaultOurs})
		if got.Cause != cause || got.WholeAccount != whole {
			t.Errorf("%s: %q, %v", cause, got.Cause, got.WholeAccount)
		}
	}
	for _, refusal := range []alipay.Refusal{alipay.ErrSignatureMismatch, alipay.ErrDecryptionFailed} {
		if got := exchangeOf("main", alipay.Exchange{Refusal: string(refusal)}); got.Cause != string(refusal) {
			t.Errorf("%s: %q", refusal, got.Cause)
		}
	}
	if got := exchangeOf("main", alipay.Exchange{Code: "40006", SubCode: "line\nbreak", Fault: alipay.FaultOurs}); got.Cause != "40006" {
		t.Errorf("cause %q", got.Cause)
	}
	if got := exchangeOf("main", alipay.Exchange{Code: "40004", SubCode: "ACQ.TRADE_NOT_EXIST", Fault: alipay.FaultNotFound}); got.Cause != "" || got.WholeAccount {
		t.Errorf("another's fault: %+v", got)
	}
}
