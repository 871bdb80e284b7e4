package adapters

import "time"

// Exchange is one call to a gateway, as those see it who watch over the line and not over orders.
type Exchange struct {
	Account  string
	App      string // the application's number at the gateway: accounts may share one
	Method   string
	Class    string // what it proved, by the adapter's stable name for that
	Verified bool   // a key of the gateway's has signed the answer
	Duration time.Duration

	// Cause is what of ours the call was turned away for, signed or not, or why we could not read
	// its answer: a short name of the gateway's or the adapter's. "" for all other calls.
	Cause string
	// WholeAccount says that the cause stands in the way of every call of the account, so that any
	// success ends it. Other causes concern single methods.
	WholeAccount bool

	Certificate CertificateNews
	// SkewKnown says that the answer told the time: Skew is the gateway's clock minus ours.
	SkewKnown bool
	Skew      time.Duration
}

// CertificateNews is what an exchange told of the certificate that the gateway signs with.
type CertificateNews uint8

// The news. An exchange that says nothing of it is the rule when there was no answer.
const (
	CertificateUnsaid  CertificateNews = iota
	CertificateKnown                   // or the gateway signs without
	CertificateUnknown                 // answers are signed by one that is not configured
)

// Certificate is one in use that ends some day.
type Certificate struct {
	Kind       string // whose it is, by the adapter's name for that
	KeyVersion string
	Serial     string
	NotAfter   time.Time
	DueWithin  int // the smallest of the days 30, 7 and 1 within which it ends, or 0
}
