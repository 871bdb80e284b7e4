package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func chmod(t *testing.T, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(name, mode); err != nil {
		t.Fatal(err)
	}
}

// F09: whoever can change the configuration can add a key of an admin; so can whoever can put
// another file in its place.
func TestF09FilesThatOthersMayChange(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(t *testing.T, path string)
		mend string // "" is fine
	}{
		{"config 0600", func(*testing.T, string) {}, ""},
		{"config 0644", func(t *testing.T, path string) { chmod(t, path, 0o644) }, ""},
		{"config 0440", func(t *testing.T, path string) { chmod(t, path, 0o440) }, ""},
		{"config 0666", func(t *testing.T, path string) { chmod(t, path, 0o666) }, "chmod go-w DIR/config.yaml"},
		{"config 0660", func(t *testing.T, path string) { chmod(t, path, 0o660) }, "chmod go-w DIR/config.yaml"},
		{"config 0602", func(t *testing.T, path string) { chmod(t, path, 0o602) }, "chmod go-w DIR/config.yaml"},
		{"its folder 0777", func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o777) }, "chmod go-w DIR"},
		{"its folder 0775", func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o775) }, "chmod go-w DIR"},
		{"its folder 0703", func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o703) }, "chmod go-w DIR"},
		{"its folder 1777", func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o777|fs.ModeSticky) }, ""},
		{"its folder 0755", func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o755) }, ""},
		{"the folder of keys 0777", func(t *testing.T, path string) { chmod(t, filepath.Dir(path)+"/keys", 0o777) }, "chmod go-w DIR/keys"},
		{"the folder of keys 3777", func(t *testing.T, path string) {
			chmod(t, filepath.Dir(path)+"/keys", 0o777|fs.ModeSticky|fs.ModeSetgid)
		}, ""},
		{"a public key 0664", func(t *testing.T, path string) { chmod(t, filepath.Dir(path)+"/keys/alipay_v2.pub", 0o664) }, "chmod go-w DIR/keys/alipay_v2.pub"},
		{"a public key 0444", func(t *testing.T, path string) { chmod(t, filepath.Dir(path)+"/keys/alipay_v2.pub", 0o444) }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := place(t, exampleText(t))
			c.do(t, path)
			if c.mend == "" {
				if _, err := load(path, nil); err != nil {
					t.Error(err)
				}
				return
			}
			want := strings.ReplaceAll(c.mend, "DIR", filepath.Dir(path))
			for _, p := range loadProblems(t, path, nil) {
				if p.Mend == want {
					return
				}
			}
			t.Errorf("nothing says %q: %v", want, loadProblems(t, path, nil))
		})
	}
}

// F09: what others may change is told together with what else is wrong.
func TestF09OpenFileAndOtherProblems(t *testing.T) {
	path := place(t, edit(t, exampleText(t), "shop: \"902\"", "shop: \"x\""))
	chmod(t, path, 0o666)
	chmod(t, filepath.Dir(path)+"/keys/content.aes", 0o622)
	got := loadProblems(t, path, nil)
	if !hasPath(got, path) || !hasPath(got, "merchants[0].accounts[1].till.shop") {
		t.Error(got)
	}
}

