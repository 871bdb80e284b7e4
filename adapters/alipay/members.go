package alipay

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// member is one name of a JSON object, with its value as it was written.
type member struct {
	name  string
	value []byte
}

// members is a JSON object, read as far as its names.
type members []member

// byteOrderMark begins texts that some editors and programs wrote. It says nothing.
const byteOrderMark = "\ufeff"

// readMembers reads an object in UTF-8. A name that stands twice refuses it, at
// whatever depth and in whatever spelling of case: of two readers one would take
// the first and another the second (C33). Text that is not wholly text, such as
// a lone surrogate or a raw line break, refuses nothing.
func readMembers(text []byte) (members, error) {
	text = blankControls(bytes.TrimPrefix(text, []byte(byteOrderMark)))
	decoder := lenientDecoder(text)
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return nil, fmt.Errorf("%w: no JSON object", ErrMalformedResponse)
	}
	list := make(members, 0, 16)
	var seen nameSet
	for decoder.PeekKind() != '}' {
		name, err := readName(decoder, &seen)
		if err != nil {
			return nil, err
		}
		start := int(decoder.InputOffset())
		if err := skipValue(decoder); err != nil {
			return nil, err
		}
		value := bytes.TrimLeft(text[start:decoder.InputOffset()], ": \t\r\n")
		list = append(list, member{name, value})
	}
	if _, err := decoder.ReadToken(); err != nil {
		return nil, malformedJSON()
	}
	if rest := bytes.TrimSpace(text[decoder.InputOffset():]); len(rest) > 0 {
		return nil, fmt.Errorf("%w: bytes after the object", ErrAmbiguousResponse)
	}
	return list, nil
}

// blankControls gives JSON as long as the text, with a space for each control
// character that stands unescaped within a string. JSON wants it escaped, and
// not every program that writes text for people does it; where a string ends
// does not hang on it.
func blankControls(text []byte) []byte {
	blanked, within := text, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			within = !within
		case within && c == '\\' && i+1 < len(text) && text[i+1] >= ' ':
			i++
		case within && c < ' ':
			if &blanked[0] == &text[0] {
				blanked = bytes.Clone(text)
			}
			blanked[i] = ' '
		}
	}
	return blanked
}

// lenientDecoder reads tokens of text whose names and characters are judged elsewhere.
func lenientDecoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

func readName(decoder *jsontext.Decoder, seen *nameSet) (string, error) {
	token, err := decoder.ReadToken()
	if err != nil {
		return "", malformedJSON()
	}
	name := token.String()
	if !seen.add(name) {
		return "", fmt.Errorf("%w: a member stands twice", ErrAmbiguousResponse)
	}
	return name, nil
}

// skipValue reads over one value and looks at the names in it.
func skipValue(decoder *jsontext.Decoder) error {
	kind := decoder.PeekKind()
	if _, err := decoder.ReadToken(); err != nil {
		return malformedJSON()
	}
	if kind != '{' && kind != '[' {
		return nil
	}
	var seen nameSet
	for decoder.PeekKind() != kind+2 { // "}" and "]" stand two places after "{" and "["
		if kind == '{' {
			if _, err := readName(decoder, &seen); err != nil {
				return err
			}
		}
		if err := skipValue(decoder); err != nil {
			return err
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return malformedJSON()
	}
	return nil
}

func malformedJSON() error { return fmt.Errorf("%w: not complete JSON", ErrMalformedResponse) }

// get returns the value of a name as it was written; nil when it is absent or
// null, which says the same.
func (m members) get(name string) []byte {
	for i := range m {
		if m[i].name == name {
			if string(m[i].value) == "null" {
				return nil
			}
			return m[i].value
		}
	}
	return nil
}

// nameSet holds the names of one object, whatever their case.
type nameSet struct {
	few  []string
	many map[string]struct{} // once there are more than a look at each is worth
}

// add reports whether the name is new.
func (s *nameSet) add(name string) bool {
	const fewNames = 32
	name = foldName(name)
	if s.many == nil {
		if slices.Contains(s.few, name) {
			return false
		}
		if s.few = append(s.few, name); len(s.few) < fewNames {
			return true
		}
		s.many = make(map[string]struct{}, 2*fewNames)
		for _, seen := range s.few {
			s.many[seen] = struct{}{}
		}
		return true
	}
	if _, seen := s.many[name]; seen {
		return false
	}
	s.many[name] = struct{}{}
	return true
}

// foldName gives all spellings of a name the same text; "ſ" is an "s" to some
// readers, so letters outside ASCII are folded too.
func foldName(name string) string {
	for i := range len(name) {
		if c := name[i]; c >= utf8.RuneSelf || (c >= 'A' && c <= 'Z') {
			return strings.Map(smallestFold, name)
		}
	}
	return name
}

// smallestFold gives the one of a letter's spellings that stands for all.
func smallestFold(r rune) rune {
	smallest := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		smallest = min(smallest, other)
	}
	return unicode.ToLower(smallest)
}
