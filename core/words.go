package core

// Language is one that paymux speaks to people. Codes are for programs and have none.
type Language string

// The languages. Chinese is the default.
const (
	Chinese Language = "zh"
	English Language = "en"
)

// Words is a sentence for people in both languages. Which one is shown is chosen where it is
// shown: by Accept-Language over HTTP.
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