// F09: Kubernetes mounts a volume as links into a folder that is replaced as a whole.
func TestF09KubernetesVolume(t *testing.T) {
	made := place(t, exampleText(t))
	volume, data := t.TempDir(), "..2026_11_01_00_00_00.123"
	chmod(t, volume, 0o777|fs.ModeSticky)
	if err := os.Rename(filepath.Dir(made), filepath.Join(volume, data)); err != nil {
		t.Fatal(err)
	}
	chmod(t, filepath.Join(volume, data), 0o755)
	for link, target := range map[string]string{"..data": data, "config.yaml": "..data/config.yaml", "keys": "..data/keys"} {
		if err := os.Symlink(target, filepath.Join(volume, link)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(volume, "config.yaml")
	chmod(t, path, 0o440)
	if _, err := load(path, nil); err != nil {
		t.Fatal(err)
	}
	chmod(t, filepath.Join(volume, data), 0o775)
	if got := loadProblems(t, path, nil); !strings.Contains(got.Error(), data) {
		t.Errorf("the folder that a link leads into: %v", got)
	}
	chmod(t, filepath.Join(volume, data), 0o755)
	chmod(t, filepath.Join(volume, data, "config.yaml"), 0o664)
	if got := loadProblems(t, path, nil); !strings.Contains(got.Error(), "can be changed by others") {
		t.Errorf("the file that a link leads to: %v", got)
	}
}

// F09: the folder above, the folder of a link, and links in a circle.
func TestF09TheWay(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a/b/key"), "key")
	for _, folder := range []string{"links", "odd 'name'"} {
		if err := os.Mkdir(filepath.Join(dir, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"links/key": "../a/../a/b/key", "odd 'name'/key": dir + "/links/key", "circle": "circle"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ open, read, mend string }{
		{"", "a/b/key", ""},
		{"", "links/key", ""},
		{"", "odd 'name'/key", ""},
		{"a", "a/b/key", "chmod go-w DIR/a"},
		{"a", "links/key", "chmod go-w DIR/a"},
		{"links", "links/key", "chmod go-w DIR/links"},
		{"links", "a/b/key", ""},
		{"links", "odd 'name'/key", "chmod go-w DIR/links"},
		{"odd 'name'", "odd 'name'/key", `chmod go-w 'DIR/odd '\''name'\'''`},
	} {
		if c.open != "" {
			chmod(t, filepath.Join(dir, c.open), 0o777)
		}
		_, err := ReadPublic(filepath.Join(dir, c.read))
		if want := strings.ReplaceAll(c.mend, "DIR", dir); (err == nil) != (c.mend == "") || err != nil && !strings.HasSuffix(err.Error(), ": "+want) {
			t.Errorf("%s with %q open: %v", c.read, c.open, err)
		}
		if c.open != "" {
			chmod(t, filepath.Join(dir, c.open), 0o700)
		}
	}
	if _, err := ReadPublic(filepath.Join(dir, "circle")); err == nil {
		t.Error("a circle of links ends somewhere")
	}
	t.Chdir(filepath.Join(dir, "a"))
	chmod(t, dir+"/a/b", 0o777)
	if _, err := ReadPublic("b/key"); err == nil {
		t.Error("a relative name")
	}
}

// F09: a named pipe is judged like a file: whoever may write into it, or put another in its place,
// writes the configuration. A pipe without a name is the business of whoever started the program.
func TestF09PipeOfOthers(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "config.yaml")
	if err := exec.Command("mkfifo", "-m", "600", pipe).Run(); err != nil {
		t.Skip("no named pipes here: ", err)
	}
	held, err := os.OpenFile(pipe, os.O_RDWR, 0) // waits for no other end
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = held.Close() }()
	judge := func(name string, f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return guarded(name, info, false)
	}
	if err := judge(pipe, held); err != nil {
		t.Errorf("one's own pipe: %v", err)
	}
	chmod(t, pipe, 0o622)
	if err := judge(pipe, held); err == nil || !strings.HasSuffix(err.Error(), "chmod go-w "+pipe) {
		t.Errorf("a pipe that others write into: %v", err)
	}
	chmod(t, pipe, 0o600)
	chmod(t, dir, 0o777)
	if err := judge(pipe, held); err == nil || !strings.HasSuffix(err.Error(), "chmod go-w "+dir) {
		t.Errorf("a pipe that others may replace: %v", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(r.Close(), w.Close()) }()
	if err := judge(fmt.Sprintf("/dev/fd/%d", r.Fd()), r); err != nil {
		t.Errorf("a pipe of a shell: %v", err)
	}
}

// F09: the owner of a file may change it, whatever its mode.
func TestF09OwnerOfAFile(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	const stranger = 12345
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a/key"), "key")
	if err := os.Symlink("a/key", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ given, read string }{{"a/key", "a/key"}, {"a", "a/key"}, {"link", "link"}} {
		given := filepath.Join(dir, c.given)
		if _, err := ReadPublic(filepath.Join(dir, c.read)); err != nil {
			t.Fatal(err)
		}
		if err := os.Lchown(given, stranger, -1); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadPublic(filepath.Join(dir, c.read)); err == nil || !strings.Contains(err.Error(), "12345") {
			t.Errorf("%s belongs to a stranger: %v", c.given, err)
		}
		if err := os.Lchown(given, 0, -1); err != nil {
			t.Fatal(err)
		}
	}
}

// F09: an outsider who may write the file changes nothing while the program runs either.
func TestF09ReloadOfAnOpenFile(t *testing.T) {
	w, path, refusals := watcher(t)
	chmod(t, path, 0o666)
	if w.Reload() || len(*refusals) != 1 || !strings.Contains((*refusals)[0].Error(), "chmod go-w "+path) {
		t.Fatalf("%v", *refusals)
	}
	text := edit(t, exampleText(t), "role: approver", "role: admin")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	if w.Reload() || w.Current().Merchants[0].APIKeys[1].Role != "approver" {
		t.Error("taken")
	}
	chmod(t, path, 0o600)
	if !w.Reload() || w.Current().Merchants[0].APIKeys[1].Role != "admin" {
		t.Errorf("mended, and not taken: %v", *refusals)
	}
	chmod(t, filepath.Dir(path), 0o777)
	if write(t, path, exampleText(t)); w.Reload() {
		t.Error("taken from a folder in which everybody may replace it")
	}
}
