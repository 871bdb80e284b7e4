package alipay

import (
	"encoding/base64"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"
)

// capturedForm is a captured notification taken apart, with what stood around it.
type capturedForm struct {
	fields []field
	around []string // what was taken off
	dump   string   // what it is instead of a form; empty for a form
}

// CapturedField reads one field of a captured notification, however it was written down. It serves
// to find the account; nothing is verified.
func CapturedField(text, name string) string {
	read := readCapture(text)
	sortFields(read.fields)
	value, _ := find(read.fields, name)
	return value
}

// maxWraps bounds how many wrappings are taken off one capture.
const maxWraps = 6

// readCapture takes off what stands around a form, one thing at a time, until a form is left, or a
// dump, or nothing that is either.
func readCapture(text string) capturedForm {
	var read capturedForm
	for range maxWraps {
		text = strings.Trim(text, " \t\r\n") // other blanks are named: no gateway sends them
		if fields := splitForm(text); isMessage(fields) && !slices.ContainsFunc(fields, oddlyNamed) {
			read.fields = fields
			return read
		}
		before := text
		for _, w := range wrappings() {
			if inner, is := w.take(text); is && inner != text {
				text, read.around = inner, append(read.around, w.name)
				break
			}
		}
		if text == before {
			break
		}
	}
	if read.fields = splitForm(text); !isMessage(read.fields) {
		read.fields, read.dump = readDump(text)
	}
	return read
}

// oddlyNamed tells of a name that holds what stands around a form: a quote, an address.
func oddlyNamed(f field) bool {
	return strings.ContainsFunc(f.name, func(r rune) bool {
		return !strings.ContainsRune("_-.[]", r) && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	})
}

// isMessage tells a form of Alipay's from any other text: it has a signature, or most of what every
// message has.
func isMessage(fields []field) bool {
	seen := 0
	for _, f := range fields {
		if slices.Contains(messageMarks(), f.name) {
			seen++
		}
	}
	return seen >= 3
}

func messageMarks() []string {
	return []string{"sign", "sign_type", "app_id", "notify_id", "notify_type", "notify_time", "charset", "trade_no", "out_trade_no", "msg_method", "version"}
}

// splitForm reads a form and keeps what stands twice; nil when it is none.
func splitForm(text string) []field {
	var fields []field
	for pair := range strings.SplitSeq(text, "&") {
		name, value, found := strings.Cut(pair, "=")
		plainName, nameOK := appendUnescaped(nil, name)
		plainValue, valueOK := appendUnescaped(nil, value)
		if !found || !nameOK || !valueOK || len(fields) == maxFormFields {
			return nil
		}
		fields = append(fields, field{string(plainName), string(plainValue)})
	}
	return fields
}

// wrapping is one thing that programs and people put around a form.
type wrapping struct {
	name string
	take func(string) (string, bool)
}

func wrappings() []wrapping {
	return []wrapping{
		{"a byte order mark", func(text string) (string, bool) { return strings.CutPrefix(text, "\ufeff") }},
		{"invisible characters", func(text string) (string, bool) {
			return strings.NewReplacer("\u200b", "", "\u200e", "", "\u2060", "", "\u00a0", "", "\u3000", "", "\u0085", "",
				"\u2028", "", "\u2029", "", "\x00", "").Replace(text), true
		}},
		{"quotes", outOfQuotes},
		{"escapes of JSON", func(text string) (string, bool) {
			return strings.NewReplacer(`\u0026`, "&", `\u003d`, "=", `\u003D`, "=", `\/`, "/").Replace(text), !strings.HasPrefix(text, "{")
		}},
		{"escapes of HTML", func(text string) (string, bool) { return html.UnescapeString(text), strings.Contains(text, "&amp;") }},
		{"one URL encoding too many", func(text string) (string, bool) {
			inner, err := url.QueryUnescape(text)
			return inner, err == nil && !strings.Contains(text, "&") && strings.Contains(text, "%26")
		}},
		{"base64", func(text string) (string, bool) {
			inner, err := base64.StdEncoding.DecodeString(text)
			return string(inner), err == nil && strings.Contains(string(inner), "=")
		}},
		{"line breaks", func(text string) (string, bool) {
			joined := regexp.MustCompile(`[ \t]*\r?\n[ \t]*`).ReplaceAllString(text, "")
			return joined, isMessage(splitForm(joined))
		}},
		{"the end of a text that was cut off", func(text string) (string, bool) {
			left := regexp.MustCompile(`(?:&\w*|%[0-9A-Fa-f]?)?(?:\.\.+|…)?$`).ReplaceAllString(text, "")
			return left, isMessage(splitForm(left))
		}},
		{"an address, a command or another text", aroundForm},
	}
}

func outOfQuotes(text string) (string, bool) {
	if len(text) < 2 || text[0] != text[len(text)-1] || !strings.ContainsRune("\"'`", rune(text[0])) {
		return text, false
	}
	var inner string
	if text[0] == '"' && json.Unmarshal([]byte(text), &inner) == nil {
		return inner, true
	}
	return text[1 : len(text)-1], true
}

// aroundForm cuts a form out of a line in which it stands: behind the "?" of an address, between
// the quotes of a command, behind a name in a log.
func aroundForm(text string) (string, bool) {
	begin := regexp.MustCompile(`(?:^|[^\w%&.])((?:[a-z_]+=[^&\s"'<>]*&){3}[^\s"'<>]*)`)
	at := begin.FindStringSubmatch(text)
	if at == nil || !isMessage(splitForm(strings.TrimRight(at[1], `,;)}]\`))) {
		return text, false
	}
	inner := strings.TrimRight(at[1], `,;)}]\`)
	if _, rest, _ := strings.Cut(inner, "="); slices.Contains(messageFields(), rest[:max(0, strings.Index(rest, "="))]) {
		inner = rest // what a log calls it: "body=notify_time=…"
	}
	return inner, true
}
