package web_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

func han(s string) bool { return regexp.MustCompile(`\p{Han}`).MatchString(s) }

// W32: which language an answer speaks. Chinese is the default, and weights count before the order.
func TestAcceptLanguage(t *testing.T) {
	w := newWorld(t)
	for header, language := range map[string]string{
		"": "zh-CN", "zh-CN": "zh-CN", "zh": "zh-CN", "en": "en", "en-US": "en", "EN-gb": "en", "zh-Hant-TW": "zh-CN", "*": "zh-CN", "fr": "zh-CN",
		"en-US,en;q=0.9,zh-CN;q=0.8": "en", "zh-CN,zh;q=0.9,en;q=0.8": "zh-CN", "en, zh": "en", "zh, en": "zh-CN", "en;q=0.5, zh;q=0.7": "zh-CN",
		"fr, en;q=0.3": "en", "fr;q=1, *;q=0.1": "zh-CN", "en;q=0.1, *;q=0.5": "zh-CN", "en;q=0.5, *;q=0.1": "en", "zh;q=0, *": "en", "zh;q=0": "en", "en;q=0": "zh-CN",
		"zh;q=0, en;q=0": "zh-CN", "en;q=0, *": "zh-CN", "en;q=2": "zh-CN", "en;q=x": "zh-CN", "en;q=-1": "zh-CN", "en ; q=0.2": "en", "en;q=1.000": "en", "en;q=0.001": "en",
		"english": "zh-CN", "en_US": "zh-CN", ";;,": "zh-CN", strings.Repeat("fr,", 30) + "en": "zh-CN", strings.Repeat("fr,", 19) + "en": "en", strings.Repeat("fr,", 20) + "en": "zh-CN", "zh;q=0.5, *": "en", "zh;q=0.5, *;q=0.4": "zh-CN", "zh;q=0.000, en;q=0.001": "en", "en;level=1": "zh-CN",
	} {
		answer := w.as("m_a/viewer", "GET", "/v1/payments/pay_none", "", "Accept-Language", header)
		p := problem(t, answer)
		if got := answer.Header().Get("Content-Language"); got != language || han(p.Title+p.Detail) != (language == "zh-CN") {
			t.Errorf("%q: %s, %s: %s", header, got, p.Title, p.Detail)
		}
		if vary := strings.Join(answer.Header().Values("Vary"), ","); !strings.Contains(vary, "Accept-Language") {
			t.Errorf("%q: Vary %q", header, vary)
		}
	}
}

// RFC 9110: a list in several headers is one list.
func TestAcceptLanguageInTwoHeaders(t *testing.T) {
	w := newWorld(t)
	r := newRequest("GET", "/v1/payments/pay_none", "", "Authorization", "Bearer "+w.bearer["m_a/viewer"])
	r.Header["Accept-Language"] = []string{"fr, zh;q=0.1", "en;q=0.2"}
	if got := w.send(r).Header().Get("Content-Language"); got != "en" {
		t.Errorf("%s", got)
	}
}

// W32: an answer speaks one language, in all that it says to people; its codes are the same.
func TestAnswersSpeakOneLanguage(t *testing.T) {
	w := newWorld(t)
	virtual := `{"goods":[{"id":"v","name":"pass","category":"virtual","quantity":1,"price_fen":5}]}`
	for name, ask := range map[string]func(language string) (text string){
		"refusals": func(l string) string {
			p := problem(t, w.as("m_a/viewer", "POST", "/v1/platforms/douyin/check", virtual, "Accept-Language", l))
			text := p.Title + p.Detail + p.Remedy
			for _, r := range p.Refusals {
				text += r.Message.In(core.Chinese) + r.Remedy.In(core.Chinese)
			}
			if p.Code != "goods_category_forbidden" || len(p.Refusals) != 2 || p.Detail != p.Refusals[0].Message.ZH {
				t.Errorf("%+v", p)
			}
			return text
		},
		"warnings": func(l string) string {
			d := decode[core.Decision](t, w.as("m_a/viewer", "POST", "/v1/platforms/wechat/check", virtual, "Accept-Language", l))
			return d.Warnings[0].Message.ZH
		},
		"offers": func(l string) string {
			answer := w.as("m_a/viewer", "GET", "/v1/platforms", "", "Accept-Language", l)
			if answer.Header().Get("Content-Language") == "" || answer.Header().Get("Vary") == "" {
				t.Errorf("headers %v", answer.Header())
			}
			return decode[struct{ Data []core.Offer }](t, answer).Data[0].Name.ZH
		},
		"mistakes": func(l string) string {
			p := problem(t, w.as("m_a/cashier", "POST", "/v1/payments", `{"subject":7,"quantity":1}`, "Accept-Language", l))
			text := p.Detail
			for _, e := range p.Errors {
				text += e.Message
				if han(e.Message) != (l == "zh") {
					t.Errorf("%s: %s", e.Field, e.Message)
				}
			}
			return text
		},
	} {
		if chinese, english := ask("zh"), ask("en"); !han(chinese) || han(english) || english == "" {
			t.Errorf("%s: %s / %s", name, chinese, english)
		}
	}
}

