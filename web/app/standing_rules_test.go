package app

import (
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
)

// G22: which causes stand in the way of every call, so that any success ends them, and which of one method's.
func TestG22_causesOfTheWholeAccount(t *testing.T) {
	for cause, whole := range map[string]bool{
		"isv.invalid-signature": true, "isv.invalid-app-id": true, "isv.app-cert-expired": true, "isv.encrypt-failed": true, "isv.decrypt-failed": true,
		"isv.invalid-timestamp": true, "isv.invalid-charset": true, "isv.missing-signature-type": true, "isv.invalid-format": true,
		"isv.insufficient-isv-permissions": false, "ACQ.ACCESS_FORBIDDEN": false, "": false,
	} {
		if wholeAccount(cause) != whole {
			t.Errorf("%s: %v", cause, !whole)
		}
	}
	for _, refusal := range []alipay.Refusal{alipay.ErrSignatureMismatch, alipay.ErrDecryptionFailed} {
		if got := causeOf(alipay.Exchange{Refusal: string(refusal)}); got != string(refusal) {
			t.Errorf("%s: %q", refusal, got)
		}
	}
}

// G22: troubles are listed the oldest first, are told again after an hour to the second, and end with an account that is configured no more.
func TestG22_troublesAreListedByAge(t *testing.T) {
	w, _, now, lines := watched(t)
	refused := func(cause string) alipay.Exchange {
		return alipay.Exchange{Method: alipay.MethodQuery, SubCode: cause, Fault: alipay.FaultOurs}
	}
	begin := *now
	for _, cause := range []string{"z.first", "a.second"} {
		w.exchange("main", refused(cause))
		*now = now.Add(time.Minute)
	}
	w.exchange("gone", refused("z.first"))
	lines("")
	w.standing.remind(begin.Add(time.Hour - time.Second))
	early := lines("what=account_misconfigured")
	w.standing.remind(begin.Add(time.Hour))
	if due := lines("what=account_misconfigured"); early != 0 || due != 1 {
		t.Errorf("told again %d times early, %d times after an hour", early, due)
	}
	list := w.standing.of("main")
	if len(list) != 2 || list[0].Cause != "z.first" || !list[0].Since.Equal(begin) || list[1].Cause != "a.second" || !list[1].Since.Equal(begin.Add(time.Minute)) {
		t.Errorf("%+v", list)
	}
	w.standing.keep(func(account string) bool { return account == "main" })
	if len(w.standing.of("gone")) != 0 || len(w.standing.of("main")) != 2 {
		t.Errorf("%v, %v", w.standing.of("gone"), w.standing.of("main"))
	}
}

// What no setting changes is handed on all the same.
func TestFixedSettingsArrive(t *testing.T) {
	got := arrive(t, plainConfig(t))
	if got.Core.Skew != time.Minute || got.Core.EventSettle != 2*time.Second || got.Sweeper.Timeout != 40*time.Second {
		t.Errorf("skew %v, settle %v, a job's time %v", got.Core.Skew, got.Core.EventSettle, got.Sweeper.Timeout)
	}
}
