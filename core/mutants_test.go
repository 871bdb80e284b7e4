//go:build mutants

package core_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// mutantsAtOnce is how many mutants are built and tried side by side.
const mutantsAtOnce = 2

// trialTimeout ends a test binary that hangs. A hang catches nothing: it fails the harness.
const trialTimeout = 2 * time.Minute

// mutant is one known mistake: a patch in testdata/mutants, never applied to the tree, with a
// heading that says what it is and who should notice.
type mutant struct {
	name    string // of the file
	title   string
	rows    string // of the fault catalogue
	pkg     string // whose tests must fail
	run     string // which tests, "" for all
	first   string // the test that caught it before: if it does again, the others need not run
	changed map[string]string
}

// verdict says which test caught a mutant, and in which pass.
type verdict struct {
	mutant mutant
	by     string
	err    error
	took   time.Duration
}

// TestMutants builds every known mistake into the program by an overlay, one at a time, and wants a
// test to fail for each: a suite that cannot tell the mistake from the program proves nothing about
// it. First the plain tests are tried, then the simulation. A patch that no longer applies, does
// not compile, or is not caught fails here. MUTANT=word,word tries only those with one of the words
// in their name; MUTANTS=recent tries what recentMutants says.
func TestMutants(t *testing.T) {
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("testdata/mutants/*.patch")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d mutants, %v", len(files), err)
	}
	var list []mutant
	for _, file := range files {
		m, err := readMutant(root, file)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if slices.ContainsFunc(strings.Split(os.Getenv("MUTANT"), ","), func(word string) bool { return strings.Contains(m.name, word) }) {
			list = append(list, m)
		}
	}
	if os.Getenv("MUTANTS") == "recent" {
		all := len(list)
		list = recentMutants(t, root, list)
		t.Logf("%d of %d mutants: those of files that changed lately, and this commit's quarter of the others", len(list), all)
	}
	published, err := os.ReadFile(filepath.Join(root, "docs", "RELIABILITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if !strings.Contains(string(published), "| `"+m.name+"` | "+m.title+" |") {
			t.Errorf("docs/RELIABILITY.md does not list %s: %s", m.name, m.title)
		}
	}
	_, table, _ := strings.Cut(string(published), "\n| bug |")
	table, _, _ = strings.Cut(table, "\n\n")
	if rows := strings.Count(table, "\n| `"); rows != len(files) {
		t.Errorf("docs/RELIABILITY.md lists %d mutants, %d are kept", rows, len(files))
	}
	lab := laboratory{root: root, dir: t.TempDir(), log: t.Logf}
	if by, err := lab.prepare(list); err != nil || by != "" {
		t.Fatalf("without any mutant %s fails already: %v", by, err)
	}
	caught := 0
	for _, v := range lab.tryAll(list) {
		switch {
		case v.err != nil:
			t.Errorf("%-32s %v", v.mutant.name, v.err)
		case v.by == "":
			t.Errorf("%-32s NOT CAUGHT: %s", v.mutant.name, v.mutant.title)
		default:
			caught++
			t.Logf("%-32s %-20s %4.1f s, caught by %s", v.mutant.name, v.mutant.rows, v.took.Seconds(), v.by)
		}
	}
	t.Logf("%d of %d known mistakes caught, %d of them in programs that hold several", caught, len(list), len(lab.woven))
}

// recentMutants are those that touch a file which the last 50 commits changed, and a quarter of the
// others that another commit draws anew: a change is tried at once, and everything is tried again
// within some commits. All of them without a history to read.
func recentMutants(t *testing.T, root string, list []mutant) []mutant {
	t.Helper()
	git := func(args ...string) (string, bool) {
		out, err := exec.Command("git", append([]string{"-C", root}, args...)...).Output()
		return strings.TrimSpace(string(out)), err == nil
	}
	commit, ok := git("rev-parse", "HEAD")
	changed, both := git("log", "-50", "--name-only", "--pretty=format:")
	if !ok || !both {
		return list
	}
	lately := strings.Split(changed, "\n")
	return slices.DeleteFunc(list, func(m mutant) bool {
		for name := range m.changed {
			if relative, err := filepath.Rel(root, name); err != nil || slices.Contains(lately, filepath.ToSlash(relative)) {
				return false
			}
		}
		return sha256.Sum256([]byte(commit + m.name))[0]%4 != 0
	})
}

// laboratory is where mutants are built and tried.
type laboratory struct {
	root, dir string
	log       func(string, ...any)
	woven     map[string]string // by mutant: the program that holds it among others
}

