package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/paymux/paymux"

// arrows is a statement of policy: which package may import which of ours.
// An arrow that is not here is a decision to take in docs/DESIGN.md, not a
// line to add in passing. Channels need no line of their own: a folder below a
// gateway's folder that is not named here is one, with the arrows of all
// channels, and the gateway's setup may import it.
func arrows(dirs map[string]bool) map[string][]string {
	policy := namedArrows()
	for dir := range dirs {
		gateway := path.Dir(dir)
		if _, named := policy[dir]; named || path.Dir(gateway) != "adapters" || policy[gateway] == nil {
			continue
		}
		policy[dir] = []string{"core", gateway, gateway + "/trade"}
		policy[gateway+"/setup"] = append(policy[gateway+"/setup"], dir)
	}
	return policy
}

func namedArrows() map[string][]string {
	const core, wire, trade, setup = "core", "adapters/alipay", "adapters/alipay/trade", "adapters/alipay/setup"
	return map[string][]string{
		"core":                {},
		"config":              {},
		"adapters":            {core, "config"},
		"adapters/alipay":     {},
		"adapters/alipay/sim": {},
		"adapters/scaffold":   {},
		// the judge of both ends, and so the one place that sees both
		"adapters/alipay/sim/conformance": {wire, "adapters/alipay/sim"},
		"core/archive":                    {core},
		"core/store":                      {core, "core/archive"},
		"core/jobs":                       {core},
		"core/outbox":                     {core},
		"core/channeltest":                {core},
		"core/channeltest/tinygate":       {core, "core/channeltest"},
		"core/coretest":                   {core},
		"core/storetest":                  {core, "core/archive"},
		"platforms":                       {core},
		"web":                             {core},
		"web/demoshop":                    {core, "web"},
		"adapters/alipay/trade":           {core, wire},
		// what the channels' tests have in common
		"adapters/alipay/trade/tradetest": {core, wire, trade, "core/channeltest", "adapters/alipay/sim"},
		"adapters/alipay/setup":           {core, "adapters", "config", wire, trade},
		"web/app":                         {core, "config", "platforms", "web", "core/archive", "core/store", "core/jobs", "core/outbox", "adapters", setup},
		"web/command": {
			core, "config", "web", "web/app", "web/demoshop", "core/archive", "core/store", "core/outbox", "adapters", wire, setup, "adapters/alipay/sim",
		},
		// main imports the commands alone; the tests of the alarms ask the program which it has
		"": {"web/command", "web/app"},
	}
}

// testArrows is what a package's own tests may import beside its arrows: the
// suites and fakes, the simulator as the other end, the containers and the gateways'
// settings as they are shipped, and the whole program end to end.
func testArrows() []string {
	return []string{
		"core/archive", "core/channeltest", "core/channeltest/tinygate", "core/coretest", "core/storetest", "adapters/alipay/trade/tradetest", "adapters/alipay/sim", "adapters/alipay/setup",
		"platforms", "web/command",
	}
}

// owners: each heavy dependency has one owner, so that replacing it is a change
// in one place. Tests are held to the same.
func owners() map[string]string {
	return map[string]string{
		"gorm.io/":                      "core/store",
		"github.com/glebarez/":          "core/store",
		"modernc.org/":                  "core/store",
		"github.com/go-sql-driver/":     "core/store",
		"github.com/pressly/goose":      "core/store",
		"github.com/labstack/echo":      "web",
		"github.com/spf13/viper":        "config",
		"github.com/go-viper/":          "config",
		"github.com/fsnotify/":          "config",
		"github.com/nats-io/":           "core/jobs",
		"github.com/standard-webhooks/": "core/outbox",
		"github.com/spf13/cobra":        "web/command",
		"github.com/getkin/kin-openapi": "web",
		"github.com/yuin/goldmark":      "web",
		"github.com/prometheus/":        "web web/app",
		"github.com/emmansun/gmsm":      "adapters/alipay",
		"github.com/go-playground/":     "config platforms web",
		"golang.org/x/text/encoding":    "adapters/alipay adapters/alipay/sim",
		"github.com/chromedp/":          "web web/command",
		"github.com/santhosh-tekuri/":   "config web",

		// whoever makes spans needs otel/trace alone
		"go.opentelemetry.io/otel/sdk":       "web/app",
		"go.opentelemetry.io/otel/exporters": "web/app",
		"go.opentelemetry.io/proto/":         "web/app",
		"google.golang.org/protobuf":         "web/app",
	}
}

