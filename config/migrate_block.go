package config

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// pair is one setting of an account that is written out, with the comments and
// blank lines before it.
type pair struct {
	name  string
	lines []string
	key   int // which line the name stands in
}

// block moves settings that stand one a line. They go behind the others, since a
// section between them would hide those that follow.
func (m *migration) block(account *yaml.Node, f *flat) (textEdit, bool) {
	indent := account.Content[0].Column - 1
	first, end := account.Content[0].Line-1, m.endOf(account, indent)
	pairs := m.pairs(account, indent, end)
	// The first setting may stand behind a dash, which belongs to whichever is first.
	prefix, rest, ok := cutColumns(m.lines[first], indent)
	if !ok {
		return textEdit{}, false
	}
	pairs[0].lines[0] = strings.Repeat(" ", indent) + rest

	var kept, moved []pair
	for _, p := range pairs {
		if f.has(p.name) {
			moved = append(moved, p)
		} else {
			kept = append(kept, p)
		}
	}
	name := &kept[0].lines[kept[0].key]
	if _, rest, ok = cutColumns(*name, indent); !ok {
		return textEdit{}, false
	}
	*name = prefix + rest

	var out strings.Builder
	for _, p := range kept {
		out.WriteString(strings.Join(p.lines, ""))
	}
	out.WriteString(strings.Repeat(" ", indent) + f.gateway + ":" + m.eol)
	for _, p := range moved {
		for _, line := range p.lines {
			if !isBlank(line) {
				out.WriteString(m.step)
			}
			out.WriteString(line)
		}
	}
	return textEdit{m.start[first], m.start[end], out.String()}, true
}

// pairs cuts the lines of an account, of which end is the first one behind it,
// into its settings.
func (m *migration) pairs(account *yaml.Node, indent, end int) []pair {
	var pairs []pair
	for i := len(account.Content) - 2; i >= 0; i -= 2 {
		key := account.Content[i]
		from := key.Line - 1
		for i > 0 && from > account.Content[i-2].Line && (isBlank(m.lines[from-1]) || isComment(m.lines[from-1]) && indentOf(m.lines[from-1]) <= indent) {
			from--
		}
		pairs = append(pairs, pair{key.Value, slices.Clone(m.lines[from:end]), key.Line - 1 - from})
		end = from
	}
	slices.Reverse(pairs)
	return pairs
}

// endOf is the first line behind an account: that of the next thing in the file,
// or of the comments and blank lines before it.
func (m *migration) endOf(account *yaml.Node, indent int) int {
	i := slices.Index(m.nodes, account) + len(flatten(account, nil))
	end := len(m.lines)
	if i < len(m.nodes) {
		end = m.nodes[i].Line - 1
	}
	for end > account.Content[0].Line {
		line := m.lines[end-1]
		outside := isComment(line) && indentOf(line) < indent
		// the next account's, alone on its line
		dash := indentOf(line) < indent && strings.HasPrefix(strings.TrimSpace(line), "-")
		if !isBlank(line) && !outside && !dash && strings.TrimSpace(line) != "..." {
			break
		}
		end--
	}
	return end
}

func isBlank(line string) bool { return strings.TrimSpace(line) == "" }

func isComment(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "#") }

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// cutColumns cuts a line after a number of characters.
func cutColumns(line string, columns int) (before, after string, ok bool) {
	characters := []rune(line)
	if len(characters) < columns {
		return "", "", false
	}
	return string(characters[:columns]), string(characters[columns:]), true
}
