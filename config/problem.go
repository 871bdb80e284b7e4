package config

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Problem is one thing wrong with the configuration.
type Problem struct {
	Path string // where, as keys: merchants[0].accounts[1].channels; or a file's name
	Line int    // line of the file, from 1; 0 when the setting is not in the file
	What string // what is wrong; never holds a secret's text
	Mend string // what to do about it
}

// String writes the problem as one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Path)
	if p.Line > 0 {
		fmt.Fprintf(&b, " (line %d)", p.Line)
	}
	b.WriteString(": " + p.What)
	if p.Mend != "" {
		b.WriteString("; " + p.Mend)
	}
	return b.String()
}

// Problems is everything found wrong, in the order of the file. [Load] returns
// it as its error, so that a person mends all of it in one go.
type Problems []Problem

// Error lists the problems, one a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps *Problems) add(path, what, mend string) {
	*ps = append(*ps, Problem{Path: path, What: what, Mend: mend})
}

// under takes blame for the settings of a section or record at a path.
func (ps *Problems) under(at string) Blame {
	return func(setting, what, mend string) {
		ps.add(strings.TrimSuffix(at+"."+setting, "."), what, mend)
	}
}

// outside are the problems of settings that others does not name: a setting that could not be read
// is not missing too, nor is what belongs below it.
func (ps Problems) outside(others Problems) Problems {
	return slices.DeleteFunc(ps, func(p Problem) bool {
		return slices.ContainsFunc(others, func(o Problem) bool {
			rest, below := strings.CutPrefix(p.Path, o.Path)
			return below && (rest == "" || strings.ContainsAny(rest[:1], ".["))
		})
	})
}

// located puts line numbers to the problems and sorts them by line; settings
// that are absent take the line of the nearest enclosing key.
func (ps Problems) located(lines map[string]int) Problems {
	for i := range ps {
		if ps[i].Line == 0 {
			ps[i].Line = lineOf(lines, ps[i].Path)
		}
	}
	sort.SliceStable(ps, func(a, b int) bool { return ps[a].Line < ps[b].Line })
	return ps
}

func lineOf(lines map[string]int, path string) int {
	for path != "" {
		if n, ok := lines[path]; ok {
			return n
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}
