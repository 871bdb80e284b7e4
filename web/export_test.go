package web

import (
	"time"

	"golang.org/x/time/rate"

	"github.com/paymux/paymux/core"
)

// Titles shows tests the titles of all codes.
func Titles() map[core.Code]core.Words {
	titles := map[core.Code]core.Words{}
	for code, k := range kinds() {
		titles[code] = k.title
	}
	return titles
}

// Sentences shows tests all messages.
func Sentences() []core.Words { return sentences() }

// Say says an English message in Chinese.
func Say(message string) string { return newSpeech().say(message).ZH }

// LimiterSize opens limiterSize to tests.
const LimiterSize = limiterSize

// Limiter opens the limiter to tests.
type Limiter struct{ l *limiter }

// NewLimiter makes one.
func NewLimiter(perSecond rate.Limit, burst int) Limiter {
	return Limiter{newLimiter(perSecond, burst)}
}

// Allowed tells whether the name may try.
func (l Limiter) Allowed(name string, now time.Time) bool { return l.l.allowed(name, now) }

// Charge takes one from the name.
func (l Limiter) Charge(name string, now time.Time) { l.l.charge(name, now) }

// Network opens network to tests.
func Network(ip string) string { return network(ip) }

// Size is how many addresses are remembered.
func (l Limiter) Size() int { return len(l.l.young) + len(l.l.old) }

// MaxOften opens maxOften to tests.
const MaxOften = maxOften

// Often opens often to tests.
type Often struct{ o *often }

// NewOften makes one.
func NewOften() Often { return Often{&often{kinds: map[string]*oftenCount{}}} }

// Sample tells whether a line is written.
func (o Often) Sample(kind string, now time.Time) bool {
	written, _ := o.o.sample(kind, now)
	return written
}

// Size is how many kinds are remembered.
func (o Often) Size() int { return len(o.o.kinds) }

// PausedAtOnce is how many of so many refusals of each of some keys are kept back at once, and how
// many of one key when they are over.
func PausedAtOnce(keys, each int) (paused, afterwards int) {
	p := &pauses{byKey: map[string]int{}}
	var entered []string
	for i := range keys * each {
		if key := string(rune('a' + i%keys)); p.enter(key) {
			entered = append(entered, key)
		}
	}
	for _, key := range entered {
		p.leave(key)
	}
	for range each {
		if p.enter("z") {
			afterwards++
		}
	}
	return len(entered), afterwards
}
