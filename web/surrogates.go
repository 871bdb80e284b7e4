package web

import (
	"bytes"
	"strconv"
)

// mendSurrogates replaces halves of characters in a JSON text, such as "\ud83d" without its other
// half, by the sign for what cannot be read. A shop that cuts its text after so many UTF-16 units,
// as JavaScript counts, may cut an emoji in two; that is no reason to refuse money. Everything else
// stays as it is.
func mendSurrogates(body []byte) []byte {
	if !bytes.Contains(bytes.ToLower(body), []byte(`\ud`)) {
		return body
	}
	mended := bytes.Clone(body)
	for i := 0; i < len(mended); i++ {
		if mended[i] != '\\' {
			continue
		}
		switch first, second := unit(mended[i:]), unit(mended[min(i+6, len(mended)):]); {
		case first >= 0xd800 && first < 0xdc00 && second >= 0xdc00 && second < 0xe000:
			i += 11
		case first >= 0xd800 && first < 0xe000:
			copy(mended[i:], `\ufffd`)
			i += 5
		default:
			i++ // whatever is escaped is no beginning of an escape
		}
	}
	return mended
}

// unit reads the UTF-16 unit that the text begins with as a JSON escape, -1 for none.
func unit(text []byte) int {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return int(n)
}