func TestArrows(t *testing.T) {
	files := goFiles(t)
	policy := arrows(foldersOf(files))
	for _, f := range files {
		from, known := packageOf(f.dir, policy)
		if !known {
			t.Errorf("%s: package %q has no arrows yet: add it to the policy", f.path, f.dir)
			continue
		}
		for _, imported := range f.imports() {
			name, ours := strings.CutPrefix(imported, module+"/")
			if !ours {
				continue
			}
			to, known := packageOf(name, policy)
			allowed := known && (to == from || slices.Contains(policy[from], to))
			inTest := f.test && slices.Contains(testArrows(), to)
			if !allowed && !inTest {
				t.Errorf("%s: %s → %s is not an arrow", f.path, from, name)
			}
		}
	}
}

// A policy about packages that are gone would look kept and protect nothing.
func TestArrowsNamePackagesThatExist(t *testing.T) {
	dirs := foldersOf(goFiles(t))
	for from, to := range arrows(dirs) {
		for _, name := range append(to, from) {
			if !dirs[name] {
				t.Errorf("the policy names package %q, which does not exist", name)
			}
		}
	}
}

func TestHeavyDependenciesHaveOneOwner(t *testing.T) {
	files := goFiles(t)
	policy := arrows(foldersOf(files))
	for _, f := range files {
		if f.test && f.dir == "web/command" {
			// end-to-end tests look into the database and check signatures as an outsider would
			continue
		}
		for _, imported := range f.imports() {
			for dependency, owner := range owners() {
				from, _ := packageOf(f.dir, policy)
				if strings.HasPrefix(imported, dependency) && !slices.Contains(strings.Fields(owner), from) {
					t.Errorf("%s imports %s, which belongs to %s", f.path, imported, owner)
				}
			}
		}
	}
}

// The core imports what computes and nothing of the standard library that
// reaches outside: a list of what is allowed, since nobody can list the rest.
func TestCoreStandsAlone(t *testing.T) {
	pure := strings.Fields("context crypto/sha256 encoding/hex encoding/json errors fmt maps math/bits slices sort strconv strings time unicode unicode/utf8")
	for _, f := range goFiles(t) {
		if from, _ := packageOf(f.dir, namedArrows()); from != "core" || f.test {
			continue
		}
		for _, imported := range f.imports() {
			if !slices.Contains(pure, imported) {
				t.Errorf("%s imports %s", f.path, imported)
			}
		}
	}
}

// The simulator imports the standard library, and golang.org/x/text because
// gateways speak GBK.
func TestSimulatorStandsAlone(t *testing.T) {
	for _, f := range goFiles(t) {
		if from, _ := packageOf(f.dir, namedArrows()); from != "adapters/alipay/sim" || f.test {
			continue
		}
		for _, imported := range f.imports() {
			first, _, _ := strings.Cut(imported, "/")
			own := strings.HasPrefix(imported, module+"/adapters/alipay/sim/")
			if strings.Contains(first, ".") && !own && !strings.HasPrefix(imported, "golang.org/x/text/") {
				t.Errorf("%s imports %s", f.path, imported)
			}
		}
	}
}

// The core starts no goroutine, reads no clock and draws no random number:
// that is what lets a simulator run it in seeded order on a virtual clock. The
// same holds for the in-memory store that it runs on, the suite's files aside.
// A deadline on a call's context is no clock read: it bounds the other side,
// and its passing is an unknown outcome, which any call may have.
func TestCoreIsDeterministic(t *testing.T) {
	forbidden := map[string][]string{
		"time": {
			"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker",
		},
	}
	for _, f := range goFiles(t) {
		from, _ := packageOf(f.dir, namedArrows())
		memory := from == "core/storetest" && !strings.HasPrefix(path.Base(f.path), "suite")
		if from != "core" && !memory || f.test {
			continue
		}
		for _, spec := range f.syntax.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value)
			hidden := imported == "time" && spec.Name != nil && spec.Name.Name == "."
			if hidden || slices.Contains([]string{"math/rand", "math/rand/v2", "crypto/rand", "os", "net", "net/http"}, imported) {
				t.Errorf("%s imports %s", f.path, imported)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", f.at(n))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && slices.Contains(forbidden[f.importNamed(x.Name)], n.Sel.Name) {
					t.Errorf("%s uses %s.%s", f.at(n), x.Name, n.Sel.Name)
				}
			}
			return true
		})
	}
}

