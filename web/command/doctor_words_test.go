package command

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

const (
	doctorPage  = "../../docs/doctor.md"
	beginCodes  = "<!-- generated from web/command/doctor_words.go -->"
	endCodes    = "<!-- end -->"
	adapterPath = "../../adapters/alipay/"
)

// Every code has words in both languages, once, and stands in the guide. PAYMUX_TEST_UPDATE=1
// writes the guide's tables.
func TestDoctorsWordsAreInTheGuide(t *testing.T) {
	seen := map[string]bool{}
	var tables strings.Builder
	for _, chapter := range doctorChapters() {
		fmt.Fprintf(&tables, "\n### %s\n\n| code | 含义 · meaning | 处理 · what to do |\n|---|---|---|\n", chapter.title)
		for _, w := range chapter.words {
			if seen[w.code] {
				t.Errorf("%s stands twice", w.code)
			}
			seen[w.code] = true
			if !chinese(w.chinese) || chinese(w.english) || w.english == "" || !chinese(w.remedy) || !strings.ContainsFunc(w.remedy, latin) {
				t.Errorf("%s lacks a language: %+v", w.code, w)
			}
			fmt.Fprintf(&tables, "| `%s` | %s · %s | %s |\n", w.code, w.chinese, w.english, strings.Replace(w.remedy, "。", "。 ", 1))
		}
	}
	page, err := os.ReadFile(doctorPage)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), beginCodes)
	_, tail, ok2 := strings.Cut(rest, endCodes)
	if !ok || !ok2 {
		t.Fatalf("%s has lost its marks", doctorPage)
	}
	want := head + beginCodes + "\n" + tables.String() + "\n" + endCodes + tail
	if os.Getenv("PAYMUX_TEST_UPDATE") != "" {
		if err := os.WriteFile(doctorPage, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	} else if want != string(page) {
		t.Errorf("%s is not what the code says: run PAYMUX_TEST_UPDATE=1 go test -run TestDoctorsWords ./web/command", doctorPage)
	}
}

func chinese(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func latin(r rune) bool { return unicode.Is(unicode.Latin, r) }

// What the adapter can find or refuse has words here.
func TestTheAdaptersCodesHaveWords(t *testing.T) {
	for _, c := range []struct{ file, pattern string }{
		{"diagnose.go", `\n\tCause\w+ +(?:Cause )?= "(\w+)"`},
		{"keys.go", `\n\tErr\w+ +Refusal = "(\w+)"`},
		{"cert.go", `\n\tErr\w+ +Refusal = "(\w+)"`},
	} {
		text, err := os.ReadFile(adapterPath + c.file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(c.pattern).FindAllStringSubmatch(string(text), -1)
		if len(found) < 4 {
			t.Errorf("%s: %d codes", c.file, len(found))
		}
		for _, m := range found {
			if m[1] != "none" && wordsOf(m[1]).remedy == "" {
				t.Errorf("%s: no words for %s", c.file, m[1])
			}
		}
	}
}
