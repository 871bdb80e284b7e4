package alipay

import (
	"fmt"
	"strings"
)

// maxFormFields bounds a form: the longest real notification has some forty fields.
const maxFormFields = 200

// parseForm reads application/x-www-form-urlencoded text once and strictly.
// Unlike the standard library it refuses what has two readings: a repeated
// name, a semicolon, a bad escape, a field without "=", raw bytes outside
// printable ASCII. The result is sorted by name; values are the raw decoded
// bytes in whatever charset the sender used.
func parseForm(body string) ([]field, error) {
	decoded := make([]byte, 0, len(body))
	fields := make([]field, 0, min(strings.Count(body, "&")+1, maxFormFields))
	var room [128]int // most forms need no more, and it costs no allocation
	ends := room[:0]
	for rest, more := body, true; more; {
		var pair string
		pair, rest, more = strings.Cut(rest, "&")
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return nil, fmt.Errorf("%w: a field without name or value", ErrMalformedForm)
		}
		if len(ends)/2 == maxFormFields {
			return nil, fmt.Errorf("%w: more than %d fields", ErrMalformedForm, maxFormFields)
		}
		var ok [2]bool
		decoded, ok[0] = appendUnescaped(decoded, name)
		ends = append(ends, len(decoded))
		decoded, ok[1] = appendUnescaped(decoded, value)
		ends = append(ends, len(decoded))
		if !ok[0] || !ok[1] {
			return nil, fmt.Errorf("%w: a byte or an escape that no form has", ErrMalformedForm)
		}
	}
	text, start := string(decoded), 0
	for i := 0; i < len(ends); i += 2 {
		fields = append(fields, field{text[start:ends[i]], text[ends[i]:ends[i+1]]})
		start = ends[i+1]
	}
	sortFields(fields)
	for i := 1; i < len(fields); i++ {
		if fields[i].name == fields[i-1].name {
			return nil, fmt.Errorf("%w: %.64q", ErrDuplicateField, fields[i].name)
		}
	}
	return fields, nil
}

func appendUnescaped(dst []byte, text string) ([]byte, bool) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '+':
			dst = append(dst, ' ')
		case c == '%':
			if i+2 >= len(text) {
				return dst, false
			}
			high, low := unhex(text[i+1]), unhex(text[i+2])
			if high > 15 || low > 15 {
				return dst, false
			}
			dst = append(dst, high<<4|low)
			i += 2
		case c <= ' ' || c >= 0x7f || c == ';':
			return dst, false
		default:
			dst = append(dst, c)
		}
	}
	return dst, true
}

func unhex(c byte) byte {
	switch {
	case c >= '0' && c <= '9':
		return c - '0'
	case c >= 'a' && c <= 'f':
		return c - 'a' + 10
	case c >= 'A' && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}

// appendEscaped percent-encodes text for a query, a form body and an order
// string alike: a space is always %20, which all three read the same way.
func appendEscaped(dst []byte, text string) []byte {
	const hex = "0123456789ABCDEF"
	for i := range len(text) {
		c := text[i]
		if isUnreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}

func isUnreserved(c byte) bool {
	return isDigit(c) || (c|0x20 >= 'a' && c|0x20 <= 'z') || c == '-' || c == '_' || c == '.' || c == '~'
}

// appendQuery appends name=value pairs, escaped and joined by "&".
func appendQuery(dst []byte, fields []field) []byte {
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendEscaped(dst, f.name)
		dst = append(dst, '=')
		dst = appendEscaped(dst, f.value)
	}
	return dst
}

// find returns a field of a sorted list.
func find(sorted []field, name string) (string, bool) {
	low, high := 0, len(sorted)
	for low < high {
		middle := int(uint(low+high) >> 1)
		if sorted[middle].name < name {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low < len(sorted) && sorted[low].name == name {
		return sorted[low].value, true
	}
	return "", false
}
