package main

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/paymux/paymux/web/app"
)

// metric is one that the program declares, with the labels it may have.
type metric struct {
	labels    []string
	histogram bool
}

// declaredMetrics reads the metrics off the sources: a scrape would lack those that are absent
// while all is well.
func declaredMetrics(t *testing.T) map[string]metric {
	metrics := map[string]metric{
		// echoprometheus's, which web asks for by namespace and subsystem; web's tests scrape them
		"paymux_http_requests_total":           {labels: []string{"code", "method", "url"}},
		"paymux_http_request_duration_seconds": {labels: []string{"code", "method", "url"}, histogram: true},
		"up":                                   {labels: []string{"job"}},
	}
	for _, f := range goFiles(t) {
		if f.test {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			for _, arg := range call.Args {
				options, ok := arg.(*ast.CompositeLit)
				if !ok {
					continue
				}
				if name := optionsName(options); name != "" {
					metrics[name] = metric{labelsOf(call), strings.Contains(typeName(options), "Histogram")}
				}
			}
			return true
		})
	}
	if len(metrics) < 10 {
		t.Fatalf("found %d metrics: are they still declared by prometheus.…Opts with a Name?", len(metrics))
	}
	return metrics
}

func typeName(c *ast.CompositeLit) string {
	if s, ok := c.Type.(*ast.SelectorExpr); ok {
		return s.Sel.Name
	}
	return ""
}

// optionsName is the metric's name when the literal is one of prometheus's options.
func optionsName(c *ast.CompositeLit) string {
	if !strings.HasSuffix(typeName(c), "Opts") {
		return ""
	}
	for _, field := range c.Elts {
		if kv, ok := field.(*ast.KeyValueExpr); ok && isIdent(kv.Key, "Name") {
			return literal(kv.Value)
		}
	}
	return ""
}

