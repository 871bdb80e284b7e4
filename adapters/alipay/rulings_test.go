package alipay

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// undocumented are families whose members no list names: what they prove is not known.
func undocumented() []string { return []string{"SETTLE_*"} }

// G19: every code that the gateway and its APIs document has a ruling, whose matter it is included;
// testdata holds the official lists.
func TestG19_everyDocumentedCodeHasAClass(t *testing.T) {
	list, err := os.ReadFile("testdata/official_codes.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(list)) {
		where, sub, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || where == "#" || slices.Contains(undocumented(), sub) {
			continue
		}
		seen++
		method, code := "alipay."+where, codeBusiness
		switch {
		case where[0] >= '0' && where[0] <= '9':
			method, code = MethodQuery, where
		case where == "system.oauth.token" || strings.HasPrefix(sub, "isp."):
			code = codeInvalid
		}
		class, fault := Classify(method, code, strings.Replace(sub, "*", "ANYTHING", 1))
		if fault == "" || !slices.Contains(Faults(), fault) {
			t.Errorf("%s %s: the fault %q is none", where, sub, fault)
		}
		undecided := strings.Contains(sub, "SYSTEM_ERROR") || strings.Contains(sub, "unknow-error") || sub == "UNKNOWN_ERROR"
		if (fault == FaultUndecided) != undecided || (class == Unknown) != undecided {
			t.Errorf("%s %s: %s, %s", where, sub, class, fault)
		}
		if (class == Misconfigured) != (fault == FaultOurs) {
			t.Errorf("%s %s: %s, though the matter is %s", where, sub, class, fault)
		}
	}
	if seen < 250 {
		t.Errorf("only %d codes are compared", seen)
	}
}

// G19: one row for a code, or two would differ one day; and no ruling without a fault.
func TestG19_noCodeIsRuledTwice(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rulings() {
		if r.Fault == "" || !slices.Contains(Faults(), r.Fault) || (r.Class == Misconfigured) != (r.Fault == FaultOurs) {
			t.Errorf("%s is %s of %q", r.Codes, r.Class, r.Fault)
		}
		for code := range strings.FieldsSeq(r.Codes) {
			if key := r.Method + " " + code; seen[key] {
				t.Errorf("%s is ruled twice", key)
			} else {
				seen[key] = true
			}
		}
	}
}

// G19: a fault of ours is one whatever was asked, and is never final.
func TestG19_ourFaultEndsNothing(t *testing.T) {
	if Misconfigured.Final() {
		t.Fatal("a fault of ours is final")
	}
	methods := []string{MethodCreate, MethodQuery, MethodClose, MethodRefund, MethodRefundQuery, MethodOAuthToken}
	for _, r := range Rulings() {
		if r.Fault != FaultOurs || r.Method != "" {
			continue
		}
		for code := range strings.FieldsSeq(r.Codes) {
			for _, method := range methods {
				for _, sub := range []string{code, "isv." + code} {
					if class, fault := Classify(method, codeInvalid, sub); class != Misconfigured || fault != FaultOurs {
						t.Errorf("%s %s: %s, %s", method, sub, class, fault)
					}
				}
			}
		}
	}
}
