package alipay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/sony/gobreaker/v2"
	"golang.org/x/time/rate"
)

// guard spares a gateway that is down or has asked for less. What it refuses
// was never sent, so a refusal is always safe to repeat.
type guard struct {
	limiter *rate.Limiter // nil means no limit
	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
}

func newGuard(config AppConfig) *guard {
	g := &guard{}
	if config.CallsPerSecond > 0 {
		burst := config.Burst
		if burst == 0 {
			burst = max(1, int(math.Ceil(config.CallsPerSecond)))
		}
		g.limiter = rate.NewLimiter(rate.Limit(config.CallsPerSecond), burst)
	}
	breakAfter, breakFor := config.BreakAfter, config.BreakFor
	if breakAfter == 0 {
		breakAfter = 20
	}
	if breakFor == 0 {
		breakFor = 10 * time.Second
	}
	g.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name:        config.AppID,
		MaxRequests: 1, // one probe decides whether the gateway is back
		Timeout:     breakFor,
		ReadyToTrip: func(counts gobreaker.Counts) bool { return counts.ConsecutiveFailures >= breakAfter },
		// A caller who hangs up has learned nothing about the gateway: twenty impatient shops must
		// not shut it for all.
		IsExcluded: func(err error) bool { return errors.Is(err, context.Canceled) },
	})
	return g
}

// enter waits for the limiter within the call's deadline and asks the breaker.
// The returned function must be told what absence made of the exchange.
func (g *guard) enter(ctx context.Context) (func(absent error), error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if g.limiter != nil {
		if err := g.limiter.Wait(ctx); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrRateLimited, err)
		}
	}
	done, err := g.breaker.Allow()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBreakerOpen, err)
	}
	return done, nil
}

// absence tells the breaker whether the gateway is there at all: nil when it
// answered. Code 20000 is its own way of saying that it is not.
func absence(result Result) error {
	switch {
	case result.HTTPStatus != 0 && result.HTTPStatus < http.StatusInternalServerError && result.Code != codeUnknown:
		return nil
	case errors.Is(result.Err, context.Canceled):
		return context.Canceled
	}
	return ErrUnexpectedStatus
}
