package web

import (
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

const (
	// oftenEvery is how often at most a line of one kind is written at the level of others.
	oftenEvery = time.Minute
	// maxOften bounds the kinds that are remembered; those beyond count as one.
	maxOften = 4096
)

// often samples the log's lines of what anybody may send as often as he likes: forged messages,
// requests that prove no key or ask for what is not there, and those of a key that asks more than
// its share. The first of a kind is written, and the first a minute later says how many there were
// in between, which are written at debug. The metrics count them all.
type often struct {
	mu        sync.Mutex
	kinds     map[string]*oftenCount
	forgotten time.Time // when room was made last
}

type oftenCount struct {
	written time.Time
	since   int64 // of the kind, that were not written
}

// sample tells whether a line of the kind is written, and how many were not since the last one.
func (o *often) sample(kind string, now time.Time) (written bool, since int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	count := o.kinds[kind]
	if count == nil && len(o.kinds) >= maxOften {
		o.forget(now)
		if len(o.kinds) >= maxOften {
			kind = ""
			count = o.kinds[kind]
		}
	}
	switch {
	case count == nil:
		o.kinds[kind] = &oftenCount{written: now}
		return true, 0
	case now.Sub(count.written) < oftenEvery:
		count.since++
		return false, 0
	}
	since = count.since
	*count = oftenCount{written: now}
	return true, since
}

// forget makes room by what has been quiet, not more often than anything can become so.
func (o *often) forget(now time.Time) {
	if now.Sub(o.forgotten) < oftenEvery {
		return
	}
	o.forgotten = now
	for kind, count := range o.kinds {
		if now.Sub(count.written) >= oftenEvery {
			delete(o.kinds, kind)
		}
	}
}

// forgedOfLog is under what a request says that it is a message which is not what it claims to be:
// account and reason.
const forgedOfLog = "paymux.forged"

// kindOf names what a line is sampled with; "" for lines that are all written. No part of it is a
// stranger's to choose.
func kindOf(c echo.Context) string {
	if forged, ok := c.Get(forgedOfLog).(string); ok {
		return "message " + forged
	}
	status := c.Response().Status
	if status < http.StatusBadRequest || status >= http.StatusInternalServerError {
		return ""
	}
	route := pattern(c)
	kind := http.StatusText(status) + " " + route
	switch key, proven := c.Get(keyOfLog).(Key); {
	case proven && status == http.StatusTooManyRequests:
		return kind + " " + key.ID
	case !proven && (route == unmatched || status == http.StatusNotFound || strings.HasPrefix(c.Path(), "/v1/") || strings.HasPrefix(c.Path(), "/notify/")):
		return kind
	}
	return ""
}

// volume is how loud a request's line is, and how many like it were not written before it.
func (s *Server) volume(c echo.Context) (slog.Level, int64) {
	level, kind := lineLevel(c), kindOf(c)
	if kind == "" || level != slog.LevelInfo {
		return level, 0
	}
	written, since := s.often.sample(kind, s.Clock.Now())
	if !written {
		return slog.LevelDebug, 0
	}
	return level, since
}
