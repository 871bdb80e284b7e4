package command

import (
	"errors"
	"fmt"
	"io"

	"github.com/paymux/paymux/config"
)

// finding is one thing wrong. Its code is stable; words for it are in doctor_words.go and
// docs/doctor.md.
type finding struct {
	code   string
	proven bool   // undoing the mistake makes the signature verify, or it was seen directly
	detail string // what was seen: no keys, no signatures
	remedy string // Chinese first; "" takes the words of the code
}

// doctorReport prints as it goes, Chinese first, and counts.
type doctorReport struct {
	out   io.Writer
	found int
}

func (r *doctorReport) open(p patient) {
	say(r.out, "账户 %s（应用 %s，%s）· account %s (app %s, %s)", p.account.ID, p.at().AppID,
		map[string]string{config.Sandbox: "沙箱", config.Production: "生产"}[p.account.Environment], p.account.ID, p.at().AppID, p.account.Environment)
}

// fine tells of something that was looked at and is well.
func (r *doctorReport) fine(chinese, english string) { say(r.out, "  ✓ %s · %s", chinese, english) }

// note tells of something worth knowing that is no fault.
func (r *doctorReport) note(chinese, english string) { say(r.out, "  · %s · %s", chinese, english) }

func (r *doctorReport) find(f finding) {
	r.found++
	word := wordsOf(f.code)
	sure := ""
	if f.proven {
		sure = "（已证实 proven）"
	}
	say(r.out, "  ✗ [%s] %s · %s%s", f.code, word.chinese, word.english, sure)
	if f.detail != "" {
		say(r.out, "      看到 seen: %s", f.detail)
	}
	if f.remedy == "" {
		f.remedy = word.remedy
	}
	if f.remedy != "" {
		say(r.out, "      处理 do:   %s", f.remedy)
	}
}

// problem tells of a mistake in the configuration file.
func (r *doctorReport) problem(p config.Problem) {
	where := p.Path
	if p.Line > 0 {
		where = fmt.Sprintf("%s (line %d)", p.Path, p.Line)
	}
	r.find(finding{code: "configuration", proven: true, detail: where + " " + p.What, remedy: p.Mend})
}

var errFound = errors.New("see above · 见上")

// verdict is nil when nothing was found.
func (r *doctorReport) verdict() error {
	if r.found == 0 {
		say(r.out, "没有发现问题 · nothing found")
		return nil
	}
	return fmt.Errorf("发现 %d 个问题 · %d %s: %w", r.found, r.found, plural(r.found, "finding"), errFound)
}
