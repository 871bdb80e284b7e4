package alipay

import (
	"encoding/binary"
	"encoding/hex"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
)

// plainText undoes what programs do to a text of ASCII characters: encodings, escapes and the
// typography of people's editors. It leaves base64 and armour as they are.
func plainText(text string) string {
	text = fromUTF16(text)
	if escaped := regexp.MustCompile(`(?i)%(0a|0d|20|2b|2d|2f|3d)`); escaped.MatchString(text) {
		if plain, err := url.PathUnescape(text); err == nil {
			text = plain
		}
	}
	if strings.Contains(text, "&") {
		text = html.UnescapeString(text)
	}
	text = regexp.MustCompile(`(?i)</?(br|p|div|pre|code|span)\b[^<>]*>`).ReplaceAllString(text, "\n")
	text = strings.Map(plainRune, unescapeBackslashes(text))
	// A text in the source of a program: its parts are added up again.
	return regexp.MustCompile(`"[ \n]*(?:[+.][ \n]*"|\n[ \n]*")`).ReplaceAllString(text, "\n")
}

// unescapeBackslashes reads the escapes of JSON, shells and property files, however often they were
// escaped themselves. Base64 has no backslash, so that each is an escape's.
func unescapeBackslashes(text string) string {
	escape := regexp.MustCompile(`\\+(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{2}|[\s\S]?)`)
	return escape.ReplaceAllStringFunc(text, func(found string) string {
		code := strings.TrimLeft(found, `\`)
		switch {
		case code == "n" || code == "r" || code == "t":
			return "\n"
		case len(code) > 2:
			// the pattern has hexadecimal digits only
			point, _ := strconv.ParseUint(code[1:], 16, 16)
			return string(rune(point))
		}
		return code
	})
}

// plainRune gives the character that somebody meant; negative is none at all.
func plainRune(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
		return '\n'
	case r == '\t' || unicode.Is(unicode.Zs, r):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Mn):
		return -1
	case r == '−' || r == '─' || unicode.Is(unicode.Pd, r):
		return '-'
	case r >= 0xff01 && r <= 0xff5e: // full width
		return plainRune(r - 0xfee0)
	case strings.ContainsRune("'`´“”„‘’‚«»‹›「」『』", r):
		return '"'
	}
	return r
}

// fromUTF16 reads the text files of some Windows programs: by their mark, or by the zero bytes that
// stand between ASCII characters.
func fromUTF16(text string) string {
	var order binary.ByteOrder
	switch {
	case strings.HasPrefix(text, "\xff\xfe"), len(text) > 3 && text[1] == 0 && text[3] == 0:
		order = binary.LittleEndian
	case strings.HasPrefix(text, "\xfe\xff"), len(text) > 3 && text[0] == 0 && text[2] == 0:
		order = binary.BigEndian
	default:
		return text
	}
	data, units := []byte(text), make([]uint16, len(text)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return string(utf16.Decode(units))
}

// fromHex reads DER written as hexadecimal digits, or nil.
func fromHex(text string) []byte {
	if !strings.HasPrefix(text, "308") {
		return nil
	}
	data, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return data
}

// lookOf names what people put into key files that holds no PEM and no base64.
func lookOf(text string) string {
	head := strings.ToLower(strings.TrimLeft(text, " \t\r\n\ufeff"))
	for _, kind := range [...]struct{ begins, is string }{
		{"pk\x03\x04", "a ZIP archive"},
		{"\xfe\xed\xfe\xed", "a Java key store"},
		{"ssh-", "a key of OpenSSH"},
		{"openssh-key-v1", "a key of OpenSSH"},
		{"putty-user-key-file", "a key of PuTTY"},
		{"<rsakeyvalue", "a key in the XML of .NET"},
		{"<", "a page of HTML or XML, perhaps the answer of a failed download,"},
		{`{"kty"`, "a JSON web key"},
		{"{", "JSON without a key in it"},
		{"%pdf", "a PDF document"},
		{"version https://git-lfs", "the pointer of a large file in Git"},
		{"$ansible_vault", "a text sealed by Ansible"},
		{"age-encryption.org", "a text sealed by age"},
	} {
		if strings.HasPrefix(head, kind.begins) {
			return kind.is
		}
	}
	return ""
}
