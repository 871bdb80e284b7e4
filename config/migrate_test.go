package config

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// migrated is Migrate with the tests' dialects, of a file that it must be able to move.
func migrated(t *testing.T, text string) (string, []Moved) {
	t.Helper()
	out, moved, err := Migrate([]byte(text), dialects()...)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	again, none, err := Migrate(out, dialects()...)
	if err != nil || len(none) != 0 || string(again) != string(out) {
		t.Errorf("a second time: %v %v\n%s", none, err, again)
	}
	return string(out), moved
}

// Each way of writing, and what becomes of it: nothing else of the file changes by a byte.
func TestMigrateKeepsTheHand(t *testing.T) {
	cases, err := os.ReadFile("testdata/migrate.txt")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for block := range strings.SplitSeq(string(cases), "\n====") {
		name, body, _ := strings.Cut(block, "\n")
		before, after, ok := strings.Cut(body, "\n---->\n")
		if !ok {
			continue // the file's own heading
		}
		n++
		t.Run(strings.TrimSpace(name), func(t *testing.T) {
			for _, end := range []string{"\n", "\r\n"} {
				before, after := strings.ReplaceAll(before, "\n", end), strings.ReplaceAll(strings.TrimRight(after, "\n"), "\n", end)
				for _, last := range []string{"", end} { // with and without a last line end
					if got, _ := migrated(t, before+last); got != after+last {
						t.Errorf("got\n%s\nwant\n%s", got, after+last)
					}
				}
			}
		})
	}
	if n < 12 {
		t.Errorf("%d cases were found", n)
	}
}

// Whatever the order of an account's settings, whatever is written between them, and in both
// styles: what the file says stays (Migrate itself would refuse otherwise), and so does every
// comment.
func TestMigrateInEveryOrder(t *testing.T) {
	settings := []string{"id: a1", "gateway: till", `shop: "901" # the shop`, "active: true # on", "keys: [{key_file: k}] # its keys"}
	comment := regexp.MustCompile(`# [a-z ]+`)
	// before the comment, or at the end of the line
	commas := regexp.MustCompile(`([^ \n])( # [a-z ]+\n|\n)`)
	permute(settings, func(order []string) {
		blocks := []string{
			"      - " + strings.Join(order, "\n        "),
			"      # one\n      -\n        # two\n        " + strings.Join(order, "\n\n        # between\n        ") + "\n        # behind\n      # outside",
			"      - {" + strings.Join(order, "\n       , ") + "\n        }",
			"      - { " + commas.ReplaceAllString(strings.Join(order, "\n          # above\n          ")+"\n", "$1,$2") + "        }",
		}
		for _, block := range blocks {
			text := "merchants:\n  - accounts:\n" + block + "\n      - id: a2\n    name: x\n"
			out, moved := migrated(t, text)
			before, after := comment.FindAllString(text, -1), comment.FindAllString(out, -1)
			slices.Sort(before)
			slices.Sort(after)
			if len(moved) != 1 || len(moved[0].Settings) != 2 || !slices.Equal(before, after) {
				t.Fatalf("%+v\n%s\nbecame\n%s", moved, text, out)
			}
		}
	})
}

// permute visits every order.
func permute(list []string, visit func([]string)) {
	var from func(k int)
	from = func(k int) {
		if k == len(list) {
			visit(slices.Clone(list))
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			from(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	from(0)
}

// It says what it moved, and where.
func TestMigrateTells(t *testing.T) {
	text := "merchants:\n  - accounts:\n      - {id: x, gateway: other, shop: '1'}\n      - gateway: till\n        shop: '1'\n        pace: 2\n        channels: [till_page]\n"
	_, moved := migrated(t, text)
	if len(moved) != 1 || moved[0].Account != "merchants[0].accounts[1]" || moved[0].Line != 4 || moved[0].Gateway != "till" ||
		!slices.Equal(moved[0].Settings, []string{"shop", "pace"}) {
		t.Errorf("%+v", moved)
	}
	for _, none := range []string{exampleText(t), minimal, "log: {level: info}\n", "merchants: 7\n", "merchants: [{accounts: 7}, 7]\n", "merchants: [{accounts: [7, {}]}]\n"} {
		if got, moved := migrated(t, none); got != none || moved != nil {
			t.Errorf("%v in\n%s", moved, got)
		}
	}
}

// What it cannot read, or not move safely, it refuses with the line and what to do.
func TestMigrateRefuses(t *testing.T) {
	account := func(text string) string { return "merchants:\n  - accounts:\n" + text }
	for _, c := range []struct{ name, text, says string }{
		{"no YAML", "merchants: [", "write it as YAML"},
		{"text", "hello", "must be a list of settings"},
		{"nothing", "", "is empty"},
		{"two documents", "a: 1\n---\nb: 2\n", "more than one document"},
		{"an alias", account("      - {id: a, gateway: till, shop: &s x, pace: *s}\n"), "accounts[0].pace (line 3): is an alias"},
		{"a merge key", account("      - {gateway: till, <<: {shop: x}}\n"), "lower case"},
		{"a setting twice", account("      - {gateway: till, shop: x, shop: y}\n"), "set twice"},
		{"a section and settings beside it", account("      - gateway: till\n        shop: x\n        till: {pace: 1}\n"),
			"merchants[0].accounts[0] (line 3): has a section till: and settings of it beside; move them there by hand: shop"},
		{"a name that is an anchor's", account("      - &a { gateway: till, shop: x }\n"), "cannot be moved"},
		{"names behind question marks", account("      - ? gateway\n        : till\n        ? shop\n        : x\n"), "cannot be moved"},
		{"blank lines that are part of a text", account("      - gateway: till\n        payee: |+\n          x\n\n        active: true\n"),
			"merchants[0].accounts[0] (line 3): cannot be moved without changing what the file says; move its settings under till: by hand"},
		{"strange line ends", account("      - gateway: till\n        shop: x\n") + "# \u2028\n", "line ends"},
		{"line ends of long ago", "merchants:\r  - accounts:\r      - gateway: till\r        shop: x\r", "line ends"},
	} {
		out, _, err := Migrate([]byte(c.text), dialects()...)
		var problems Problems
		if out != nil || !errors.As(err, &problems) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v\n%s", c.name, err, out)
		}
	}
	if _, _, err := MigrateFile(filepath.Join(t.TempDir(), "none.yaml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: %v", err)
	}
}

// Whatever a file says: it is refused, or says the same afterwards in the new spelling, and nothing
// falls over.
func FuzzMigrate(f *testing.F) {
	cases, err := os.ReadFile("testdata/migrate.txt")
	if err != nil {
		f.Fatal(err)
	}
	for block := range strings.SplitSeq(string(cases), "\n====") {
		_, body, _ := strings.Cut(block, "\n")
		before, _, _ := strings.Cut(body, "\n---->\n")
		f.Add(before)
	}
	f.Fuzz(func(t *testing.T, text string) {
		out, moved, err := Migrate([]byte(text), dialects()...)
		if err != nil {
			return
		}
		again, none, err := Migrate(out, dialects()...)
		if err != nil || none != nil || string(again) != string(out) || len(moved) == 0 && string(out) != text {
			t.Errorf("%v, %v, %v:\n%s", moved, none, err, out)
		}
	})
}
