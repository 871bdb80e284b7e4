//go:build mutants

package core_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
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
	built  time.Duration
	tried  time.Duration
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
	lab := laboratory{root: root, dir: t.TempDir()}
	if by, err := lab.healthy(list); err != nil || by != "" {
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
			t.Logf("%-32s %-20s %3.0f + %2.0f s, caught by %s", v.mutant.name, v.mutant.rows, v.built.Seconds(), v.tried.Seconds(), v.by)
		}
	}
	t.Logf("%d of %d known mistakes caught", caught, len(list))
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

// readMutant reads a patch and applies it to copies of the files it names.
func readMutant(root, file string) (mutant, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return mutant{}, err
	}
	heading, patch, _ := strings.Cut(string(text), "\n--- ")
	m := mutant{name: strings.TrimSuffix(filepath.Base(file), ".patch"), changed: map[string]string{}}
	m.title, _, _ = strings.Cut(heading, "\n")
	for line := range strings.Lines(heading) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "Rows":
			m.rows = value
		case "Package":
			m.pkg = value
		case "Run":
			m.run = value
		case "First":
			m.first = value
		}
	}
	if m.title == "" || m.rows == "" || m.pkg == "" {
		return m, fmt.Errorf("the heading lacks a title, Rows or Package")
	}
	for part := range strings.SplitSeq(patch, "\n--- ") {
		if err := m.apply(root, part); err != nil {
			return m, err
		}
	}
	return m, nil
}

// apply applies the part of a patch that is about one file. Hunks are found by their text, which
// must occur once: line numbers drift, meaning does not.
func (m *mutant) apply(root, part string) error {
	name, rest, _ := strings.Cut(strings.TrimPrefix(part, "a/"), "\n")
	name = strings.TrimSpace(name)
	source, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return err
	}
	text := string(source)
	for _, hunk := range strings.Split(rest, "\n@@")[1:] {
		_, body, _ := strings.Cut(hunk, "\n")
		var before, after strings.Builder
		for line := range strings.Lines(strings.TrimSuffix(body, "\n") + "\n") {
			switch line[0] {
			case '-':
				before.WriteString(line[1:])
			case '+':
				after.WriteString(line[1:])
			default:
				before.WriteString(line[1:])
				after.WriteString(line[1:])
			}
		}
		if n := strings.Count(text, before.String()); n != 1 {
			return fmt.Errorf("the patch no longer applies: %s has this text %d times:\n%s", name, n, before.String())
		}
		text = strings.Replace(text, before.String(), after.String(), 1)
	}
	if text == string(source) {
		return fmt.Errorf("the patch changes nothing in %s", name)
	}
	m.changed[filepath.Join(root, name)] = text
	return nil
}

// laboratory is where mutants are built and tried.
type laboratory struct{ root, dir string }

// healthy runs the tests that the mutants will be tried with on the program as it is, each package's
// at once: a test that fails anyway would catch everything.
func (l laboratory) healthy(list []mutant) (by string, err error) {
	tests := map[string][]string{}
	for _, m := range list {
		tests[m.pkg] = append(tests[m.pkg], m.run)
		if m.first != "" {
			tests[m.pkg] = append(tests[m.pkg], "^"+m.first+"$")
		}
	}
	for pkg, named := range tests {
		m := mutant{name: "healthy", pkg: pkg}
		if !slices.Contains(named, "") {
			m.run = strings.Join(slices.Compact(slices.Sorted(slices.Values(named))), "|")
		}
		if v := l.try(m); v.err != nil || v.by != "" {
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

// try builds a package's tests with the mutant laid over the source, and runs them until one fails.
func (l laboratory) try(m mutant) (v verdict) {
	v = verdict{mutant: m}
	dir := filepath.Join(l.dir, m.name)
	binary := filepath.Join(dir, "trial.test")
	began := time.Now()
	if v.err = l.build(m, dir, binary); v.err != nil {
		return v
	}
	defer os.Remove(binary)
	v.built, began = time.Since(began), time.Now()
	defer func() { v.tried = time.Since(began) }()
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
	for i, name := range slices.Sorted(mapKeys(m.changed)) {
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

func mapKeys(m map[string]string) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
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
	cmd.Env = append(os.Environ(), "SIM_ORDERS=500", "SIM_SEED=1")
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