// prepare builds a program of each package with all mutants that can be woven into it, and runs the
// tests that they will be tried with on it as it is without a mistake: a test that fails anyway
// would catch everything.
func (l *laboratory) prepare(list []mutant) (by string, err error) {
	l.woven = map[string]string{}
	byPackage := map[string][]mutant{}
	for _, m := range list {
		byPackage[m.pkg] = append(byPackage[m.pkg], m)
	}
	for pkg, list := range byPackage {
		files, in, err := weave(list)
		if err != nil {
			return pkg, err
		}
		all := mutant{name: "woven-" + strings.ReplaceAll(strings.Trim(pkg, "./"), "/", "-"), pkg: pkg, changed: files}
		dir := filepath.Join(l.dir, all.name)
		binary := filepath.Join(dir, "trial.test")
		if err := l.build(all, dir, binary); err != nil { // each by itself will say which
			l.log("%s: %d mutants are built one by one: %v", pkg, len(list), err)
			in, all.changed = nil, nil
			if err := l.build(all, dir, binary); err != nil {
				return pkg, err
			}
		}
		tests := []string{}
		for _, m := range list {
			tests = append(tests, m.run)
			if m.first != "" {
				tests = append(tests, "^"+m.first+"$")
			}
			if in[m.name] {
				l.woven[m.name] = binary
			}
		}
		if !slices.Contains(tests, "") {
			all.run = strings.Join(slices.Compact(slices.Sorted(slices.Values(tests))), "|")
		}
		if v := l.tryIn(all, binary); v.err != nil || v.by != "" {
			return pkg + " " + v.by, v.err
		}
	}
	return "", nil
}

func (l laboratory) tryAll(list []mutant) []verdict {
	verdicts := make([]verdict, len(list))
	next := make(chan int)
	var workers sync.WaitGroup
	for range mutantsAtOnce {
		workers.Go(func() {
			for i := range next {
				verdicts[i] = l.try(list[i])
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	workers.Wait()
	return verdicts
}

// try takes the program that holds a mutant, or builds one, and runs its tests until one fails.
func (l laboratory) try(m mutant) verdict {
	if binary, ok := l.woven[m.name]; ok {
		return l.tryIn(m, binary)
	}
	dir := filepath.Join(l.dir, m.name)
	binary := filepath.Join(dir, "trial.test")
	if err := l.build(m, dir, binary); err != nil {
		return verdict{mutant: m, err: err}
	}
	defer os.Remove(binary)
	return l.tryIn(m, binary)
}

func (l laboratory) tryIn(m mutant, binary string) (v verdict) {
	v.mutant = m
	began := time.Now()
	defer func() { v.took = time.Since(began) }()
	passes := [][]string{{"-test.run=" + m.run, "-test.skip=^TestSimulation"}}
	if m.first != "" {
		passes = slices.Insert(passes, 0, []string{"-test.run=^" + m.first + "$"})
	}
	if m.pkg == "./core/" && m.run == "" {
		passes = append(passes, []string{"-test.run=^TestSimulation$"})
	}
	for _, args := range passes {
		if v.by, v.err = l.trial(m, binary, args); v.by != "" || v.err != nil {
			return v
		}
	}
	return v
}

func (l laboratory) build(m mutant, dir, binary string) error {
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for i, name := range slices.Sorted(maps.Keys(m.changed)) {
		copied := filepath.Join(dir, fmt.Sprintf("%d.go", i))
		if err := os.WriteFile(copied, []byte(m.changed[name]), 0o600); err != nil {
			return err
		}
		overlay.Replace[name] = copied
	}
	plan, err := json.Marshal(overlay)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, plan, 0o600); err != nil {
		return err
	}
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-gcflags=-l", "-ldflags=-s -w", "-overlay", file, "-o", binary, m.pkg)
	cmd.Dir = l.root
	out, err := cmd.CombinedOutput()
	// another build is trimming the cache
	if err != nil && strings.Contains(string(out), "could not import") {
		again := exec.Command(cmd.Path, cmd.Args[1:]...)
		again.Dir = cmd.Dir
		out, err = again.CombinedOutput()
	}
	if err != nil {
		return fmt.Errorf("does not compile: %w\n%s", err, out)
	}
	return nil
}

var (
	failedTest = regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`)
	panicked   = regexp.MustCompile(`(?m)^panic: `)
	hung       = regexp.MustCompile(`(?m)^panic: test timed out`)
)

// trial runs a test binary and returns the innermost test that failed, "" if none did.
func (l laboratory) trial(m mutant, binary string, args []string) (by string, err error) {
	args = append(args, "-test.failfast", "-test.timeout="+trialTimeout.String())
	if m.pkg == "./core/" { // the model's failures are meant here, and not worth a file
		args = append(args, "-rapid.nofailfile")
	}
	cmd := exec.Command(binary, args...)
	cmd.Dir = filepath.Join(l.root, m.pkg)
	cmd.Env = append(os.Environ(), "SIM_ORDERS=500", "SIM_SEED=1", wovenEnv+"="+m.name)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err == nil {
		return "", nil
	}
	switch failed := failedTest.FindAllStringSubmatch(out.String(), -1); {
	case hung.Match(out.Bytes()):
		return "", fmt.Errorf("hangs: %s", tail(out.String()))
	case len(failed) > 0:
		return failed[len(failed)-1][1], nil
	case panicked.Match(out.Bytes()):
		return "a panic: " + firstPanic(out.String()), nil
	default:
		return "", fmt.Errorf("the tests ended without a verdict: %s", tail(out.String()))
	}
}

func firstPanic(out string) string {
	_, after, _ := strings.Cut("\n"+out, "\npanic: ")
	line, _, _ := strings.Cut(after, "\n")
	return line
}

func tail(out string) string { return out[max(0, len(out)-2000):] }
