package alipay

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Keys and certificates come to us through consoles, editors, chats, shells, JSON and YAML, and
// each leaves its marks on the text. This file takes the marks off, for keys and certificates
// alike. What it may be lenient about it decides by one thing: a DER value says its own length, so
// that a text from which a character is missing is never read as another key.

// paste is what a text should hold, for the refusals.
type paste struct {
	what              string
	empty, unreadable Refusal
	most              int // bytes of text
}

// pasted is one DER value found in a text.
type pasted struct {
	label  string // of its armour; empty for bare base64 and raw DER
	der    []byte
	sealed bool // the armour says that a password protects it: der is empty
}

// unwrap finds the DER values in a text, in order.
func (p paste) unwrap(text string) ([]pasted, error) {
	values, err := p.unwrapAt(text, 0)
	if look := lookOf(text); look != "" && errors.Is(err, p.unreadable) {
		return nil, fmt.Errorf("%w: %s stands where the %s belongs", p.unreadable, look, p.what)
	}
	return values, err
}

// maxWrappings is how often base64 may hold a text that is wrapped again, as when a secret store
// encodes what was encoded already.
const maxWrappings = 2

// maxRuns bounds how many places of a text are tried as the beginning of a value.
const maxRuns = 64

// maxValues bounds what one text holds; the longest bundles of TLS have some hundred roots.
const maxValues = 512

// minInner is less text than any key has.
const minInner = 64

func (p paste) unwrapAt(text string, depth int) ([]pasted, error) {
	if len(text) > p.most {
		return nil, fmt.Errorf("%w: the %s text is longer than %d bytes", p.unreadable, p.what, p.most)
	}
	if values, missing := splitDER([]byte(text)); len(values) > 0 && missing == 0 {
		return named("", values), nil
	}
	plain := plainText(text)
	if strings.Trim(plain, " \n\"") == "" {
		return nil, fmt.Errorf("%w: no %s is configured", p.empty, p.what)
	}
	pieces := cutArmour(plain)
	if len(pieces) == 0 {
		return p.bare(plain, depth)
	}
	var all []pasted
	for _, piece := range pieces {
		if strings.Contains(piece.label, "ENCRYPTED") || strings.Contains(piece.body, "ENCRYPTED") {
			all = append(all, pasted{label: piece.label, sealed: true})
			continue
		}
		values, err := p.decode(piece.body, depth)
		if err != nil {
			return nil, err
		}
		for i := range values {
			values[i].label = piece.label
		}
		all = append(all, values...)
	}
	return all, nil
}

func named(label string, values [][]byte) []pasted {
	list := make([]pasted, len(values))
	for i, der := range values {
		list[i] = pasted{label: label, der: der}
	}
	return list
}

// armoured is what stands between two lines of armour.
type armoured struct{ label, body string }

// cutArmour cuts a text at its armour. A lost BEGIN or END is no reason to refuse: whether the
// value between is whole, the value says. Text outside, such as "Bag Attributes", is nobody's.
func cutArmour(plain string) []armoured {
	// Dashes may be four, or one long one that a word processor made of them. Between two values
	// on one line they belong to the first mark, so that the second may have none.
	mark := regexp.MustCompile(`(?im)-*[ +]*\b(BEGIN|END)(?:[ +]+([A-Z0-9][A-Z0-9 +]{1,40}?)[ +]*(?:-+|$)|[ +]*-+)`)
	var pieces []armoured
	open, label := -1, ""
	for _, at := range mark.FindAllStringSubmatchIndex(plain, -1) {
		if open >= 0 {
			pieces = append(pieces, armoured{label, plain[open:at[0]]})
		}
		begins := strings.EqualFold(plain[at[2]:at[3]], "BEGIN")
		label = ""
		if at[4] >= 0 {
			label = strings.ToUpper(strings.ReplaceAll(plain[at[4]:at[5]], "+", " "))
		}
		if !begins && open < 0 && len(pieces) == 0 {
			pieces = append(pieces, armoured{label, plain[:at[0]]})
		}
		open = -1
		if begins {
			open = at[1]
		}
	}
	if open >= 0 {
		pieces = append(pieces, armoured{label, plain[open:]})
	}
	return pieces
}

// bare reads a text without armour. A value begins with 0x30, which in base64 is "M" and one of
// sixteen letters; a name, a colon or a quote may stand before it.
func (p paste) bare(plain string, depth int) ([]pasted, error) {
	values, whole := p.decode(plain, depth)
	if whole == nil {
		return values, nil
	}
	begin := regexp.MustCompile(`(?:^|[^A-Za-z0-9+/_-])(M[A-P][A-Za-z0-9+/_ \n-]{14})`)
	var all []pasted
	var refusal error
	read := 0
	for range maxRuns {
		rest := plain[read:]
		at := begin.FindStringSubmatchIndex(rest)
		if at == nil {
			break
		}
		run := rest[at[2]:]
		if end := strings.IndexFunc(run, notPayload); end >= 0 {
			run = run[:end]
		}
		values, err := p.decode(run, depth)
		if err != nil {
			read += at[2] + 1
			// a value of over 127 bytes, as all of ours are
			if refusal == nil && strings.HasPrefix(run, "MI") {
				refusal = p.broken(rest[at[2]+len(run):], err)
			}
			continue
		}
		all, refusal = append(all, values...), nil
		read += at[2] + len(run)
	}
	if refusal == nil && len(all) == 0 {
		refusal = whole
	}
	return all, refusal
}

