package core

import (
	"strconv"
	"strings"
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

// checkText accepts text of which 1 to max characters are left when it is cleaned.
func checkText(field, s string, max int) error {
	shown := clean(s)
	if shown == "" || !utf8.ValidString(s) || utf8.RuneCountInString(shown) > max {
		return invalid(field, "must be valid UTF-8 of 1 to %d visible characters", max)
	}
	return nil
}

// lower folds the letters of a ULID, so that ids made from it look like the other outward ids.
func lower(s string) string { return strings.ToLower(s) }
