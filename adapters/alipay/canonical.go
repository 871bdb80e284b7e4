package alipay

import (
	"fmt"
	"slices"
	"strings"
)

// field is one name and value, decoded, exactly as signed.
type field struct{ name, value string }

// signRule says which fields of a message take part in its signature, beyond
// "sign" itself, which never does.
type signRule struct {
	dropSignType bool // payment notifications and page returns
	dropEmpty    bool // requests; for notifications only by account switch
	dropCertSN   bool // certificate mode notifications, only by account switch
}

// requestRule covers every parameter that is sent, sign_type included, none that is empty.
func requestRule() signRule { return signRule{dropEmpty: true} }

func sortFields(fields []field) {
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.name, b.name) })
}

// appendCanonical appends the string to sign: the fields, which must be sorted
// by name in byte order, as name=value joined by "&", never URL-encoded.
func appendCanonical(dst []byte, sorted []field, rule signRule) []byte {
	start := len(dst)
	for _, f := range sorted {
		if rule.drops(f) {
			continue
		}
		if len(dst) > start {
			dst = append(dst, '&')
		}
		dst = append(dst, f.name...)
		dst = append(dst, '=')
		dst = append(dst, f.value...)
	}
	return dst
}

func (r signRule) drops(f field) bool {
	switch f.name {
	case "sign":
		return true
	case "sign_type":
		return r.dropSignType || (r.dropEmpty && f.value == "")
	case "alipay_cert_sn":
		return r.dropCertSN || (r.dropEmpty && f.value == "")
	default:
		return r.dropEmpty && f.value == ""
	}
}

// checkUnambiguous refuses fields whose string to sign another set of fields
// would share (C21). The text has no escaping, so a value that contains
// "&name=" can be cut in two, and two fields can be merged into one, without
// touching the signature; but only where name sorts between its neighbours,
// since the text is ordered. Names never contain "&" or "=".
func checkUnambiguous(sorted []field, rule signRule) error {
	previous := -1
	for i, f := range sorted {
		if strings.ContainsAny(f.name, "&=") {
			return fmt.Errorf("%w: %.64q", ErrAmbiguousForm, f.name)
		}
		if rule.drops(f) {
			continue
		}
		if previous >= 0 && splitsBefore(sorted[previous], f.name) {
			return fmt.Errorf("%w: %.64q", ErrAmbiguousForm, sorted[previous].name)
		}
		previous = i
	}
	if previous >= 0 && splitsBefore(sorted[previous], "") {
		return fmt.Errorf("%w: %.64q", ErrAmbiguousForm, sorted[previous].name)
	}
	return nil
}

// splitsBefore reports whether f's value holds "&name=" with a name that sorts
// after f's and before next; an empty next is the end.
func splitsBefore(f field, next string) bool {
	for rest := f.value; ; {
		_, after, found := strings.Cut(rest, "&")
		if !found {
			return false
		}
		rest = after
		segment, _, _ := strings.Cut(after, "&")
		name, _, isField := strings.Cut(segment, "=")
		if isField && name > f.name && (next == "" || name < next) {
			return true
		}
	}
}

// canonicalSize is an upper bound of the string to sign.
func canonicalSize(fields []field) int {
	size := 0
	for _, f := range fields {
		size += len(f.name) + len(f.value) + 2
	}
	return size
}
