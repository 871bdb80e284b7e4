package alipay

import (
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Guards holds one rate limiter and one breaker for each app of each gateway,
// as the gateway counts calls: accounts that share an app share them, and a
// new App after a change of keys takes them over as they stand. Settings are
// part of an app's name here, so that changed ones begin afresh. Its zero value
// is ready; it is safe for concurrent use.
type Guards struct {
	mutex  sync.Mutex
	byLine map[guardedLine]*guard
}

// guardedLine is what calls are counted together for.
type guardedLine struct {
	gateway, appID string
	callsPerSecond rate.Limit
	burst          int
	breakAfter     uint32
	breakFor       time.Duration
}

// of returns the guard of the configuration's app. Without a keeper, an App has one of its own.
func (g *Guards) of(config AppConfig) *guard {
	if g == nil {
		return newGuard(config)
	}
	line := guardedLine{config.Gateway, config.AppID, rate.Limit(config.CallsPerSecond), config.Burst, config.BreakAfter, config.BreakFor}
	g.mutex.Lock()
	defer g.mutex.Unlock()
	if g.byLine == nil {
		g.byLine = map[guardedLine]*guard{}
	}
	if g.byLine[line] == nil {
		g.byLine[line] = newGuard(config)
	}
	return g.byLine[line]
}
