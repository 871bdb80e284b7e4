package config

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// actorName is an actor in the one spelling that the program uses: composed alike (NFKC, so that
// full width and ligatures are gone), with single blanks, and without what nobody can see. Names
// that differ in case alone stay two spellings of one person; see core.PersonOf.
func actorName(text string) string {
	seen := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r), r == '\u2800', r == unicode.ReplacementChar,
			unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			return -1
		}
		return r
	}, norm.NFKC.String(text))
	return strings.Join(strings.Fields(seen), " ")
}
