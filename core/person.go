package core

import (
	"strings"
	"unicode"
)

// PersonOf is what an actor's name is compared by where two people are demanded: names that look
// alike are one person. Case, full width, and how blanks are written make no difference, and what
// nobody can see none either. It is never shown or stored.
func PersonOf(actor string) string {
	var out strings.Builder
	blank := false
	for _, r := range clean(actor) {
		switch {
		case unicode.IsSpace(r):
			blank = out.Len() > 0
			continue
		case unicode.Is(unicode.Variation_Selector, r) || r == joiner:
			continue
		case r >= '！' && r <= '～': // full-width ASCII
			r -= '！' - '!'
		}
		if blank {
			out.WriteByte(' ')
			blank = false
		}
		out.WriteRune(leastCase(r))
	}
	return out.String()
}

// leastCase is the same character for all that differ in case alone.
func leastCase(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}

// samePerson tells whether two actors count as one where two people are demanded (W16).
func samePerson(a, b string) bool { return PersonOf(a) == PersonOf(b) }