func isIdent(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

func literal(e ast.Expr) string {
	if l, ok := e.(*ast.BasicLit); ok && l.Kind == token.STRING {
		s, _ := strconv.Unquote(l.Value)
		return s
	}
	return ""
}

// labelsOf are the texts of a call's list of labels.
func labelsOf(call *ast.CallExpr) []string {
	var labels []string
	for _, arg := range call.Args {
		if list, ok := arg.(*ast.CompositeLit); ok {
			for _, e := range list.Elts {
				if text := literal(e); text != "" {
					labels = append(labels, text)
				}
			}
		}
	}
	return labels
}

var (
	metricName = regexp.MustCompile(`\b(?:paymux|go|process)_[a-z0-9_]+|\bup\b`)
	matcher    = regexp.MustCompile(`([a-zA-Z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// checkExpr holds one expression against the metrics: each name and each label in it must exist.
func checkExpr(t *testing.T, where, expr string, metrics map[string]metric) {
	names := metricName.FindAllString(expr, -1)
	if len(names) == 0 {
		t.Errorf("%s asks for no metric: %s", where, expr)
	}
	labels := []string{"instance", "job", "le"}
	for _, name := range names {
		if strings.HasPrefix(name, "go_") || strings.HasPrefix(name, "process_") {
			continue // the client library's own
		}
		m, known := metrics[name]
		for _, suffix := range []string{"_bucket", "_count", "_sum"} {
			if base, cut := strings.CutSuffix(name, suffix); cut && metrics[base].histogram {
				m, known = metrics[base], true
			}
		}
		if !known {
			t.Errorf("%s: there is no metric %s", where, name)
		}
		labels = append(labels, m.labels...)
	}
	for _, m := range matcher.FindAllStringSubmatch(expr, -1) {
		if !slices.Contains(labels, m[1]) {
			t.Errorf("%s: no metric of the expression has a label %s", where, m[1])
		}
	}
	for _, m := range grouping.FindAllStringSubmatch(expr, -1) {
		for label := range strings.SplitSeq(m[1], ",") {
			if !slices.Contains(labels, strings.TrimSpace(label)) {
				t.Errorf("%s: no metric of the expression has a label %s", where, label)
			}
		}
	}
}

func TestAlertRulesNameWhatExists(t *testing.T) {
	var file struct {
		Groups []struct {
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	if err := yaml.Unmarshal([]byte(read(t, "docs/monitoring/alerts.yaml")), &file); err != nil {
		t.Fatal(err)
	}
	metrics, pages := declaredMetrics(t), runbookPages(t)
	seen := map[string]bool{}
	for _, g := range file.Groups {
		for _, r := range g.Rules {
			if seen[r.Alert] || r.Alert == "" {
				t.Errorf("rule %q stands twice, or has no name", r.Alert)
			}
			seen[r.Alert] = true
			checkExpr(t, r.Alert, r.Expr, metrics)
			if !slices.Contains([]string{"page", "ticket", "note"}, r.Labels["severity"]) || r.Annotations["summary"] == "" {
				t.Errorf("%s has no summary, or a severity of its own: %v", r.Alert, r.Labels)
			}
			if want := "docs/runbook.md#" + strings.ToLower(r.Alert); r.Annotations["runbook"] != want {
				t.Errorf("%s names the page %s, not %s", r.Alert, r.Annotations["runbook"], want)
			}
			if !slices.Contains(pages, r.Alert) {
				t.Errorf("docs/runbook.md has no page %s", r.Alert)
			}
		}
	}
	if len(seen) < 10 {
		t.Errorf("found %d rules", len(seen))
	}
	for _, page := range pages {
		if strings.HasPrefix(page, "Paymux") && !seen[page] {
			t.Errorf("docs/runbook.md has a page %s, which no rule names", page)
		}
	}
}

func TestDashboardShowsWhatExists(t *testing.T) {
	type panel struct {
		ID            int
		Title, Type   string
		Targets       []struct{ Expr string }
		FieldConfig   struct{ Defaults struct{ Unit string } }
		GridPos       struct{ X, Y, W, H int }
		DatasourceUID string
	}
	var board struct{ Panels []panel }
	if err := json.Unmarshal([]byte(read(t, "docs/monitoring/dashboard.json")), &board); err != nil {
		t.Fatal(err)
	}
	metrics := declaredMetrics(t)
	ids := map[int]bool{}
	shown := strings.Builder{}
	for _, p := range board.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("panel %q: its id stands twice, or it does not fit", p.Title)
		}
		ids[p.ID] = true
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			checkExpr(t, "panel "+p.Title, target.Expr, metrics)
			shown.WriteString(target.Expr + "\n")
		}
	}
	for name := range metrics {
		if strings.HasPrefix(name, "paymux_") && !strings.Contains(shown.String(), name) {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// runbookPages are the headings of the runbook's pages, as written.
func runbookPages(t *testing.T) []string {
	var pages []string
	for _, p := range pagesOf(t, "docs/runbook.md") {
		pages = append(pages, p.name)
	}
	return pages
}

// page is one of a runbook's.
type page struct{ name, text string }

func pagesOf(t *testing.T, runbook string) []page {
	var pages []page
	for _, part := range strings.Split(read(t, runbook), "\n### ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		text, _, _ = strings.Cut(text, "\n## ")
		if slices.ContainsFunc(pages, func(p page) bool { return p.name == name }) {
			t.Errorf("%s has two pages %s", runbook, name)
		}
		pages = append(pages, page{name, text})
	}
	return pages
}

// Whoever reads Chinese finds the same pages in the same order, each with the level, and with where
// to look and what to do, or the page that says so.
func TestChineseRunbookHasEveryPage(t *testing.T) {
	english, chinese := pagesOf(t, "docs/runbook.md"), pagesOf(t, "docs/runbook.zh-CN.md")
	level := regexp.MustCompile(`(?m)^Level (\d)(?: to (\d))?\.`)
	for i, e := range english {
		if i >= len(chinese) || chinese[i].name != e.name {
			t.Fatalf("docs/runbook.zh-CN.md lacks the page %s, or has it elsewhere", e.name)
		}
		text := strings.TrimSpace(chinese[i].text)
		if m := level.FindStringSubmatch(e.text); m != nil {
			want := m[1] + " 级。"
			if m[2] != "" {
				want = m[1] + " 到 " + m[2] + " 级。"
			}
			if !strings.HasPrefix(text, want) {
				t.Errorf("%s: the page does not begin with %s", e.name, want)
			}
		}
		says := strings.Contains(text, "\n- **看**：") && strings.Contains(text, "\n- **做**：")
		if leads := strings.HasPrefix(text[strings.LastIndex(text, "\n")+1:], "见 ["); says == leads {
			t.Errorf("%s says neither where to look and what to do, nor which page does", e.name)
		}
	}
	if len(chinese) != len(english) {
		t.Errorf("docs/runbook.zh-CN.md has %d pages, docs/runbook.md %d", len(chinese), len(english))
	}
}

// What a person is told of has a page, and no page is about anything else.
func TestEveryAlertHasAPage(t *testing.T) {
	pages := runbookPages(t)
	kinds := app.Alerts()
	for _, kind := range kinds {
		if !slices.Contains(pages, kind.What) {
			t.Errorf("docs/runbook.md has no page %s", kind.What)
		}
	}
	for _, page := range pages {
		known := strings.HasPrefix(page, "Paymux")
		for _, kind := range kinds {
			known = known || kind.What == page
		}
		if !known {
			t.Errorf("docs/runbook.md has a page %s, and nothing tells of that", page)
		}
	}
}

// Every call that alerts names an alert that is listed, with the level that the list has.
func TestAlertsAreListed(t *testing.T) {
	listed := map[string][]int{}
	for _, kind := range app.Alerts() {
		listed[kind.What] = append(listed[kind.What], kind.Level)
	}
	calls := 0
	for _, f := range goFiles(t) {
		if f.test || strings.HasPrefix(f.path, "core/coretest/") {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			what, level, ok := alertOf(call)
			if !ok {
				return true
			}
			calls++
			found := false
			for name, levels := range listed {
				// the end of a name that is put together is what the runbook's test is for
				matches := name == what || strings.HasSuffix(what, ".") && strings.HasPrefix(name, what)
				found = found || matches && (level == 0 || slices.Contains(levels, level))
			}
			if !found {
				t.Errorf("%s: the alert %q of level %d is not listed", f.set.Position(call.Pos()), what, level)
			}
			return true
		})
	}
	if calls < 15 {
		t.Errorf("found %d calls that alert", calls)
	}
}

// alertOf reads a call of alert or Alert: what it tells, or the beginning of that, and the level, 0
// where it is computed. A name that is a constant or handed on is not read.
func alertOf(call *ast.CallExpr) (what string, level int, ok bool) {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	if name != "alert" && name != "Alert" || len(call.Args) != 4 {
		return "", 0, false
	}
	if l, isLiteral := call.Args[0].(*ast.BasicLit); isLiteral {
		level, _ = strconv.Atoi(l.Value)
	}
	if sum, isSum := call.Args[1].(*ast.BinaryExpr); isSum {
		return literal(sum.X), level, literal(sum.X) != ""
	}
	what = literal(call.Args[1])
	return what, level, what != ""
}
