package main

import (
	"go/ast"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The guide to the code names files, and what is declared in them: both must be there.
func TestDesignNamesWhatExists(t *testing.T) {
	declared := map[string][]string{}
	for _, f := range goFiles(t) {
		declared[f.path] = declarations(f.syntax)
	}
	_, rest, _ := strings.Cut(read(t, "docs/DESIGN.md"), "\n## Where is what\n")
	table, _, _ := strings.Cut(rest, "\n## ")
	name := regexp.MustCompile("`([^` ]+)`")
	seen := 0
	for _, row := range tableRows(table) {
		_, place, _ := strings.Cut(row[1:], "|")
		var names []string // declared in the path named last
		for _, m := range name.FindAllStringSubmatch(place, -1) {
			if strings.Contains(m[1], "/") {
				paths, err := filepath.Glob(m[1])
				if err != nil || len(paths) == 0 {
					t.Errorf("%s does not exist: %s", m[1], row)
				}
				names = declared[m[1]]
				continue
			}
			seen++
			if !slices.Contains(names, m[1][strings.LastIndexByte(m[1], '.')+1:]) {
				t.Errorf("%s is not declared in the file before it: %s", m[1], row)
			}
		}
	}
	if seen < 10 {
		t.Errorf("the table names %d declarations: is it still where it was?", seen)
	}
}

// The reading order of a doc.go leads through files that exist.
func TestReadingOrdersNameFiles(t *testing.T) {
	file := regexp.MustCompile(`[\w*/]+\.(go|yaml|mjs|sql)\b`)
	for _, f := range goFiles(t) {
		if path.Base(f.path) != "doc.go" || f.syntax.Doc == nil {
			continue
		}
		for _, name := range file.FindAllString(f.syntax.Doc.Text(), -1) {
			here, _ := filepath.Glob(filepath.Join(f.dir, name))
			fromRoot, _ := filepath.Glob(name)
			if len(here)+len(fromRoot) == 0 {
				t.Errorf("%s names %s, which does not exist", f.path, name)
			}
		}
	}
}

// The two READMEs have the same headings, commands, tables, names and links; what stands between
// them is for a reader to compare.
func TestReadmesSayTheSame(t *testing.T) {
	english, chinese := outline(read(t, "README.md")), outline(read(t, "README.zh-CN.md"))
	for i := range max(len(english), len(chinese)) {
		if i >= len(english) || i >= len(chinese) || english[i] != chinese[i] {
			t.Fatalf("they part here:\nEnglish %q\nChinese %q", english[min(i, len(english)):min(i+3, len(english))], chinese[min(i, len(chinese)):min(i+3, len(chinese))])
		}
	}
	if len(english) < 50 {
		t.Errorf("an outline of %d parts proves little", len(english))
	}
}

// A row that stands twice in one table was pasted twice, and one with more or fewer cells than the
// head is not shown as meant: a bar parts cells inside code, too.
func TestTablesAreWhole(t *testing.T) {
	cells := func(row string) int { return strings.Count(strings.ReplaceAll(row, `\|`, ""), "|") }
	for _, name := range projectFiles(t, ".md") {
		for table := range strings.SplitSeq(read(t, name), "\n\n") {
			rows := tableRows(table)
			for i, row := range rows {
				if slices.Contains(rows[:i], row) {
					t.Errorf("%s says it twice: %s", name, row)
				}
				if cells(row) != cells(rows[0]) {
					t.Errorf("%s: not as many cells as in the head: %s", name, row)
				}
			}
		}
	}
}

// Each row of the faults has a test that names it, or a reason why not.
func TestEveryFaultHasATest(t *testing.T) {
	row := regexp.MustCompile(`\b[A-Z][0-9]{2}\b`)
	tested := map[string]bool{}
	for _, name := range append(projectFiles(t, ".go"), projectFiles(t, ".mjs")...) {
		if f := path.Base(name); strings.HasSuffix(f, "_test.go") || strings.HasPrefix(f, "suite") ||
			strings.HasPrefix(path.Dir(name), "core/channeltest") || path.Base(path.Dir(name)) == "tradetest" {
			for _, id := range row.FindAllString(strings.ReplaceAll(read(t, name), "_", " "), -1) {
				tested[id] = true
			}
		}
	}
	_, exceptions, _ := strings.Cut(read(t, "docs/RELIABILITY.md"), "\n## Rows that do not apply\n")
	excused := row.FindAllString(exceptions, -1)
	rows, seen := 0, map[string]bool{}
	for _, line := range tableRows(read(t, "docs/faults.md")) {
		id := row.FindString(line)
		if id == "" {
			continue
		}
		if seen[id] {
			t.Errorf("%s names another row already: %s", id, line)
		}
		seen[id] = true
		rows++
		if !tested[id] && !slices.Contains(excused, id) {
			t.Errorf("neither a test nor an excuse: %s", line)
		}
	}
	if rows < 190 {
		t.Errorf("%d rows: where are the others?", rows)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func tableRows(text string) []string {
	var rows []string
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "|") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	return rows
}

// declarations are the names that a file declares at its top level, methods without their
// receivers.
func declarations(file *ast.File) []string {
	var names []string
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			names = append(names, d.Name.Name)
		case *ast.GenDecl:
			for _, s := range d.Specs {
				if s, ok := s.(*ast.TypeSpec); ok {
					names = append(names, s.Name.Name)
				}
			}
		}
	}
	return names
}