// broken names the character at which a value breaks off, if it is none that quotes or separates.
func (p paste) broken(behind string, err error) error {
	if r, size := utf8.DecodeRuneInString(behind); size > 0 && !strings.ContainsRune("\",;:<>(){}[]|", r) {
		return p.noBase64(r)
	}
	return err
}

func notPayload(r rune) bool { return notBase64(r) && !strings.ContainsRune("-_ \n", r) }

// decode reads base64 that lies over any number of lines.
func (p paste) decode(body string, depth int) ([]pasted, error) {
	lines := payloadLines(body)
	tight := strings.ReplaceAll(strings.Join(lines, ""), " ", "")
	if !strings.ContainsAny(tight, "+/") { // the alphabet for addresses, if it is that one alone
		tight = strings.NewReplacer("-", "+", "_", "/").Replace(tight)
	}
	if at := strings.IndexFunc(tight, notBase64); at >= 0 {
		return nil, p.noBase64([]rune(tight[at:])[0])
	}
	data := fromBase64(tight)
	values, missing := splitDER(data)
	if missing == 0 && len(values) > 0 {
		return named("", values), nil
	}
	if missing > 0 {
		return nil, p.cut(body, lines, len(data), missing)
	}
	if hex := fromHex(tight); hex != nil {
		if values, missing = splitDER(hex); missing == 0 && len(values) > 0 {
			return named("", values), nil
		}
	}
	if inner := string(data); depth < maxWrappings && len(inner) > minInner && !strings.ContainsFunc(inner, notText) {
		return p.unwrapAt(inner, depth+1)
	}
	return nil, p.noBase64(0)
}

// cut explains a value that is shorter than it says. Where blanks stand inside its lines, and a "+"
// for each makes it whole, the pluses were lost, as forms do it that are decoded once too often. It
// is not repaired: what else was lost on that way cannot be seen.
func (p paste) cut(body string, lines []string, have, missing int) error {
	blanks := 0
	for _, text := range []string{strings.Join(lines, ""), strings.ReplaceAll(strings.Trim(body, "\n"), "\n", "")} {
		blanks = strings.Count(text, " ")
		if values, short := splitDER(fromBase64(strings.ReplaceAll(text, " ", "+"))); short == 0 && len(values) > 0 {
			return fmt.Errorf("%w: in the %s %d blanks stand where \"+\" was; copy it again, without decoding it as a form", ErrPlusLost, p.what, blanks)
		}
	}
	hint := ""
	if blanks > 0 && len(lines) == 1 {
		hint = `; blanks stand inside it: was "+" lost?`
	}
	return fmt.Errorf("%w: the %s says that it has %d bytes, and %d are there: a part was lost in copying%s",
		p.unreadable, p.what, have+missing, have, hint)
}

// noBase64 names the character that base64 does not have, or says that it is base64 and no DER.
func (p paste) noBase64(stranger rune) error {
	if stranger != 0 {
		return fmt.Errorf("%w: the %s is neither PEM nor base64: there is a character %U in it", p.unreadable, p.what, stranger)
	}
	return fmt.Errorf("%w: what is there as the %s is base64 of something else", p.unreadable, p.what)
}

// payloadLines are the lines of base64 without what stands at their edges: indentation, quotes,
// the bars and angles of mails and tables, commas. Lines with a colon are headers of old PEM.
func payloadLines(body string) []string {
	var lines []string
	for line := range strings.SplitSeq(body, "\n") {
		line = strings.Trim(line, " \t\",;>|\\")
		if line != "" && !strings.Contains(line, ":") {
			lines = append(lines, line)
		}
	}
	return lines
}

func notText(r rune) bool { return r > unicode.MaxASCII || r < ' ' && !unicode.IsSpace(r) }

func notBase64(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("+/=", r)
}

// fromBase64 reads what it can: padding may be missing or stand between values. Whether that was
// everything, DER says.
func fromBase64(text string) []byte {
	var data []byte
	for part := range strings.SplitSeq(text, "=") {
		if len(part)%4 == 1 {
			part = part[:len(part)-1]
		}
		decoded, err := base64.RawStdEncoding.DecodeString(part)
		if err != nil {
			return data
		}
		data = append(data, decoded...)
	}
	return data
}

// splitDER cuts the SEQUENCEs that data consists of. missing is how many bytes the last one lacks;
// no values and none missing is: no DER. Line ends and zeros after the last are nobody's.
func splitDER(data []byte) (values [][]byte, missing int) {
	for rest := data; len(rest) > 0; {
		size := derSize(rest)
		switch {
		case size == 0 && len(values) > 0 && strings.Trim(string(rest), "\x00\r\n \t") == "":
			return values, 0
		case size == 0 || len(values) == maxValues:
			return nil, 0
		case size > len(rest):
			return values, size - len(rest)
		}
		values = append(values, rest[:size])
		rest = rest[size:]
	}
	return values, 0
}

// derSize is the length of the SEQUENCE that data begins with, its head included; 0 if it does not.
func derSize(data []byte) int {
	if len(data) < 2 || data[0] != 0x30 {
		return 0
	}
	if data[1] < 0x80 {
		return 2 + int(data[1])
	}
	octets := int(data[1] & 0x7f)
	if octets == 0 || octets > 3 || len(data) < 2+octets {
		return 0
	}
	size := 0
	for _, b := range data[2 : 2+octets] {
		size = size<<8 | int(b)
	}
	return 2 + octets + size
}