// Of a folder that nobody has named, the pattern knows a channel from a new gateway.
func TestAFolderBelowAGatewayIsAChannel(t *testing.T) {
	const fourth = "adapters/alipay/fourth"
	policy := arrows(map[string]bool{fourth: true, "adapters/other": true, "adapters/other/one": true, "core/fourth": true})
	if want := []string{"core", "adapters/alipay", "adapters/alipay/trade"}; !slices.Equal(policy[fourth], want) {
		t.Errorf("a channel's arrows are %v", policy[fourth])
	}
	if !slices.Contains(policy["adapters/alipay/setup"], fourth) {
		t.Error("setup cannot wire a new channel")
	}
	for _, dir := range []string{"adapters/other", "adapters/other/one"} {
		if from, known := packageOf(dir, policy); known {
			t.Errorf("a new gateway's %s has the arrows of %s", dir, from)
		}
	}
}

// packageOf maps a folder to the package whose arrows it follows: a folder that
// the policy does not name follows those of the folder it is in. A new gateway
// has none: its wire is a decision.
func packageOf(dir string, policy map[string][]string) (string, bool) {
	for d := dir; ; d = path.Dir(d) {
		if d == "adapters" && dir != d {
			return dir, false
		}
		if d == "." {
			d = ""
		}
		if _, ok := policy[d]; ok {
			return d, d != "" || dir == ""
		}
		if d == "" {
			return dir, false
		}
	}
}

func foldersOf(files []goFile) map[string]bool {
	dirs := map[string]bool{}
	for _, f := range files {
		dirs[f.dir] = true
	}
	return dirs
}

// goFile is one parsed file of the module.
type goFile struct {
	path   string // from the root, with slashes
	dir    string // "" is the root
	test   bool
	set    *token.FileSet
	syntax *ast.File
}

func (f goFile) imports() []string {
	var list []string
	for _, spec := range f.syntax.Imports {
		if name, err := strconv.Unquote(spec.Path.Value); err == nil {
			list = append(list, name)
		}
	}
	return list
}

// importNamed gives the import path behind a package's name in this file.
func (f goFile) importNamed(name string) string {
	for _, spec := range f.syntax.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		if spec.Name != nil && spec.Name.Name == name || spec.Name == nil && path.Base(imported) == name {
			return imported
		}
	}
	return ""
}

func (f goFile) at(n ast.Node) string {
	return f.path + ":" + strconv.Itoa(f.set.Position(n.Pos()).Line)
}

// goFiles parses every .go file in-process. Asking the go command would use its
// cache and its build tags, and both hide files.
func goFiles(t *testing.T) []goFile {
	t.Helper()
	var files []goFile
	set := token.NewFileSet()
	for _, name := range projectFiles(t, ".go") {
		syntax, err := parser.ParseFile(set, name, nil, parser.ParseComments)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		dir := path.Dir(name)
		if dir == "." {
			dir = ""
		}
		files = append(files, goFile{name, dir, strings.HasSuffix(name, "_test.go"), set, syntax})
	}
	if len(files) < 2 {
		t.Fatal("found no Go files: the tests here prove nothing")
	}
	return files
}

// projectFiles lists the files with a suffix, outside hidden folders, test data
// and what tools and runs leave behind.
func projectFiles(t *testing.T, suffix string) []string {
	t.Helper()
	outside := map[string]bool{"testdata": true, "node_modules": true, "data": true, "bin": true}
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (outside[d.Name()] || strings.HasPrefix(d.Name(), ".")):
			return filepath.SkipDir
		case !d.IsDir() && strings.HasSuffix(name, suffix):
			found[filepath.ToSlash(name)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}
