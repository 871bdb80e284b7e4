package alipay

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// charset is an encoding that Alipay writes text in. What a message or a header
// says about it is a hint and refuses nothing: ids, states and amounts are
// ASCII in all of them, the signature speaks of bytes, and the rest is for people.
type charset uint8

const (
	charsetUnknown charset = iota
	charsetUTF8
	charsetGB // GB18030, which reads GBK and GB2312 as well
)

// charsetNamed reads a charset's name however it is spelt.
func charsetNamed(name string) charset {
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + ('a' - 'A')
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
	switch plain {
	case "utf8":
		return charsetUTF8
	case "gbk", "gb2312", "gb18030", "xgbk", "cp936", "ms936", "windows936", "euccn":
		return charsetGB
	}
	return charsetUnknown
}

// charsetOfHeader finds the first charset that we know in a Content-Type of any
// shape. Alipay is known to send "application/x-www-form-urlencoded;
// text/html; charset=utf-8", which is no media type at all.
func charsetOfHeader(header string) charset {
	const longestName = 32 // no charset's name is longer, and anybody may send a header
	for rest := strings.ToLower(header); ; {
		_, after, found := strings.Cut(rest, "charset")
		if !found {
			return charsetUnknown
		}
		rest = after
		value := strings.TrimLeft(after, " \t=:\"'")
		value = value[:min(len(value), longestName)]
		if end := strings.IndexAny(value, " \t;,\"'"); end >= 0 {
			value = value[:end]
		}
		if c := charsetNamed(value); c != charsetUnknown {
			return c
		}
	}
}

// charsetOfAnswer is what an answer's header says of its text.
func charsetOfAnswer(header http.Header) charset {
	return charsetOfHeader(strings.Join(header.Values("Content-Type"), ", "))
}

// readings lists the charsets a text may be in, likeliest first: what its
// sender says, then UTF-8, then GB18030.
func readings(declared ...charset) []charset {
	list := make([]charset, 0, 4)
	for _, c := range append(declared, charsetUTF8, charsetGB) {
		if c != charsetUnknown && !slices.Contains(list, c) {
			list = append(list, c)
		}
	}
	return list
}

// decode gives the text in UTF-8; clean is false when some of it is no text in
// this charset and was replaced by U+FFFD.
func (c charset) decode(text string) (decoded string, clean bool) {
	switch {
	case isASCII(text):
		return text, true
	case c == charsetUTF8:
		return strings.ToValidUTF8(text, string(utf8.RuneError)), utf8.ValidString(text)
	}
	decoded, err := simplifiedchinese.GB18030.NewDecoder().String(text)
	if err != nil { // it replaces what it cannot read, and has no other error
		return strings.ToValidUTF8(text, string(utf8.RuneError)), false
	}
	return decoded, !strings.ContainsRune(decoded, utf8.RuneError)
}

// skeleton gives bytes as a reader of JSON must see them: the ASCII of the text
// as it is, and "x" for each byte of a character outside ASCII. It is as long as
// the text, so that places in it are places in the text. In GB18030 a character
// may end in a byte that looks like a backslash, a brace or a digit.
func (c charset) skeleton(text []byte) []byte {
	masked := make([]byte, len(text))
	for i := 0; i < len(text); {
		size := 1
		if c == charsetGB && text[i] >= 0x81 {
			size = sizeOfGB(text[i:])
		}
		if text[i] < utf8.RuneSelf {
			masked[i] = text[i]
			i++
			continue
		}
		for range size {
			masked[i] = 'x'
			i++
		}
	}
	return masked
}

// sizeOfGB is the length of the character that text begins with, whose first
// byte is none of ASCII's; 1 when it begins with none.
func sizeOfGB(text []byte) int {
	follows := func(at int, low, high byte) bool { return at < len(text) && text[at] >= low && text[at] <= high }
	switch {
	case text[0] == 0xff:
		return 1
	case follows(1, 0x40, 0xfe) && text[1] != 0x7f:
		return 2
	case follows(1, '0', '9') && follows(2, 0x81, 0xfe) && follows(3, '0', '9'):
		return 4
	}
	return 1
}

// likeliest is the first charset in which all of the text is text, else the first.
func likeliest(text []byte, order []charset) charset {
	for _, c := range order {
		if _, clean := c.decode(string(text)); clean {
			return c
		}
	}
	return order[0]
}

// decodeText reads one text in the first charset in which all of it is text.
func decodeText(text string, order []charset) (decoded string, clean bool) {
	for _, c := range order {
		if decoded, clean = c.decode(text); clean {
			return decoded, true
		}
	}
	decoded, _ = order[0].decode(text)
	return decoded, false
}

// decodeFields gives a form in UTF-8. One charset for all of it is looked for
// first, since a short text alone can be text in several; a form that mixes
// them is read field by field. replaced names the fields that lost a character.
func decodeFields(fields []field, order []charset) (decoded []field, replaced []string) {
	for _, c := range order {
		if decoded, clean := c.decodeAll(fields); clean {
			return decoded, nil
		}
	}
	decoded = make([]field, len(fields))
	for i, f := range fields {
		name, cleanName := decodeText(f.name, order)
		value, cleanValue := decodeText(f.value, order)
		decoded[i] = field{name, value}
		if !cleanName || !cleanValue {
			replaced = append(replaced, name)
		}
	}
	return decoded, replaced
}

func (c charset) decodeAll(fields []field) (decoded []field, clean bool) {
	if c == charsetUTF8 {
		for _, f := range fields {
			if !utf8.ValidString(f.value) || !utf8.ValidString(f.name) {
				return nil, false
			}
		}
		return fields, true
	}
	decoded = make([]field, len(fields))
	for i, f := range fields {
		name, cleanName := c.decode(f.name)
		value, cleanValue := c.decode(f.value)
		if !cleanName || !cleanValue {
			return nil, false
		}
		decoded[i] = field{name, value}
	}
	return decoded, true
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
