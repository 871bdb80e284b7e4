package command_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/paymux/paymux/web/command"
)

// snippet is one fenced block of a guide.
type snippet struct{ guide, language, text string }

// snippets reads the blocks of all guides, and wants each to say its language: "text" where there
// is none.
func snippets(t *testing.T, root string) []snippet {
	t.Helper()
	var list []snippet
	for _, pattern := range []string{"*.md", "docs/*.md", "adapters/*.md"} {
		files, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, block := range regexp.MustCompile("(?ms)^( *)```(\\w+)\n(.*?)^ *```$").FindAllStringSubmatch(string(text), -1) {
				body := regexp.MustCompile(`(?m)^`+block[1]).ReplaceAllString(block[3], "")
				list = append(list, snippet{filepath.Base(file), block[2], body})
			}
		}
	}
	return list
}

// What the guides show is at least what it says it is: scripts, programs and documents that can be
// read.
func TestSnippetsOfTheGuidesCanBeRead(t *testing.T) {
	seen := map[string]int{}
	for _, s := range snippets(t, "../..") {
		seen[s.language]++
		var err error
		switch s.language {
		case "sh":
			err = exec.Command("bash", "-n", "-c", s.text).Run()
		case "json":
			var into any
			err = json.Unmarshal([]byte(s.text), &into)
		case "yaml":
			var into any
			err = yaml.Unmarshal([]byte(s.text), &into)
		case "go":
			err = parseGo(s.text)
		case "js":
			err = checkedByNode(t, s.text)
		}
		if err != nil {
			t.Errorf("%s, %s: %v\n%s", s.guide, s.language, err, s.text)
		}
	}
	for _, language := range []string{"sh", "json", "yaml", "go", "js"} {
		if seen[language] == 0 {
			t.Errorf("no guide has any %s: %v", language, seen)
		}
	}
}

// parseGo takes a file, declarations, or statements.
func parseGo(text string) error {
	var err error
	for _, whole := range []string{text, "package p\n" + text, "package p\nfunc f() {\n" + text + "\n}"} {
		if _, err = parser.ParseFile(token.NewFileSet(), "snippet.go", whole, parser.SkipObjectResolution); err == nil {
			return nil
		}
	}
	return err
}

func checkedByNode(t *testing.T, text string) error {
	t.Helper()
	if skipped("node") {
		return nil // CI has it; .ci/services says when it is missing
	}
	file := filepath.Join(t.TempDir(), "snippet.mjs")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	return exec.Command("node", "--check", file).Run()
}

func skipped(name string) bool {
	return slices.Contains(strings.Split(os.Getenv("PAYMUX_TEST_SKIP"), ","), name)
}

// The guides' calls by curl are made, against the demo that they speak of, and none is refused.
func TestSnippetsOfTheGuidesRun(t *testing.T) {
	folder := t.TempDir()
	d := startDemo(t, filepath.Join(folder, "data", "demo"))
	made := d.create("wechat")
	d.pay(made)
	d.flush()
	open := d.create("wechat")
	ran := map[string]int{}
	for _, s := range snippets(t, "../..") {
		if s.language != "sh" {
			continue
		}
		for _, command := range curls(s.text) {
			if strings.Contains(command, "…") { // a number that the reader puts in
				continue
			}
			id := made.ID
			if strings.Contains(command, "/attempts") {
				id = open.ID
			}
			script := "set -eu\n" + settings(s.text) + regexp.MustCompile(`^curl -s`).ReplaceAllString(command, "curl --fail-with-body -sS")
			script = strings.NewReplacer("http://127.0.0.1:8080", d.base, "localhost:8090", strings.TrimPrefix(d.gateway, "http://")).Replace(script)
			run := exec.Command("bash", "-c", script)
			run.Dir, run.Env = folder, append(os.Environ(), "PAYMUX_KEY="+d.key, "ID="+id)
			if out, err := run.CombinedOutput(); err != nil && !strings.Contains(command, "/platforms/douyin/check") {
				t.Errorf("%s: %v\n%s\n%s", s.guide, err, script, out)
			}
			ran[s.guide]++
		}
	}
	for guide, least := range map[string]int{"README.md": 6, "README.zh-CN.md": 6, "api.md": 1, "merchants.md": 3, "simulator.md": 9} {
		if ran[guide] < least {
			t.Errorf("%s: %d calls ran, want %d", guide, ran[guide], least)
		}
	}
}

// What the guide to the settings shows of a mistake is what paymux check says of it, but for the
// number of the line, which every new setting above moves.
func TestConfigurationGuideShowsWhatCheckSays(t *testing.T) {
	example, err := os.ReadFile("../../config/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	guides := snippets(t, "../..")
	t.Chdir(t.TempDir())
	unquoted := strings.Replace(string(example), `app_id: "9021000100000001"`, "app_id: 9021000100000001", 1)
	if err := os.WriteFile("config.yaml", []byte(unquoted), 0o600); err != nil {
		t.Fatal(err)
	}
	var said log
	if code := command.Run(t.Context(), []string{"check", "--config", "config.yaml"}, streams(&said, &said)); code == 0 {
		t.Fatal("the mistake was not found")
	}
	shown := ""
	for _, s := range guides {
		if s.guide == "configuration.md" && s.language == "console" {
			shown += s.text
		}
	}
	lineNumber := regexp.MustCompile(`\(line \d+\)`)
	shown = lineNumber.ReplaceAllString(shown, "(line N)")
	for line := range strings.Lines(lineNumber.ReplaceAllString(said.String(), "(line N)")) {
		if !strings.Contains(shown, strings.TrimSpace(line)) {
			t.Errorf("the guide does not show %q\n%s", line, shown)
		}
	}
}

// curls returns a script's calls, each with its continuation lines.
func curls(script string) []string {
	var list []string
	for line := range strings.SplitSeq(strings.ReplaceAll(script, "\\\n", "\x00"), "\n") {
		// a quoted text over several lines
		if len(list) > 0 && strings.Count(list[len(list)-1], "'")%2 == 1 {
			list[len(list)-1] += "\n" + line
			continue
		}
		if strings.HasPrefix(line, "curl ") {
			list = append(list, line)
		}
	}
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "\x00", "\\\n")
	}
	return list
}

// settings returns the variables that a guide's reader has set by then.
func settings(script string) string {
	const readme = "PAYMUX=http://127.0.0.1:8080\nKEY=$PAYMUX_KEY\n" +
		`TEA='"amount_fen":12800,"subject":"明前龙井","goods":[{"id":"tea","name":"明前龙井","category":"physical","quantity":1,"price_fen":12800}]'` + "\n"
	if strings.Contains(script, "$PAYMUX/") {
		return readme
	}
	return ""
}
