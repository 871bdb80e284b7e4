package alipay

import (
	"encoding/asn1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf16"
)

// nameAttribute is one attribute of an X.500 name with its value left raw, so
// that no string type can make the name unreadable.
type nameAttribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type nameAttributeSET []nameAttribute // the suffix tells encoding/asn1 that it is a SET

// distinguishedName writes a name as RFC 2253 does and as Java prints it, which
// is what the gateway hashes: parts in reverse of the encoded order. Go's own
// String() sorts by attribute type instead and differs for some names.
func distinguishedName(der []byte) (string, error) {
	var sequence []nameAttributeSET
	if _, err := asn1.Unmarshal(der, &sequence); err != nil {
		return "", fmt.Errorf("%w: the issuer's name: %w", ErrCertificateUnreadable, err)
	}
	var name strings.Builder
	for i, part := range slices.Backward(sequence) {
		if i < len(sequence)-1 {
			name.WriteByte(',')
		}
		for j, attribute := range part {
			if j > 0 {
				name.WriteByte('+')
			}
			name.WriteString(attribute.String())
		}
	}
	return name.String(), nil
}

// String writes TYPE=value; a type without a keyword or a value that is no
// text is written as hex of its encoding.
func (a nameAttribute) String() string {
	keyword := attributeKeyword(a.Type)
	text, isText := attributeText(a.Value)
	if keyword == "" {
		return a.Type.String() + "=#" + hex.EncodeToString(a.Value.FullBytes)
	}
	if !isText {
		return keyword + "=#" + hex.EncodeToString(a.Value.FullBytes)
	}
	return keyword + "=" + escapeName(text)
}

// attributeKeyword lists the keywords of RFC 2253 section 2.3 and no others.
func attributeKeyword(oid asn1.ObjectIdentifier) string {
	switch oid.String() {
	case "2.5.4.3":
		return "CN"
	case "2.5.4.6":
		return "C"
	case "2.5.4.7":
		return "L"
	case "2.5.4.8":
		return "ST"
	case "2.5.4.9":
		return "STREET"
	case "2.5.4.10":
		return "O"
	case "2.5.4.11":
		return "OU"
	case "0.9.2342.19200300.100.1.25":
		return "DC"
	case "0.9.2342.19200300.100.1.1":
		return "UID"
	}
	return ""
}

func attributeText(value asn1.RawValue) (string, bool) {
	if value.Class != asn1.ClassUniversal {
		return "", false
	}
	switch value.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagT61String, asn1.TagNumericString:
		return string(value.Bytes), true
	case asn1.TagBMPString:
		units := make([]uint16, 0, len(value.Bytes)/2)
		for i := 0; i+1 < len(value.Bytes); i += 2 {
			units = append(units, uint16(value.Bytes[i])<<8|uint16(value.Bytes[i+1]))
		}
		return string(utf16.Decode(units)), true
	}
	return "", false
}

// escapeName escapes as Java's X500Principal.getName does, which is more than
// RFC 2253 asks for: "=" and "#" wherever they stand, every blank at either
// end, and NUL as hex.
func escapeName(text string) string {
	var escaped strings.Builder
	first := len(text) - len(strings.TrimLeft(text, " \r"))
	last := len(strings.TrimRight(text, " \r"))
	for i := range len(text) {
		c := text[i]
		if c == 0 {
			escaped.WriteString(`\00`)
			continue
		}
		if i < first || i >= last || strings.IndexByte(`,=+<>#;"\`, c) >= 0 {
			escaped.WriteByte('\\')
		}
		escaped.WriteByte(c)
	}
	return escaped.String()
}
