package main

import (
	"fmt"
	"go/ast"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const (
	maxFileLines     = 400
	maxFunctionLines = 70
)

// A file holds one concept and a function one thought: what grows past these
// has a second one in it.
func TestFilesAndFunctionsStaySmall(t *testing.T) {
	for _, f := range goFiles(t) {
		if f.test || ast.IsGenerated(f.syntax) {
			continue
		}
		if lines := f.set.File(f.syntax.FileStart).LineCount(); lines > maxFileLines {
			t.Errorf("%s has %d lines, more than %d", f.path, lines, maxFileLines)
		}
		for _, d := range f.syntax.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := f.set.Position(fn.End()).Line - f.set.Position(fn.Pos()).Line + 1; n > maxFunctionLines {
				t.Errorf("%s: %s has %d lines, more than %d", f.at(fn), fn.Name.Name, n, maxFunctionLines)
			}
		}
	}
}

// Nothing happens at import time.
func TestNoInit(t *testing.T) {
	for _, f := range goFiles(t) {
		for _, d := range f.syntax.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Name.Name == "init" && fn.Recv == nil {
				t.Errorf("%s: init()", f.at(fn))
			}
		}
	}
}

// Every package says in doc.go what it knows and what it must not know.
func TestEveryPackageHasADoc(t *testing.T) {
	seen := map[string]bool{"": true} // the root says it in main.go
	for _, f := range goFiles(t) {
		if seen[f.dir] || f.test {
			continue
		}
		seen[f.dir] = true
		if _, err := os.Stat(filepath.Join(f.dir, "doc.go")); err != nil {
			t.Errorf("%s has no doc.go", f.dir)
		}
	}
}

// A bucket for whatever is left over has no concept: name it instead.
func TestNoBuckets(t *testing.T) {
	bucket := regexp.MustCompile(`(^|/|_)(utils?|helpers?|common|misc|shared)(/|_|$)`)
	for _, f := range goFiles(t) {
		if bucket.MatchString(strings.TrimSuffix(f.path, ".go")) {
			t.Errorf("%s: what is it about?", f.path)
		}
	}
}

// A gateway's name is data, or its adapter's: what decides and what is shown knows none. The
// exceptions are single lines, each with why.
func TestNoGatewayIsNamed(t *testing.T) {
	exceptions := map[string]string{
		`web/app/gateways.go:	alipaysetup "github.com/paymux/paymux/adapters/alipay/setup"`:                "its one registration",
		`web/app/gateways.go:	return []adapters.Registration{alipaysetup.Registration{}}`:                  "its one registration",
		`web/routes.go:		{"POST", "/v1/alipay/login", PermPay, keyUnused, bodyJSON, s.loginOld},`:          "an older address",
		`web/platforms.go:func (s *Server) loginOld(c *call) error { return s.loginBy(c, "alipay_mini") }`: "what that means",
	}
	name := regexp.MustCompile(`(?i)alipay|支付宝`)
	for _, file := range append(projectFiles(t, ".go"), projectFiles(t, ".html")...) {
		top, _, _ := strings.Cut(file, "/")
		// the one sells, the others look at one gateway's keys and messages
		shop := strings.HasPrefix(file, "web/demoshop/") || strings.HasPrefix(file, "web/command/") && !strings.HasPrefix(file, "web/command/keys")
		if !slices.Contains([]string{"config", "core", "platforms", "web"}, top) && path.Dir(file) != "adapters" || shop || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			at := file + ":" + strings.TrimSuffix(line, "\n")
			if _, known := exceptions[at]; !known && name.MatchString(line) {
				t.Errorf("%s names a gateway", at)
			}
			delete(exceptions, at)
		}
	}
	for at := range exceptions {
		t.Errorf("%s stands nowhere any more: it needs no exception", at)
	}
}

