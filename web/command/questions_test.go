package command_test

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paymux/paymux/web/command"
)

// question is one that operators ask: the commands that answer it as a guide shows them, each with
// what it prints, shortened.
type question struct {
	name  string
	asked []shownCommand
}

type shownCommand struct {
	line  string
	shown []string
}

// questionsOf reads the questions off a guide: each is marked by a comment, and its commands are in
// the block that follows.
func questionsOf(t *testing.T, guide string) []question {
	t.Helper()
	var list []question
	page := string(fileBytes(t, "../../docs/"+guide))
	for _, part := range strings.Split(page, "<!-- question: ")[1:] {
		name, rest, _ := strings.Cut(part, " -->")
		_, rest, found := strings.Cut(rest, "```console\n")
		block, _, closed := strings.Cut(rest, "```")
		if !found || !closed {
			t.Fatalf("%s: question %s has no block of commands", guide, name)
		}
		q := question{name: name}
		for line := range strings.Lines(block) {
			line = strings.TrimSuffix(line, "\n")
			if command, is := strings.CutPrefix(line, "$ "); is {
				q.asked = append(q.asked, shownCommand{line: command})
				continue
			}
			if len(q.asked) == 0 {
				t.Fatalf("%s: question %s shows an answer before any command", guide, name)
			}
			last := &q.asked[len(q.asked)-1]
			last.shown = append(last.shown, line)
		}
		list = append(list, q)
	}
	return list
}

// answer is what must come of a question: the exit codes of its commands, and what decides the
// case, which a person must be able to read in what they print.
type answer struct {
	config  string        // the configuration that the situation is about
	clock   *atomic.Int64 // how far the time is ahead there
	codes   []int
	decides []string
}

// The questions of an operator's day, of which each is answered by the commands that the guides
// show, two at most, on a database where just that has happened. What the guides show is printed.
func TestOperatorsQuestions(t *testing.T) {
	t.Parallel()
	english, chinese := questionsOf(t, "operations.md"), questionsOf(t, "operations.zh-CN.md")
	if len(english) != len(chinese) {
		t.Fatalf("%d questions in English, %d in Chinese", len(english), len(chinese))
	}
	site := questionsSite(t)
	var mu sync.Mutex
	answered := map[string]bool{}
	t.Run("on", func(t *testing.T) { // which ends when all have
		for name, prepare := range map[string]func(*operatorsDay) map[string]answer{"SQLite": (*operatorsDay).oneNode, "MariaDB": (*operatorsDay).sharedDatabase} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				day := site.on(t)
				answers := prepare(day)
				for i, q := range english {
					want, here := answers[q.name]
					if !here {
						continue
					}
					t.Run(q.name, func(t *testing.T) { day.ask(t, q, chinese[i], want) })
					mu.Lock()
					answered[q.name] = true
					mu.Unlock()
				}
				if len(answers) == 0 {
					t.Error("nothing is asked here")
				}
			})
		}
	})
	for _, q := range english {
		if !answered[q.name] && !skipped("mysql") {
			t.Errorf("nothing answers question %s", q.name)
		}
	}
	if len(english) != 12 {
		t.Errorf("%d questions", len(english))
	}
}

// ask runs a question's commands and holds what they print against both guides.
func (day *operatorsDay) ask(t *testing.T, english, chinese question, want answer) {
	same := func(a, b shownCommand) bool { return a.line == b.line }
	if chinese.name != english.name || !slices.EqualFunc(chinese.asked, english.asked, same) {
		t.Fatalf("it has other commands in Chinese: %+v", chinese)
	}
	if len(english.asked) == 0 || len(english.asked) > 2 || len(want.codes) != len(english.asked) {
		t.Fatalf("it takes %d commands", len(english.asked))
	}
	all := ""
	for i, one := range english.asked {
		var out bytes.Buffer
		world := streams(&out, &out)
		world.Now = func() time.Time { return time.Now().Add(time.Duration(want.clock.Load())) }
		args := strings.Fields(day.numbers.Replace(one.line))
		for at, arg := range args {
			switch arg {
			case "paymux.yaml":
				args[at] = day.path(want.config)
			case "witness.json":
				args[at] = day.path(arg)
			}
		}
		if code := command.Run(t.Context(), args[1:], world); code != want.codes[i] {
			t.Errorf("%s: exit %d, want %d\n%s", one.line, code, want.codes[i], out.String())
		}
		for _, line := range append(slices.Clone(one.shown), chinese.asked[i].shown...) {
			if !prints(out.String(), day.numbers.Replace(line)) {
				t.Errorf("%s does not print %q, but\n%s", one.line, line, out.String())
			}
		}
		all += out.String()
	}
	for _, fact := range want.decides {
		if fact = day.numbers.Replace(fact); !strings.Contains(all, fact) {
			t.Errorf("the answer does not say %q:\n%s", fact, all)
		}
	}
	if strings.Contains(all, day.key) {
		t.Error("the answer shows a key")
	}
}

// prints tells whether a line that a guide shows is printed: … stands for what is left out, and a
// run of blanks for any other, as tables are as wide as their cells.
func prints(printed, shown string) bool {
	pattern := regexp.QuoteMeta(strings.Join(strings.Fields(shown), " "))
	pattern = `(?m)^\s*` + strings.ReplaceAll(pattern, "…", `.*`) + `\s*$`
	lines := regexp.MustCompile(`[ \t]+`).ReplaceAllString(printed, " ")
	return regexp.MustCompile(pattern).MatchString(lines)
}
