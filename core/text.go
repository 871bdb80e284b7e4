package core

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

func itoa(n int) string { return strconv.Itoa(n) }

// checkNumber accepts 1 to max ASCII letters, digits, '-' and '_': the merchant's own numbers.
func checkNumber(field, s string, max int) error {
	if len(s) == 0 || len(s) > max {
		return invalid(field, "must have 1 to %d characters", max)
	}
	for _, c := range []byte(s) {
		named := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
		if !named {
			return invalid(field, "may hold only ASCII letters, digits, - and _")
		}
	}
	return nil
}

// checkText accepts valid UTF-8 of 1 to max characters without control, format or bidirectional marks; forbidden lists further characters.
// Alipay's documentation forbids / = & in a subject, and & or = would let a signed text be re-split into fields (C21).
func checkText(field, s string, max int, forbidden string) error {
	if s == "" || !utf8.ValidString(s) || utf8.RuneCountInString(s) > max {
		return invalid(field, "must be valid UTF-8 of 1 to %d characters", max)
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError || strings.ContainsRune(forbidden, r) {
			return invalid(field, "holds a character that is not allowed: %q", r)
		}
	}
	return nil
}

// lower folds the letters of a ULID, so that ids made from it look like the other outward ids.
func lower(s string) string { return strings.ToLower(s) }
