package alipay

import "strings"

// Gateway codes, the "code" of an answer.
const (
	codeSuccess   = "10000"
	codePending   = "10003"
	codeUnknown   = "20000"
	codeToken     = "20001"
	codeMissing   = "40001"
	codeInvalid   = "40002"
	codeCondition = "40003"
	codeBusiness  = "40004"
	codeLimited   = "40005"
	codeForbidden = "40006"
)

// Ruling is one row of the table of codes: what a verified answer with one of
// the sub codes proves, and whose matter it is.
type Ruling struct {
	Class Class
	Fault Fault
	// Method is the API that the row is about; empty for all that have no row of their own.
	Method string
	// Codes are sub codes between spaces, without "ACQ." and "isv."; one that
	// ends in "*" is documented as a family.
	Codes string
}

// Classify maps an answer's codes to what they prove, if the answer is
// verified, and to whose matter it is. Source: the official error lists of each
// API. A code that is not listed is Unknown, whatever its name suggests.
func Classify(method, code, subCode string) (Class, Fault) {
	switch code {
	case codeSuccess:
		return Done, ""
	case codePending:
		return Pending, ""
	case codeLimited:
		return Throttled, FaultThrottled
	case codeToken, codeMissing, codeCondition, codeForbidden:
		// Whatever the sub code: the gateway turned the call away at its door.
		return Misconfigured, FaultOurs
	case codeInvalid, codeBusiness:
		if bare, ok := strings.CutPrefix(subCode, "ACQ."); ok {
			return rule(method, bare)
		}
		return rule(method, strings.TrimPrefix(subCode, "isv.")) // which v3 leaves out
	}
	return Unknown, FaultUndecided
}

// rule looks a sub code up: the rows of the method first, then the others.
func rule(method, sub string) (Class, Fault) {
	var general *Ruling
	rulings := Rulings()
	for i, r := range rulings {
		if r.Method != "" && r.Method != method || general != nil && r.Method == "" || !r.names(sub) {
			continue
		}
		if r.Method != "" {
			return r.Class, r.Fault
		}
		general = &rulings[i]
	}
	if general == nil {
		return Unknown, FaultUndecided
	}
	return general.Class, general.Fault
}

// names tells whether the row lists the sub code.
func (r Ruling) names(sub string) bool {
	for code := range strings.FieldsSeq(r.Codes) {
		if family, ok := strings.CutSuffix(code, "*"); code == sub || ok && strings.HasPrefix(sub, family) {
			return true
		}
	}
	return false
}
