package alipay

import (
	"encoding/base64"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// printed is a good message as a program prints it.
func printed(f form, before, between, after string, pair func(name, value string) string) string {
	var names, pairs []string
	for name := range f {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		pairs = append(pairs, pair(name, f[name]))
	}
	return before + strings.Join(pairs, between) + after
}

// quotedBy writes values between quotes, escaped as languages do.
func quotedBy(quote, arrow string) func(name, value string) string {
	return func(name, value string) string {
		value = strings.ReplaceAll(strings.ReplaceAll(value, `\`, `\\`), quote, `\`+quote)
		return quote + name + quote + arrow + quote + value + quote
	}
}

// F17: a capture may be a dump, or have something around it. It is named, its content is verified
// all the same, and the wire refuses every one of them.
func TestF17_capturesThatAreNoForm(t *testing.T) {
	good := paidForm().with("subject", `"测试" 50%25, a=b: {c} [d]`).with("body", "").signed(t, gatewayKey(t), notifyRule())
	body := good.encode()
	quoted := jsonText
	list := func(name, value string) string { return quoted(name) + ":[" + quoted(value) + "]" }
	for _, c := range []struct {
		name  string
		cause Cause
		text  string
	}{
		{"F17 JSON", CauseDump, printed(good, "{", ",", "}", func(n, v string) string { return quoted(n) + ":" + quoted(v) })},
		{"F17 JSON in lines", CauseDump, printed(good, "{\n", ",\n", "\n}", func(n, v string) string { return "  " + quoted(n) + ": " + quoted(v) })},
		{"F17 JSON of lists", CauseDump, printed(good, "{", ",", "}", list)},
		{"F17 JSON in JSON", CauseDump, `{"headers":{"a":"b"},"form":` + printed(good, "{", ",", "}", list) + `}`},
		{"F17 a JSON text of JSON", CauseDump, quoted(printed(good, "{", ",", "}", list))},
		{"F17 the form in JSON", CauseDump, `{"httpMethod":"POST","body":` + quoted(body) + `,"isBase64Encoded":false}`},
		{"F17 Go, url.Values", CauseDump, printed(good, "map[", " ", "]", func(n, v string) string { return n + ":[" + v + "]" })},
		{"F17 Go, map of texts", CauseDump, printed(good, "map[", " ", "]", func(n, v string) string { return n + ":" + v })},
		{"F17 Java, map", CauseDump, printed(good, "{", ", ", "}", func(n, v string) string { return n + "=" + v })},
		{"F17 Java, map of lists", CauseDump, printed(good, "{", ", ", "}", func(n, v string) string { return n + "=[" + v + "]" })},
		{"F17 PHP, print_r", CauseDump, printed(good, "Array\n(\n", "\n", "\n)\n", func(n, v string) string { return "    [" + n + "] => " + v })},
		{"F17 PHP, var_dump", CauseDump, printed(good, "array(9) {\n", "\n", "\n}\n", func(n, v string) string {
			return fmt.Sprintf("  [%q]=>\n  string(%d) \"%s\"", n, len(v), v)
		})},
		{"F17 PHP, var_export", CauseDump, printed(good, "array (\n  ", ",\n  ", ",\n)", quotedBy("'", " => "))},
		{"F17 Python, dict", CauseDump, printed(good, "{", ", ", "}", quotedBy("'", ": "))},
		{"F17 Python, QueryDict", CauseDump, printed(good, "<QueryDict: {", ", ", "}>", func(n, v string) string { return "'" + n + "': ['" + v + "']" })},
		{"F17 Python, MultiDict", CauseDump, printed(good, "ImmutableMultiDict([", ", ", "])", func(n, v string) string { return "('" + n + "', '" + v + "')" })},
		{"F17 Ruby", CauseDump, printed(good, "{", ", ", "}", quotedBy(`"`, "=>"))},
		{"F17 Node", CauseDump, printed(good, "[Object: null prototype] {\n  ", ",\n  ", "\n}", func(n, v string) string { return n + ": '" + v + "'" })},
		{"F17 lines", CauseDump, printed(good, "", "\n", "\n", func(n, v string) string { return n + "=" + v })},
		{"F17 lines with colons", CauseDump, printed(good, "", "\r\n", "\r\n", func(n, v string) string { return n + ": " + v })},
		{"F17 decoded already", CauseDump, printed(good, "", "&", "", func(n, v string) string { return n + "=" + v })},
		{"F17 byte order mark", CauseWrapped, "\ufeff" + body},
		{"F17 quotes", CauseWrapped, `"` + body + `"`},
		{"F17 single quotes", CauseWrapped, "'" + body + "'"},
		{"F17 a mark in quotes", CauseWrapped, "\"\ufeff" + body + "\"\n"},
		{"F17 a JSON text", CauseWrapped, `"` + strings.ReplaceAll(body, "&", `\u0026`) + `"`},
		{"F17 an address", CauseWrapped, "https://pay.example/notify/alipay/main?" + body},
		{"F17 a path", CauseWrapped, "POST /notify?" + body + " HTTP/1.1"},
		{"F17 a question mark", CauseWrapped, "?" + body},
		{"F17 a command", CauseWrapped, "curl -X POST --data-raw '" + body + "' https://pay.example/notify"},
		{"F17 a line of a log", CauseWrapped, "2026-11-27 12:00:00 INFO notify body: " + body},
		{"F17 HTML", CauseWrapped, html.EscapeString(body)},
		{"F17 encoded once more", CauseWrapped, url.QueryEscape(body)},
		{"F17 base64", CauseWrapped, base64.StdEncoding.EncodeToString([]byte(body))},
		{"F17 broken into lines", CauseWrapped, body[:100] + "\r\n" + body[100:300] + "\r\n" + body[300:]},
		{"F17 zero-width characters", CauseWrapped, "\u200b" + body + "\u200b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			findings := Diagnose(Capture{Notification: c.text}, diagnoseMaterial(t))
			wantCause(t, findings, c.cause, true)
			if len(findings) > 2 || !strings.Contains(findings[0].Detail, "verifies") {
				t.Errorf("%+v", findings)
			}
			if got := CapturedField(c.text, "app_id"); got != testAppID {
				t.Errorf("app %q", got)
			}
			if _, err := receive(newTestApp(t, nil), c.text); err == nil {
				t.Error("the wire took it")
			}
			// The mirror: altered, the same is named and not said to verify.
			altered := strings.ReplaceAll(c.text, "TRADE_SUCCESS", "TRADE_CLOSED")
			if altered == c.text {
				return // base64: nothing to alter by hand
			}
			findings = Diagnose(Capture{Notification: altered}, diagnoseMaterial(t))
			wantCause(t, findings, c.cause, true)
			wantCause(t, findings, CauseUnknown, false)
		})
	}
	for _, text := range []string{"", "hello", "{}", "<html>", "a=b&c=d", "[]", "%", "sign=x"} {
		if findings := Diagnose(Capture{Notification: text + " "}, diagnoseMaterial(t)); len(findings) == 0 || findings[0].Cause == CauseNone || findings[0].Proven && findings[0].Cause == CauseDump {
			t.Errorf("%q: %+v", text, findings)
		}
	}
}

// F18: what frameworks do to a form, alone and two at a time.
func TestF18_frameworks(t *testing.T) {
	escape := replace(`"`, `\"`, `'`, `\'`, `\`, `\\`)
	slashes := func(f form) form { return every(f, escape) }
	for _, c := range []struct {
		name    string
		causes  []Cause
		mistake func(form) form
		query   string
	}{
		{"F18 the account of the route", []Cause{CauseForeignField}, func(f form) form { return f.with("account", "main") }, ""},
		{"F18 ThinkPHP's route", []Cause{CauseForeignField}, func(f form) form { return f.with("s", "/notify/alipay") }, ""},
		{"F18 three of them", []Cause{CauseForeignField}, func(f form) form { return f.with("gateway", "alipay").with("account", "main").with("_method", "POST") }, ""},
		{"F18 one of them with a name that messages have", []Cause{CauseForeignField}, func(f form) form { return f.with("name", "x") }, ""},
		{"F18 one beside a field that nobody knows", []Cause{CauseForeignField}, func(f form) form {
			return f.without("sign").with("brand_new", "1").signed(t, gatewayKey(t), notifyRule()).with("account", "main")
		}, ""},
		{"F18 of the address", []Cause{CauseQueryParams}, func(f form) form { return f.with("from", "a") }, "from=a"},
		{"F18 magic quotes", []Cause{CauseQuotesEscaped}, slashes, ""},
		{"F18 quotes escaped, and a route", []Cause{CauseQuotesEscaped, CauseForeignField}, func(f form) form { return slashes(f).with("s", "/n") }, ""},
		{"F18 HTML, and a route", []Cause{CauseHTMLEscaped, CauseForeignField}, func(f form) form { return every(f, html.EscapeString).with("s", "/n") }, ""},
		{"F18 empty is null", []Cause{CauseEmptyChanged}, func(f form) form { return f.with("body", "null") }, ""},
		{"F18 empty is lost", []Cause{CauseEmptyChanged}, func(f form) form { return f.without("body") }, ""},
		{"F18 line ends", []Cause{CauseLineEnds}, func(f form) form {
			return f.with("body", "a\r\nb").signed(t, gatewayKey(t), notifyRule()).with("body", "a\nb")
		}, ""},
		{"F18 a plus in the subject", []Cause{CausePlusToSpace}, func(f form) form {
			return f.with("subject", "a+b c").with("body", "d+e").signed(t, gatewayKey(t), notifyRule()).with("body", "d e")
		}, ""},
		{"F18 a percent in the subject", []Cause{CauseDecodedTwice}, func(f form) form { return f.with("subject", `"测试" 50% `) }, ""},
		{"F18 an encoded parameter, %20", []Cause{CauseDecodedTwice}, func(f form) form {
			return f.with("passback_params", "a%20b%3D1").signed(t, gatewayKey(t), notifyRule()).with("passback_params", "a b=1")
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := spoiled(t, notifyRule(), c.mistake)
			findings := Diagnose(Capture{Notification: body, Query: c.query}, diagnoseMaterial(t))
			if len(findings) != len(c.causes) {
				t.Errorf("%+v", findings)
			}
			for _, cause := range c.causes {
				wantCause(t, findings, cause, true)
			}
			if c.causes[0] == CauseForeignField && !strings.Contains(findings[0].Detail, `"`) {
				t.Errorf("%+v names no field", findings)
			}
			if _, err := receive(newTestApp(t, nil), body); err == nil {
				t.Error("the wire took it")
			}
			// The mirror: what is altered besides is not explained.
			altered := spoiled(t, notifyRule(), func(f form) form { return c.mistake(f).with("total_amount", "0.01") })
			wantCause(t, Diagnose(Capture{Notification: altered, Query: c.query}, diagnoseMaterial(t)), CauseUnknown, false)
		})
	}
	// Twice the same name: the wire refuses it, and the one that was signed is found.
	good := spoiled(t, notifyRule(), func(f form) form { return f })
	wantCause(t, Diagnose(Capture{Notification: "version=9&" + good}, diagnoseMaterial(t)), CauseForeignField, true)
}

