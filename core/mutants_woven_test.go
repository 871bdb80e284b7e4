//go:build mutants

package core_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	places "go/token"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// wovenEnv names the mutant that a woven program makes the mistake of.
const wovenEnv = "PAYMUX_TEST_MUTANT"

// weave puts many mutants into one program, since building takes longer than trying: each function
// that a mutant changes stands there as it is and once more as the mutant has it, and begins by
// asking which is wanted. It returns the files that change, and which mutants are in them: those
// that change what stands within functions, and nothing else.
func weave(list []mutant) (files map[string]string, in map[string]bool, err error) {
	cloths, in := map[string]*cloth{}, map[string]bool{}
	for i, m := range list {
		threads := map[*cloth]*cloth{}
		fits := true
		for path, text := range m.changed {
			if cloths[path] == nil {
				source, err := os.ReadFile(path)
				if err != nil {
					return nil, nil, err
				}
				cloths[path] = newCloth(path, string(source))
			}
			threads[cloths[path]] = newCloth(path, text)
			fits = fits && cloths[path].takes(threads[cloths[path]])
		}
		if fits {
			in[m.name] = true
			for whole, thread := range threads {
				whole.take(thread, m.name, fmt.Sprintf("woven%d", i))
			}
		}
	}
	files = map[string]string{}
	for path, c := range cloths {
		if c.added.Len() > 0 {
			files[path] = c.text()
			files[filepath.Join(filepath.Dir(path), "zz_woven.go")] =
				fmt.Sprintf("package %s\n\nimport \"os\"\n\nvar wovenMistake = os.Getenv(%q)\n", c.pkg, wovenEnv)
		}
	}
	return files, in, nil
}

// cloth is a Go file, function by function.
type cloth struct {
	source, pkg string
	functions   map[string]*ast.FuncDecl // by all that stands before the body
	between     string                   // what stands outside of functions
	asks        map[string]string        // what a function begins with
	added       strings.Builder
}

// newCloth reads a file; one that is no Go has no functions.
func newCloth(path, source string) *cloth {
	c := &cloth{source: source, functions: map[string]*ast.FuncDecl{}, asks: map[string]string{}}
	file, err := parser.ParseFile(places.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		return c
	}
	c.pkg = file.Name.Name
	from := places.Pos(1)
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body != nil {
			c.between += c.cut(from, f.Pos())
			from = f.End()
			c.functions[c.head(f)] = f
		}
	}
	c.between += c.cut(from, places.Pos(len(source)+1))
	return c
}

// cut is the source between two positions, which begin at 1 in a set of one file.
func (c *cloth) cut(from, to places.Pos) string { return c.source[from-1 : to-1] }

func (c *cloth) head(f *ast.FuncDecl) string { return c.cut(f.Pos(), f.Body.Lbrace) }

// takes tells whether a mutant's file differs within functions alone, and in such as can be called
// by the names of what they are given.
func (c *cloth) takes(mutant *cloth) bool {
	if len(c.functions) == 0 || c.between != mutant.between || len(c.functions) != len(mutant.functions) {
		return false
	}
	for head, f := range mutant.functions {
		if c.functions[head] == nil || c.changes(mutant, head) && (f.Name.Name == "init" || slices.Contains(given(f), "_")) {
			return false
		}
	}
	return true
}

func (c *cloth) changes(mutant *cloth, head string) bool {
	ours, theirs := c.functions[head], mutant.functions[head]
	return c.cut(ours.Pos(), ours.End()) != mutant.cut(theirs.Pos(), theirs.End())
}

// take adds the functions that a mutant changes, under names of their own.
func (c *cloth) take(mutant *cloth, name, prefix string) {
	for head, f := range mutant.functions {
		if !c.changes(mutant, head) {
			continue
		}
		fresh := prefix + f.Name.Name
		c.added.WriteString("\n" + mutant.cut(f.Pos(), f.Name.Pos()) + fresh + mutant.cut(f.Name.End(), f.End()) + "\n")
		names, call := given(f), fresh
		if f.Recv != nil {
			call, names = names[0]+"."+fresh, names[1:]
		} else if f.Type.TypeParams != nil {
			call += "[" + strings.Join(fieldNames(f.Type.TypeParams), ", ") + "]"
		}
		call += "(" + strings.Join(names, ", ") + ")"
		if f.Type.Results == nil {
			call += "; return"
		} else {
			call = "return " + call
		}
		c.asks[head] += fmt.Sprintf(" if wovenMistake == %q { %s };", name, call)
	}
}

// text is the file with everything that was taken.
func (c *cloth) text() string {
	out, from := "", places.Pos(1)
	byPlace := func(a, b string) int { return int(c.functions[a].Pos() - c.functions[b].Pos()) }
	for _, head := range slices.SortedFunc(maps.Keys(c.asks), byPlace) {
		body := c.functions[head].Body.Lbrace + 1
		out += c.cut(from, body) + c.asks[head]
		from = body
	}
	return out + c.cut(from, places.Pos(len(c.source)+1)) + c.added.String()
}

// given names the receiver and what a function is given, "_" for what has no name.
func given(f *ast.FuncDecl) []string {
	names := fieldNames(f.Type.Params)
	if f.Recv != nil {
		names = append(fieldNames(f.Recv), names...)
	}
	return names
}

func fieldNames(list *ast.FieldList) (names []string) {
	for _, field := range list.List {
		if len(field.Names) == 0 {
			names = append(names, "_")
		}
		more := ""
		if _, ok := field.Type.(*ast.Ellipsis); ok {
			more = "..."
		}
		for _, name := range field.Names {
			names = append(names, name.Name+more)
		}
	}
	return names
}
