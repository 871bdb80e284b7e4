package alipaysetup

import (
	"cmp"
	"strings"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// exchangeOf says what one call to Alipay means to those who watch over the line.
func exchangeOf(account string, x alipay.Exchange) adapters.Exchange {
	cause := causeOf(x)
	told := adapters.Exchange{
		Account: account, App: x.AppID, Method: x.Method, Class: x.Class.String(), Verified: x.Verified, Duration: x.Duration,
		Cause: cause, WholeAccount: wholeAccount(cause), Skew: x.Skew,
	}
	if x.Class == alipay.NotSent || x.Class == alipay.Invalid {
		return told
	}
	// without an answer nothing is said of clocks
	told.SkewKnown = x.Skew != 0 || x.Class != alipay.Unknown
	switch {
	case x.Refusal == string(alipay.ErrCertificateUnknown):
		told.Certificate = adapters.CertificateUnknown
	case x.Class != alipay.Unknown:
		told.Certificate = adapters.CertificateKnown
	}
	return told
}

// causeOf names what of ours an exchange was turned away for, signed or not, or why we could not
// read its answer; "" for all others.
func causeOf(x alipay.Exchange) string {
	if x.Fault == alipay.FaultOurs {
		named := core.GatewayWords{Code: x.Code, SubCode: x.SubCode}.Clean()
		return cmp.Or(named.SubCode, named.Code)
	}
	switch alipay.Refusal(x.Refusal) {
	case alipay.ErrSignatureMismatch, alipay.ErrDecryptionFailed:
		// our copy of the gateway's key, or our content key
		return x.Refusal
	}
	return ""
}

// wholeAccount tells whether a cause stands in the way of every call, so that any success ends it.
// The others are permissions and contracts, which some methods have and others lack.
func wholeAccount(cause string) bool {
	for _, part := range []string{"signature", "app-id", "cert", "encrypt", "decrypt", "timestamp", "charset", "missing-", "format"} {
		if strings.Contains(cause, part) {
			return true
		}
	}
	return false
}
