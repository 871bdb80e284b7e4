package core

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// GatewayWords is what a gateway said when it refused. Merchants see it, as a help for whoever
// looks the matter up with the gateway; it reaches no buyer, no log, and no decision hangs on its
// text.
type GatewayWords struct {
	Code    string `json:"code"`
	SubCode string `json:"sub_code,omitempty"`
	Message string `json:"message,omitempty"`
}

// The most that is kept of it, in characters.
const (
	maxGatewayCode = 64
	maxGatewayText = 256
)

// Empty tells whether the gateway refused nothing.
func (w GatewayWords) Empty() bool { return w == GatewayWords{} }

// view is what merchants see of it: nil for nothing.
func (w GatewayWords) view() *GatewayWords {
	if w.Empty() {
		return nil
	}
	return &w
}

// Clean bounds the words and takes out what does not show: they may come from an answer that nobody
// has signed.
func (w GatewayWords) Clean() GatewayWords {
	return GatewayWords{Code: cleanCode(w.Code), SubCode: cleanCode(w.SubCode), Message: cleanText(w.Message)}
}

// cleanCode keeps a code that is written like one; another is dropped whole.
func cleanCode(code string) string {
	odd := strings.ContainsFunc(code, func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	})
	if odd || len(code) > maxGatewayCode {
		return ""
	}
	return code
}

// cleanText turns controls, line and paragraph separators and invisible formats into spaces, and
// cuts on a character.
func cleanText(text string) string {
	text = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Zl, unicode.Zp, unicode.Cf, unicode.Co) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "")))
	if utf8.RuneCountInString(text) > maxGatewayText {
		text = string([]rune(text)[:maxGatewayText])
	}
	return text
}
