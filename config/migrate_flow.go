package config

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// piece is one setting of an account in braces.
type piece struct {
	text string // from behind the comma before it, comments on lines of their own included
	tail string // the comment on its last line
}

// flow moves settings of an account that is written in braces, and gives the
// section braces of its own.
func (m *migration) flow(account *yaml.Node, f *flat) (textEdit, bool) {
	from := m.offset(account)
	if !strings.HasPrefix(m.whole[from:], "{") {
		return textEdit{}, false
	}
	pieces, closing, end := scanPieces(m.whole, from+1)
	if len(pieces) != len(account.Content)/2 {
		return textEdit{}, false
	}
	var kept, moved []piece
	for i, p := range pieces {
		if f.has(account.Content[2*i].Value) {
			moved = append(moved, p)
		} else {
			kept = append(kept, p)
		}
	}
	pad := ""
	if m.whole[from+1] == ' ' {
		pad = " "
	}
	var out strings.Builder
	out.WriteString("{")
	m.writePieces(&out, kept, pad)
	last := kept[len(kept)-1]
	out.WriteString("," + last.tail + m.after(last, " ") + f.gateway + ": {")
	m.writePieces(&out, moved, pad)
	last = moved[len(moved)-1]
	out.WriteString(last.tail + m.after(last, pad) + "}" + closing + "}")
	return textEdit{from, end, out.String()}, true
}

// after is what stands behind a setting: a blank, or, where it ends in a comment, a new line with
// the indentation that the setting has.
func (m *migration) after(p piece, blank string) string {
	if p.tail == "" {
		return blank
	}
	before, _, _ := strings.Cut(p.text, strings.TrimLeft(p.text, " \t\r\n"))
	return m.eol + before[strings.LastIndex(before, "\n")+1:]
}

// writePieces writes settings with commas between them, and without the last one's comment.
func (m *migration) writePieces(out *strings.Builder, pieces []piece, pad string) {
	for i, p := range pieces {
		text := p.text
		switch lead := text[:len(text)-len(strings.TrimLeft(text, " \t\r\n"))]; {
		case strings.Contains(lead, "\n"):
		case i == 0:
			text = pad + text[len(lead):]
		case pieces[i-1].tail != "":
			text = m.eol + text
		}
		out.WriteString(text)
		if i < len(pieces)-1 {
			out.WriteString("," + p.tail)
		}
	}
}

// scanPieces reads the inside of braces from at. It returns the blanks before the
// closing brace, and the offset behind that.
func scanPieces(text string, at int) (pieces []piece, closing string, end int) {
	from, last := at, at // where the piece begins, and where what is no blank or comment of it ends
	depth := 0
	for at < len(text) {
		switch c := text[at]; {
		case c == '#' && strings.ContainsRune(" \t\n", rune(text[at-1])):
			at = endOfLine(text, at)
			continue
		case (c == '"' || c == '\'') && (last == from || strings.ContainsRune("{[,:", rune(text[last-1]))):
			at = endOfQuoted(text, at)
			last = at
			continue
		case c == '{' || c == '[':
			depth++
		case depth > 0 && (c == '}' || c == ']'):
			depth--
		case c == '}':
			tail := strings.TrimRight(text[last:at], " \t\r\n")
			if last > from {
				pieces = append(pieces, piece{text[from:last], tail})
			} else if len(pieces) > 0 { // behind a comma that nothing follows
				pieces[len(pieces)-1].tail += tail
			}
			return pieces, text[last+len(tail) : at], at + 1
		case c == ',' && depth == 0:
			p := piece{text[from:last], strings.TrimRight(text[last:at], " \t\r\n")}
			if line := strings.TrimRight(text[at+1:endOfLine(text, at)], "\r"); strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") {
				p.tail += line
				at += len(line)
			}
			pieces = append(pieces, p)
			at++
			from, last = at, at
			continue
		}
		at++
		if !strings.ContainsRune(" \t\r\n", rune(text[at-1])) {
			last = at
		}
	}
	return nil, "", at
}

func endOfLine(text string, at int) int {
	if n := strings.IndexByte(text[at:], '\n'); n >= 0 {
		return at + n
	}
	return len(text)
}

// endOfQuoted is behind a text in quotes, which begins at at. A quote inside is
// doubled, or escaped.
func endOfQuoted(text string, at int) int {
	quote := text[at]
	for at++; at < len(text); at++ {
		switch {
		case quote == '"' && text[at] == '\\':
			at++
		case text[at] != quote:
		case quote == '\'' && strings.HasPrefix(text[at+1:], "'"):
			at++
		default:
			return at + 1
		}
	}
	return len(text)
}