// I04, W32: what is stored is repeated byte for byte, in whatever language it is asked for again: a
// warning in it stays Chinese.
func TestStoredAnswersKeepTheirLanguage(t *testing.T) {
	w := newWorld(t)
	order := `{"merchant_order_no":"o1","platform":"wechat","amount_fen":5,"subject":"pass","goods":[{"id":"v","name":"pass","category":"virtual","quantity":1,"price_fen":5}]}`
	first := w.as("m_a/cashier", "POST", "/v1/payments", order, "Accept-Language", "en", "Idempotency-Key", "k1")
	again := w.as("m_a/cashier", "POST", "/v1/payments", order, "Accept-Language", "zh", "Idempotency-Key", "k1")
	if first.Code != 201 || first.Body.String() != again.Body.String() || !strings.Contains(first.Body.String(), "注意") {
		t.Errorf("%s\n%s", first.Body, again.Body)
	}
}

// W32: the log speaks English, whatever the caller does.
func TestLogsAreEnglish(t *testing.T) {
	w := newWorld(t)
	w.cashier.Store = nil // a fault of ours
	answer := w.as("m_a/viewer", "GET", "/v1/payments/pay_1", "", "Accept-Language", "zh")
	if answer.Code != 500 || !han(problem(t, answer).Title) || han(w.log.String()) || w.log.Len() == 0 {
		t.Errorf("%d %s\n%s", answer.Code, answer.Body, w.log)
	}
}

// W32: every code has its title in both languages.
func TestEveryTitleIsInBothLanguages(t *testing.T) {
	for code, title := range web.Titles() {
		if !han(title.ZH) || title.EN == "" || han(title.EN) {
			t.Errorf("%s: %+v", code, title)
		}
	}
}

// W32: every message that core or web gives a request has its Chinese sentence.
func TestEveryMessageIsInBothLanguages(t *testing.T) {
	known := map[string]bool{}
	for _, w := range web.Sentences() {
		if known[w.EN] || !han(w.ZH) || han(w.EN) {
			t.Errorf("%+v", w)
		}
		known[w.EN] = true
		// What is said in Chinese is found again from what is said in English, values and all.
		values := []any{}
		for i := range strings.Count(w.EN, "%s") {
			values = append(values, "v"+strconv.Itoa(i))
		}
		if got := web.Say(fmt.Sprintf(w.EN, values...)); got != fmt.Sprintf(w.ZH, values...) {
			t.Errorf("%q is read as %q", w.EN, got)
		}
	}
	verb := regexp.MustCompile(`%[a-z]`)
	messages := map[string]string{}
	for _, dir := range []string{".", "../core"} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			for _, said := range messagesOf(tree) {
				messages[verb.ReplaceAllString(said, "%s")] = file
			}
		}
	}
	for said, file := range messages {
		if strings.Trim(said, "%s") != "" && !known[said] {
			t.Errorf("%s says %q: web/sentences.go has no Chinese for it", file, said)
		}
	}
	if len(messages) < 90 {
		t.Errorf("%d messages were found: are they still made as they were?", len(messages))
	}
}

// messagesOf lists the messages that a file gives to errors: the texts of Errorf, invalid,
// invalidField, unauthenticated and of composite Messages, and what explain and wanted return.
func messagesOf(tree *ast.File) (found []string) {
	at := map[string]int{"Errorf": 1, "invalid": 1, "invalidField": 1, "unauthenticated": 0}
	own := []string{"CodeInternal", "Sprintf"} // the first is told to nobody
	var inside string
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			inside = n.Name.Name
		case *ast.CallExpr:
			name := ""
			switch f := n.Fun.(type) {
			case *ast.Ident:
				name = f.Name
			case *ast.SelectorExpr:
				if x, ok := f.X.(*ast.Ident); ok && x.Name == "core" {
					name = f.Sel.Name
				}
			}
			if i, ok := at[name]; ok && len(n.Args) > i && !slices.Contains(own, nameOf(n.Args[0])) {
				found = append(found, textOf(n.Args[i]))
			}
		case *ast.CompositeLit:
			var text string
			for _, e := range n.Elts {
				if kv, ok := e.(*ast.KeyValueExpr); ok && nameOf(kv.Key) == "Message" {
					text = textOf(kv.Value)
				} else if ok && nameOf(kv.Value) == "CodeInternal" {
					return true
				}
			}
			if nameOf(n.Type) == "Error" || nameOf(n.Type) == "Mistake" {
				found = append(found, text)
			}
		case *ast.ReturnStmt:
			if inside == "explain" || inside == "wanted" {
				found = append(found, textOf(n.Results[0]))
			}
		}
		return true
	})
	return found
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// textOf is a text with %s for what is not written in it.
func textOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		if err == nil {
			return text
		}
	case *ast.BinaryExpr:
		return textOf(e.X) + textOf(e.Y)
	}
	return "%s"
}
