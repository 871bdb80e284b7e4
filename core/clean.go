package core

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text that people write travels to pages and gateways in one cleaned form, and never decides about
// money. What a reason may have, in characters.
const (
	maxReasonSent = 256  // to a gateway; its adapter may cut it further
	maxReasonKept = 1024 // as given, for whoever gave it
	emptyReason   = "退款" // sent for a reason of which nothing is left
)

// Characters that only mean something inside an emoji.
const (
	joiner      = '\u200d'
	keycap      = '\u20e3'
	blackFlag   = '\U0001f3f4'
	endOfTag    = '\U000e007f'
	braille     = '\u2800' // a symbol by its class, blank to the eye
	placeholder = '\ufffc' // of a picture that is not there
)

// clean makes one line of visible text: line breaks, tabs and separators of lines become a space,
// and what nobody can see is left out: controls, marks that turn the direction of writing,
// zero-width and unassigned characters, and what some program could not read. A joiner, a variation
// selector or a tag stays only where it is part of an emoji, or of a Chinese character's variant.
// Cleaned text stays as it is when it is cleaned again.
func clean(text string) string {
	given := []rune(strings.ToValidUTF8(text, ""))
	out, broken := make([]rune, 0, len(given)), false
	for i := 0; i < len(given); i++ {
		r := given[i]
		switch {
		case breaksLine(r) || r == ' ' && broken:
			if broken = true; len(out) > 0 && out[len(out)-1] != ' ' {
				out = append(out, ' ')
			}
			continue
		case r == blackFlag:
			n := flag(given[i:])
			out = append(out, given[i:i+n]...)
			i += n - 1
		case visible(r) || len(out) > 0 && joins(out[len(out)-1], r, given[i+1:]):
			out = append(out, r)
		}
		broken = false
	}
	return strings.TrimSpace(string(out))
}

// breaksLine tells whether a reader of some kind goes on in another line, column or page.
func breaksLine(r rune) bool {
	return r >= '\t' && r <= '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// visible tells whether the character shows something by itself, or is a space.
func visible(r rune) bool {
	return unicode.IsGraphic(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && r != braille && r != utf8.RuneError && r != placeholder
}

// joins tells whether an invisible character belongs to the emoji or the Chinese character before
// it.
func joins(before, r rune, after []rune) bool {
	next := rune(0)
	if len(after) > 0 {
		next = after[0]
	}
	switch r {
	case joiner:
		return pictograph(next) && (pictograph(before) || before == '\ufe0f')
	case '\ufe0e', '\ufe0f':
		return pictograph(before) || strings.ContainsRune("‼⁉ℹ〰〽", before) || next == keycap && strings.ContainsRune("#*0123456789", before)
	default:
		return unicode.Is(unicode.Variation_Selector, r) && unicode.Is(unicode.Han, before)
	}
}

// pictograph tells whether the character may be a part of a joined emoji: some of those are signs
// and arrows.
func pictograph(r rune) bool { return r > unicode.MaxASCII && unicode.Is(unicode.S, r) && r != braille }

// flag is the length of the flag that the text begins with: 1, or more if letters in tags name a
// region.
func flag(text []rune) int {
	for i, r := range text[1:] {
		switch {
		case r == endOfTag && i > 0:
			return i + 2
		case i == 6 || r < '\U000e0030' || r > '\U000e007a':
			return 1
		}
	}
	return 1
}

// cut shortens cleaned text to at most n characters, at the end of what people see as one: an emoji
// or an accented letter is not cut in two.
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	runes, at := []rune(text), 0
	for {
		length := seenAsOne(runes[at:])
		if at+length > n {
			// what people see as one is longer than all that may be sent: a part of it is better
			// than nothing
			if at == 0 {
				return clean(string(runes[:n]))
			}
			return strings.TrimSpace(string(runes[:at]))
		}
		at += length
	}
}

// seenAsOne is how many characters at the beginning of cleaned text people see as one; there is at
// least one.
func seenAsOne(text []rune) int {
	n := 1
	if n < len(text) && regional(text[0]) && regional(text[1]) {
		n = 2
	}
	for n < len(text) {
		r := text[n]
		tone, jamo, tag := r >= '\U0001f3fb' && r <= '\U0001f3ff', r >= '\u1160' && r <= '\u11ff', r >= '\U000e0020' && r <= endOfTag
		switch {
		case r == joiner && n+1 < len(text):
			n += 2
		case tone || jamo || tag || unicode.Is(unicode.M, r):
			n++
		default:
			return n
		}
	}
	return n
}

// regional tells whether the character is one of two that make a country's flag.
func regional(r rune) bool { return r >= '\U0001f1e6' && r <= '\U0001f1ff' }

// reasonSent is a reason as gateways get it, "" for none.
func reasonSent(reason string) string {
	if reason == "" {
		return ""
	}
	return firstText(cut(clean(reason), maxReasonSent), emptyReason)
}

// reasonKept is a reason as it is shown to whoever gave it: word for word, except for what no
// database takes or is longer than anybody reads.
func reasonKept(reason string) string {
	return cut(strings.ReplaceAll(strings.ToValidUTF8(reason, "\ufffd"), "\x00", "\ufffd"), maxReasonKept)
}

// cleanLines returns the goods with texts as pages and gateways may have them.
func cleanLines(lines []Line) []Line {
	lines = slices.Clone(lines)
	for i := range lines {
		lines[i].GoodsID, lines[i].Name = clean(lines[i].GoodsID), clean(lines[i].Name)
	}
	return lines
}