// Amounts are integer fen: a binary fraction cannot hold 0.01 yuan. The
// exceptions are files whose fractions are no money, each with what they are.
func TestNoFloats(t *testing.T) {
	exceptions := map[string]string{
		"adapters/alipay/app.go":            "calls per second",
		"adapters/alipay/setup/settings.go": "calls per second",
		"web/app/tracing.go":                "a part of all traces",
		"web/command/verify.go":             "seconds",
		"web/app/backlog.go":                "what Prometheus counts in",
		"web/app/due.go":                    "what Prometheus counts in",
		"web/app/standing.go":               "what Prometheus counts in",
		"web/app/watch.go":                  "what Prometheus counts in",
		"web/app/unwritable.go":             "what Prometheus counts in",
		"web/app/reload.go":                 "what Prometheus counts in",
		"web/app/archive.go":                "what Prometheus counts in",
		"web/app/listen.go":                 "what Prometheus counts in",
		"web/loads.go":                      "what Prometheus counts in",
		"web/allowance.go":                  "requests per second",
		"web/limiter.go":                    "requests per second",
	}
	floats := []string{"float64", "float32", "ParseFloat", "FormatFloat", "AppendFloat"}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		found := false
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && slices.Contains(floats, id.Name) {
				found = true
				if exceptions[f.path] == "" {
					t.Errorf("%s: %s", f.at(n), id.Name)
				}
			}
			return true
		})
		if exceptions[f.path] != "" && !found {
			t.Errorf("%s holds no fraction any more: it needs no exception", f.path)
		}
	}
}

// Relative links in documents lead to files that exist, and to headings that these have.
func TestLinksLeadSomewhere(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	fence := regexp.MustCompile("(?s)```.*?```")
	for _, name := range projectFiles(t, ".md") {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(fence.ReplaceAllString(string(text), ""), -1) {
			target, err := url.Parse(m[1])
			if err != nil || target.Scheme != "" || target.Host != "" {
				continue
			}
			at := path.Join(path.Dir(name), target.Path)
			if target.Path == "" {
				at = name
			}
			if rooted, ok := strings.CutPrefix(target.Path, "/"); ok {
				at = rooted
			}
			if _, err := os.Stat(at); err != nil {
				t.Errorf("%s links to %s, which does not exist", name, m[1])
			} else if path.Ext(at) == ".md" && target.Fragment != "" && !slices.Contains(headings(t, at), target.Fragment) {
				t.Errorf("%s links to %s, which has no such heading", name, m[1])
			}
		}
	}
}

// headings are those of a document as links name them.
func headings(t *testing.T, document string) []string {
	silent := regexp.MustCompile(`[^\pL\pN _-]`)
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(read(t, document), -1) {
		names = append(names, strings.ReplaceAll(silent.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return names
}

// maxColumn is where a comment ends at the latest. A tab has four columns, a Chinese character two.
const maxColumn = 100

// A comment is read beside the code it speaks of, in half a window. Directives for tools stay in
// their line, however long.
func TestCommentsFitTheWindow(t *testing.T) {
	for _, f := range goFiles(t) {
		text, err := os.ReadFile(f.path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(text), "\n")
		for _, group := range f.syntax.Comments {
			for _, c := range group.List {
				first := f.set.Position(c.Pos()).Line
				for i := range strings.Split(c.Text, "\n") {
					if strings.HasPrefix(c.Text, "//go:") || strings.HasPrefix(c.Text, "//nolint:") {
						continue
					}
					if n := columns(lines[first+i-1]); n > maxColumn {
						t.Errorf("%s:%d: the comment ends at column %d, after %d", f.path, first+i, n, maxColumn)
					}
				}
			}
		}
	}
}

func columns(line string) (n int) {
	for _, r := range line {
		switch {
		case r == '\t':
			n += 4
		case unicode.In(r, unicode.Han, unicode.Hiragana) || r >= 0x3000 && r < 0x3040 || r >= 0xff00 && r < 0xff60:
			n += 2
		default:
			n++
		}
	}
	return n
}

// Two migrations of one number stop every start; each engine has the same ones.
func TestMigrationsHaveANumberEach(t *testing.T) {
	names := map[string][]string{}
	for _, engine := range []string{"mysql", "sqlite"} {
		files, err := filepath.Glob("core/store/migrations/" + engine + "/*.sql")
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for i, file := range files {
			name := filepath.Base(file)
			if want := fmt.Sprintf("%05d_", i+1); !strings.HasPrefix(name, want) {
				t.Errorf("%s: its number should be %s", file, want)
			}
			names[engine] = append(names[engine], name)
		}
	}
	if !slices.Equal(names["mysql"], names["sqlite"]) {
		t.Errorf("the engines' migrations differ: %v", names)
	}
}
