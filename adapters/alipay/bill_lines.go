package alipay

import (
	"bufio"
	"strings"
)

// billLine is one line of a file, without its end.
type billLine struct {
	number int
	text   string
}

// billLines gives a file's lines, and lets the reader look a few lines ahead.
type billLines struct {
	scanner *bufio.Scanner
	ahead   []string
	read    int // lines given so far
}

func (l *billLines) next() (billLine, bool) {
	text, more := l.peek(0)
	if more {
		l.drop(1)
	}
	return billLine{l.read, text}, more
}

// peek returns the line that next would return after k others.
func (l *billLines) peek(k int) (string, bool) {
	for len(l.ahead) <= k {
		if !l.scanner.Scan() {
			return "", false
		}
		l.ahead = append(l.ahead, strings.TrimRight(strings.TrimPrefix(l.scanner.Text(), "\ufeff"), "\r"))
	}
	return l.ahead[k], true
}

func (l *billLines) drop(n int) { l.ahead, l.read = l.ahead[n:], l.read+n }