// outline is what two languages have in common. In order: headings by level, commands without their
// comments, tables by the number of cells. For each section, sorted, for languages order a sentence
// differently: names in code and targets of links.
func outline(text string) []string {
	comment := regexp.MustCompile(`(^|\s+)# .*`)
	mark := regexp.MustCompile("`[^`]+`|\\]\\([^)]+\\)")
	var parts, marks []string
	fence := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "```"):
			fence = strings.TrimPrefix(line, "```")
			parts = append(parts, line)
		case fence == "sh":
			parts = append(parts, comment.ReplaceAllString(line, ""))
		case strings.HasPrefix(line, "#"):
			slices.Sort(marks)
			parts = append(append(parts, marks...), line[:strings.IndexByte(line, ' ')])
			marks = nil
		case strings.HasPrefix(line, "|"):
			parts = append(parts, strings.Repeat("|", strings.Count(line, "|")))
		}
		for _, m := range mark.FindAllString(line, -1) {
			if fence == "" && !strings.Contains(m, "README") && !strings.HasPrefix(line, "```") {
				marks = append(marks, m)
			}
		}
	}
	slices.Sort(marks)
	return append(parts, marks...)
}

// Whoever operates in Chinese finds all that the English guide has: its chapters in their order,
// the commands, as many rows in each table, and the names and pages that each chapter speaks of.
func TestOperationsSayTheSame(t *testing.T) {
	english, chinese := chaptersOf(t, "docs/operations.md"), chaptersOf(t, "docs/operations.zh-CN.md")
	if len(english) != len(chinese) {
		t.Fatalf("%d chapters in English, %d in Chinese", len(english), len(chinese))
	}
	commands := 0
	for i, e := range english {
		c := chinese[i]
		commands += len(e.fenced)
		for _, part := range []struct {
			what string
			e, c []string
		}{{"headings and tables", e.shape, c.shape}, {"fenced commands", e.fenced, c.fenced}, {"names and links", e.names, c.names}} {
			within := func(of []string) func(string) bool {
				return func(s string) bool { return slices.Contains(of, s) }
			}
			if !slices.Equal(part.e, part.c) {
				t.Errorf("%s and %s differ in %s: English alone %q, Chinese alone %q", e.title, c.title, part.what,
					slices.DeleteFunc(slices.Clone(part.e), within(part.c)), slices.DeleteFunc(slices.Clone(part.c), within(part.e)))
			}
		}
	}
	if len(english) < 20 || commands < 90 {
		t.Errorf("%d chapters with %d lines of commands prove little", len(english), commands)
	}
}

// chapter is one of a guide's: how it is laid out, the lines of its blocks without what explains
// them (it stands behind two blanks or more), and the code and pages that it names, sorted.
type chapter struct {
	title                string
	shape, fenced, names []string
}

func chaptersOf(t *testing.T, guide string) []chapter {
	t.Helper()
	name := regexp.MustCompile("`[^`]+`|\\]\\([^)#]+")
	explained := regexp.MustCompile(` {2,}.*`)
	var list []chapter
	for _, part := range strings.Split(read(t, guide), "\n## ")[1:] {
		title, text, _ := strings.Cut(part, "\n")
		c := chapter{title: title}
		code := false
		for line := range strings.SplitSeq(text, "\n") {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, "```"):
				code = !code
				c.fenced = append(c.fenced, line)
				continue
			case code:
				c.fenced = append(c.fenced, explained.ReplaceAllString(line, ""))
				continue
			case strings.HasPrefix(line, "#"):
				c.shape = append(c.shape, line[:strings.IndexByte(line, ' ')])
			case strings.HasPrefix(line, "|"):
				c.shape = append(c.shape, strings.Repeat("|", strings.Count(line, "|")))
			}
			for _, m := range name.FindAllString(line, -1) {
				c.names = append(c.names, strings.Replace(m, ".zh-CN.md", ".md", 1))
			}
		}
		slices.Sort(c.names)
		c.names = slices.Compact(c.names)
		list = append(list, c)
	}
	return list
}

// A line break inside a Chinese sentence is shown as a blank that does not belong there: a
// paragraph stands on one line.
func TestChineseGuidesWrapNoSentence(t *testing.T) {
	begins := regexp.MustCompile("^ *([-*|#!>]|[0-9]+\\.|```|\\[English|$)")
	seen := 0
	for _, name := range projectFiles(t, ".zh-CN.md") {
		seen++
		code, before := false, ""
		for line := range strings.SplitSeq(read(t, name), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				code = !code
			}
			if goesOn := !code && !begins.MatchString(line) && before != "" && !strings.HasPrefix(before, "|") && !strings.HasPrefix(strings.TrimSpace(before), "```"); goesOn {
				t.Errorf("%s: this line goes on in the next: %s", name, before)
			}
			before = line
		}
	}
	if seen < 2 {
		t.Errorf("%d Chinese guides", seen)
	}
}