// A page's return is no notification, whatever signs it.
func TestF17_pageReturn(t *testing.T) {
	back := paidForm().with("method", "alipay.trade.wap.pay.return").without("notify_type").signed(t, gatewayKey(t), notifyRule())
	wantCause(t, Diagnose(Capture{Notification: "https://shop/?" + back.encode()}, diagnoseMaterial(t)), CausePageReturn, true)
}

// F18: a capture that was cut off is not called decoded, nor its signature another key's; a blank
// that no form has is named.
func TestF18_cutOff(t *testing.T) {
	good := paidForm().signed(t, gatewayKey(t), notifyRule()).encode()
	last := strings.LastIndex(good, "%")
	for name, c := range map[string]struct {
		text   string
		cause  Cause
		detail string
	}{
		"within an escape":          {good[:last+2], CauseWrapped, "cut off"},
		"at a percent sign":         {good[:last+1], CauseWrapped, "cut off"},
		"within an escape, by dots": {good[:last+2] + "...", CauseWrapped, "cut off"},
		"by one sign for dots":      {good[:last] + "…", CauseWrapped, "cut off"},
		"within a name":             {good[:strings.LastIndex(good, "=")-2] + "...", CauseWrapped, "cut off"},
		"behind a name in a log":    {"10:00 INFO notify body=" + good, CauseWrapped, "another text; what is in it verifies"},
		"a no-break space":          {good + "\u00a0", CauseWrapped, "invisible"},
		"an ideographic space":      {"\u3000" + good, CauseWrapped, "invisible"},
	} {
		findings := Diagnose(Capture{Notification: c.text}, diagnoseMaterial(t))
		wantCause(t, findings, c.cause, true)
		for _, f := range findings {
			if f.Cause == CauseDump || f.Cause == CauseWrongKeyLength || f.Cause == c.cause && !strings.Contains(f.Detail, c.detail) {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}
