package app

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/outbox"
)

// alarms remember what is wrong at present, so that a trouble that lasts is told when it begins and
// when it grows worse, and not at every look.
type alarms struct {
	mu     sync.Mutex
	grades map[string]int // by trouble and object; absent is well
}

// worse records how bad something is, 0 being well, and tells whether that is worse than at the
// last look.
func (a *alarms) worse(trouble, object string, grade int) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := trouble + " " + object
	before := a.grades[key]
	if grade == 0 {
		delete(a.grades, key)
		return false
	}
	if a.grades == nil {
		a.grades = map[string]int{}
	}
	a.grades[key] = grade
	return grade > before
}

// What a person is told of the line to the gateway.
const (
	// AlertClockSkew: the gateway's clock and ours differ. AlertCertificate: one in use ends soon.
	AlertClockSkew   = "clock_skew"
	AlertCertificate = "certificate_expires"
	alertRotated     = "certificate_unknown"
	// The daily inspection found books that contradict themselves.
	alertBroken = "invariant.broken"
)

// Alerts lists every alert of the program. Those whose level grows with the trouble stand once
// for each level.
func Alerts() []core.AlertKind {
	return slices.Concat(core.Alerts(), outbox.Alerts(), []core.AlertKind{
		{What: AlertClockSkew, Level: 2}, {What: alertRotated, Level: 1},
		{What: AlertCertificate, Level: 1}, {What: AlertCertificate, Level: 2}, {What: AlertCertificate, Level: 3},
		{What: alertMisconfigured, Level: 1}, {What: alertNotShared, Level: 3}, {What: alertBroken, Level: 1},
		{What: alertRevocations, Level: 2}, {What: alertReload, Level: 2}, {What: alertArchive, Level: 2},
		{What: alertUnwritable, Level: 1}, {What: alertResting, Level: 2}, {What: alertBacklogOld, Level: 2},
	})
}

// MaxSkew is how far our clock may be from the gateway's. Beyond 10 minutes OpenAPI v3 refuses
// requests; a page's expiry is our clock's word too.
const MaxSkew = time.Minute

// line looks at one exchange for what operators must mend: a wrong clock (G16), and a certificate
// that we do not hold (C28). Neither is mended by the program itself: no message from outside
// changes a clock or a trusted key.
func (w *watch) line(x adapters.Exchange) {
	if x.SkewKnown && w.alarms.worse(AlertClockSkew, x.App, gradeOfSkew(x.Skew)) {
		w.Alert(2, AlertClockSkew, x.App, fmt.Sprintf("the gateway's clock differs from ours by %s; set this host's clock", x.Skew))
	}
	rotated := 0
	switch x.Certificate {
	case adapters.CertificateUnsaid:
		return
	case adapters.CertificateUnknown:
		rotated = 1
	case adapters.CertificateKnown:
	}
	if w.alarms.worse(alertRotated, x.App, rotated) {
		w.Alert(1, alertRotated, x.App, `answers are signed by a certificate that is not configured; "paymux certificate" fetches and checks it`)
	}
}

func gradeOfSkew(skew time.Duration) int {
	switch skew = skew.Abs(); {
	case skew <= MaxSkew:
		return 0
	case skew <= 10*MaxSkew:
		return 1
	}
	return 2
}

// expiries alerts 30, 7 and 1 days before a certificate in use ends (C29), once each.
func (w *watch) expiries(apps map[string]adapters.Application, now time.Time) {
	for account, app := range apps {
		for _, c := range app.Certificates(now) {
			days := c.DueWithin
			if !w.alarms.worse(AlertCertificate, account+" "+c.Serial, gradeOfExpiry(days)) {
				continue
			}
			span := fmt.Sprintf("%d days", days)
			if days == 1 {
				span = "a day"
			}
			level := 4 - gradeOfExpiry(days) // a month is no hurry, a day is
			w.Alert(level, AlertCertificate, account, fmt.Sprintf("the %s certificate of key version %s ends at %s, within %s",
				c.Kind, c.KeyVersion, c.NotAfter.UTC().Format(time.RFC3339), span))
		}
	}
}

func gradeOfExpiry(days int) int {
	switch days {
	case 30:
		return 1
	case 7:
		return 2
	case 1:
		return 3
	}
	return 0
}
