package main

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// project copies what git knows of the project, so that the experiment leaves the real one alone.
func project(t *testing.T) string {
	t.Helper()
	list := exec.Command("git", "ls-files", "-co", "--exclude-standard")
	list.Dir = "../.."
	names, err := list.Output()
	if err != nil {
		t.Fatalf("git lists no files: %v", err)
	}
	root := t.TempDir()
	for name := range strings.FieldsSeq(string(names)) {
		text, err := os.ReadFile(filepath.Join("../..", name))
		if os.IsNotExist(err) { // deleted, and not committed yet
			continue
		}
		if err == nil {
			err = os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(root, name), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// contents is every file below root, by name.
func contents(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(root, path)
		all[filepath.ToSlash(name)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// edit does by hand what the checklist asks for in one place of a file.
func edit(t *testing.T, root, name, old, new string) {
	t.Helper()
	path := filepath.Join(root, name)
	text, err := os.ReadFile(path)
	if err != nil || strings.Count(string(text), old) != 1 {
		t.Fatalf("%s: %v: this should stand there once:\n%s", name, err, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// goes runs go in the copy and tells what it said and whether it was content.
func goes(t *testing.T, root string, args ...string) (string, bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=-buildvcs=false")
	said, err := cmd.CombinedOutput()
	return string(said), err == nil
}

// A fourth channel at Alipay, by the letter of adapters/README.md: what is scaffolded compiles and
// fails where something is still to be written; done, it touches its own folder and two files.
func TestFourthChannel(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the project once more")
	}
	const id, own = "taobao_h5", "adapters/alipay/taobaoh5"
	root := project(t)
	before := contents(t, root)
	var said bytes.Buffer
	if err := run([]string{"channel", id}, root, &said); err != nil {
		t.Fatal(err)
	}
	if text, ok := goes(t, root, "vet", "./"+own); !ok {
		t.Fatalf("what is scaffolded does not compile:\n%s", text)
	}
	text, ok := goes(t, root, "test", "./"+own, "./adapters/alipay/setup")
	for _, want := range []string{
		"Pay of taobao_h5 is not written", "taobao_h5 is not wired: add it to channels in registration.go",
		"taobao_h5 takes money on no platform: add it to the doors in platforms/rules",
	} {
		if ok || !strings.Contains(text, want) {
			t.Errorf("nothing says %q:\n%.3000s", want, text)
		}
	}

	edit(t, root, own+"/channel.go", `func (c Channel) Pay(context.Context, core.PayRequest) core.PayResult {
	return core.PayResult{Answer: core.Answer{
		Outcome: core.OutcomeNotSent, Code: core.CodeNotConfigured, Detail: "Pay of taobao_h5 is not written",
	}}
`, `func (c Channel) Pay(_ context.Context, r core.PayRequest) core.PayResult {
	return c.SignPage(r, alipaytrade.GoodsType(r.Lines))
`)
	const wiring, rules = "adapters/alipay/setup/registration.go", "platforms/rules/wechat.yaml"
	edit(t, root, wiring, "douyinh5.New(apps)}", "douyinh5.New(apps), taobaoh5.New(apps)}")
	edit(t, root, wiring, `	"github.com/paymux/paymux/adapters/alipay/wechath5"`,
		`	"github.com/paymux/paymux/adapters/alipay/taobaoh5"
	"github.com/paymux/paymux/adapters/alipay/wechath5"`)
	edit(t, root, rules, "\nlicences:", `
  - channel: taobao_h5
    id: wechat_door_taobao
    message: {zh: 没有启用的账户提供渠道 taobao_h5。, en: No active account serves the channel taobao_h5.}
    remedy: {zh: 启用一个提供它的账户。, en: Activate an account that serves it.}
    source: an experiment
    date: 2026-11-28
    certainty: unverified

licences:`)
	if text, ok := goes(t, root, "test", "./"+own, "./adapters/alipay/setup", "./platforms"); !ok {
		t.Errorf("by the letter of the checklist, and yet:\n%.3000s", text)
	}
	if text, ok := goes(t, root, "test", ".", "-run", "Test(Arrows|CoreStandsAlone|Files|Channels|Doc)"); !ok {
		t.Errorf("the house does not take the channel:\n%.3000s", text)
	}

	if text, ok := goes(t, root, "test", "./config", "-run", "TestSchema|TestReference"); !ok {
		t.Errorf("the schema or the guide to the settings lists channels:\n%.3000s", text)
	}

	guide, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	after := contents(t, root)
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if after[name] == before[name] || strings.HasPrefix(name, own+"/") {
			continue
		}
		if name != wiring && name != rules {
			t.Errorf("a channel needs %s besides", name)
		}
	}
	for _, named := range []string{"alipay/setup/registration.go", "platforms/rules/"} {
		if !bytes.Contains(guide, []byte(named)) {
			t.Errorf("the checklist does not name %s", named)
		}
	}
}

// What cannot be scaffolded is refused with a sentence, and nothing is written.
func TestScaffoldRefuses(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "adapters/alipay/trade"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "adapters/alipay/wechath5"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{"", "go run ./adapters/scaffold channel NAME"},
		{"gateway x", "go run ./adapters/scaffold channel NAME"},
		{"channel", "go run ./adapters/scaffold channel NAME"},
		{"channel a b", "go run ./adapters/scaffold channel NAME"},
		{"channel -x a", "go run ./adapters/scaffold channel NAME"},
		{"channel ../../etc", "no name of a channel"},
		{"channel Taobao", "no name of a channel"},
		{"channel 1h5", "no name of a channel"},
		{"channel taobao__h5", "no name of a channel"},
		{"channel taobao_", "no name of a channel"},
		{"channel " + strings.Repeat("a", 41), "no name of a channel"},
		{"channel -gateway wechatpay taobao_h5", "adapters/wechatpay/trade is not there"},
		{"channel wechat_h5", "exists"},
	} {
		if err := run(strings.Fields(c.args), root, io.Discard); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.args, err)
		}
	}
	if left := contents(t, root); len(left) != 0 {
		t.Errorf("a refusal wrote %v", slices.Sorted(maps.Keys(left)))
	}
}
