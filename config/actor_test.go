package config

import (
	"strings"
	"testing"
)

// W16: an actor has one spelling, whatever the file says.
func TestW16ActorsHaveOneSpelling(t *testing.T) {
	for given, want := range map[string]string{
		"finance desk":                         "finance desk",
		" finance\u00a0 desk\u200b\t":          "finance desk",
		"Ｆｉｎａｎｃｅ　ｄｅｓｋ":                         "Finance desk",
		"e\u0301":                              "é",
		"ｷﾞﾝｺｳ":                                "ギンコウ",
		"王\ufe0f小明\u3000":                      "王小明",
		"\u3164finance\u2800 de\u00adsk\u202e": "finance desk",
	} {
		path := place(t, edit(t, exampleText(t), "actor: finance desk", `actor: "`+escaped(given)+`"`))
		c, err := load(path, nil)
		if err != nil || c.Merchants[0].APIKeys[1].Actor != want {
			t.Errorf("%q: %v, want %q", given, err, want)
		}
	}
	for _, given := range []string{"\u200b", "\u3164", "Ｓｙｓｔｅｍ", " buyer\u200b", "GATE\u00adWAY"} {
		path := place(t, edit(t, exampleText(t), "actor: finance desk", `actor: "`+escaped(given)+`"`))
		if got := loadProblems(t, path, nil); !hasPath(got, "merchants[0].api_keys[1].actor") {
			t.Errorf("%q: %v", given, got)
		}
	}
}

// escaped writes a text as YAML takes it between quotes.
func escaped(text string) string {
	return strings.NewReplacer("\t", `\t`, "\ufeff", `\uFEFF`).Replace(text)
}
