package main

import (
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/paymux/paymux/web/app"
)

// Every call that counts names what is listed, so that its counter exists from the start; and the
// list has nothing that no call can count.
func TestCountsAreListed(t *testing.T) {
	var names, prefixes []string
	for _, f := range goFiles(t) {
		if f.test || !strings.HasPrefix(f.path, "core/") || strings.HasPrefix(f.path, "core/coretest/") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			for _, name := range countedBy(call) {
				if strings.HasSuffix(name, ".") {
					prefixes = append(prefixes, name)
				} else {
					names = append(names, name)
				}
			}
			return true
		})
	}
	if len(names) < 6 || len(prefixes) < 2 {
		t.Fatalf("found calls that count %q and %q", names, prefixes)
	}
	var listed []string
	for _, kind := range app.Counts() {
		listed = append(listed, kind.What)
		if !slices.Contains(names, kind.What) && !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(kind.What, p) }) {
			t.Errorf("%s is listed, and no call counts it", kind.What)
		}
	}
	// what is put together: by a message's state, and by a delivery's
	names = append(names, "notify.waiting", "notify.done", "notify.parked", "notify.rejected", "webhook.done", "webhook.dead")
	for _, name := range names {
		if !slices.Contains(listed, name) {
			t.Errorf("%s is counted, and not listed", name)
		}
	}
}

// countedBy reads what a call counts, or the beginning of that. Deliveries' actions are counted as
// their webhooks'.
func countedBy(call *ast.CallExpr) []string {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return nil
	}
	at := map[string]int{"happened": 0, "Happened": 0, "write": 2}
	i, counts := at[selector.Sel.Name]
	if !counts || len(call.Args) <= i {
		return nil
	}
	what := literal(call.Args[i])
	if sum, isSum := call.Args[i].(*ast.BinaryExpr); isSum {
		what = literal(sum.X)
	}
	if action, of := strings.CutPrefix(what, "delivery."); of {
		return []string{"webhook." + action}
	}
	if what == "" || selector.Sel.Name == "write" {
		return nil
	}
	return []string{what}
}

// What the lives of orders count is listed with its labels.
func TestCountsOfLivesAreListed(t *testing.T) {
	diaries, err := filepath.Glob("core/testdata/lives/*.txt")
	if err != nil || len(diaries) == 0 {
		t.Fatal(diaries, err)
	}
	seen := 0
	for _, name := range diaries {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, counted := range regexp.MustCompile(`(?m)^\W*count ([a-z_]+\.[a-z_]+) ([a-z_]*)$`).FindAllStringSubmatch(string(text), -1) {
			seen++
			found := false
			for _, kind := range app.Counts() {
				found = found || kind.What == counted[1] && slices.Contains(kind.Labels, counted[2])
			}
			if !found {
				t.Errorf("%s: %q with %q is not listed", name, counted[1], counted[2])
			}
		}
	}
	if seen < 30 {
		t.Errorf("found %d counts", seen)
	}
}
