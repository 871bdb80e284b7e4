package core

import "strings"

// Language is one that paymux speaks to people. Codes are for programs and have none.
type Language string

// The languages. Chinese is the default.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Words is a sentence for people in both languages. Which one is shown is chosen where it is
// shown: by Accept-Language over HTTP. As JSON it is one text: the Chinese one, unless Only has
// chosen before.
type Words struct {
	ZH string
	EN string
}

// In returns the sentence in a language; any but English is Chinese.
func (w Words) In(l Language) string {
	if l == English {
		return w.EN
	}
	return w.ZH
}

// Empty tells whether there is nothing to say.
func (w Words) Empty() bool { return w == Words{} }

// Only returns words that say in every language what w says in one.
func (w Words) Only(l Language) Words { return Words{ZH: w.In(l), EN: w.In(l)} }

// Naming puts a gateway's name into the places of a sentence, which stand in braces round the words
// that serve where no gateway is known: "too many calls: {the gateway} did nothing".
func (w Words) Naming(gateway Words) Words {
	return Words{ZH: fill(w.ZH, gateway.ZH), EN: fill(w.EN, gateway.EN)}
}

func fill(sentence, name string) string {
	var filled strings.Builder
	for {
		before, place, found := strings.Cut(sentence, "{")
		filled.WriteString(before)
		if !found {
			return filled.String()
		}
		general, after, _ := strings.Cut(place, "}")
		filled.WriteString(pick(name == "", general, name))
		sentence = after
	}
}

// MarshalText writes the Chinese sentence.
func (w Words) MarshalText() ([]byte, error) { return []byte(w.ZH), nil }

// UnmarshalText reads a sentence whose language the reader knows.
func (w *Words) UnmarshalText(text []byte) error {
	*w = Words{ZH: string(text), EN: string(text)}
	return nil
}
