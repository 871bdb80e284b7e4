package outbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
)

// HopHeader marks our webhooks. Whoever receives a request with it at paymux's own API has built a
// loop (H13).
const HopHeader = "Paymux-Hop"

// userAgent names us in merchants' logs.
const userAgent = "paymux-webhooks/1"

// maxRetryAfter is the longest wait that an endpoint may ask for: the longest pause of the
// schedule.
const maxRetryAfter = 12 * time.Hour

// answer is what one try came to.
type answer struct {
	status int    // HTTP status, 0 for none
	fault  string // our own words, "" if the endpoint took the event
	// unwell says that the endpoint did not answer, or answered that it cannot: the breaker counts
	// these.
	unwell bool
	// unsent says that nothing was sent, so that no try is counted.
	unsent bool
	// retryAfter is how long the endpoint asks to be left alone, 0 if it does not.
	retryAfter time.Duration
}

// taken tells whether the merchant has the event: any 2xx, whatever the body says (H06).
func (a answer) taken() bool { return a.status >= 200 && a.status <= 299 }

// gone tells whether the endpoint wants nothing more, ever (H06).
func (a answer) gone() bool { return a.status == http.StatusGone }

// asks tells whether the endpoint asks to be left alone.
func (a answer) asks() bool { return a.status == http.StatusTooManyRequests || a.retryAfter > 0 }

// send makes one try. An error means that there was no try to speak of: we could not sign, or are
// shutting down.
func (c *Courier) send(ctx context.Context, to core.Endpoint, e *core.Event, secrets [][]byte) (answer, error) {
	u, err := ParseEndpoint(to.URL, c.Policy)
	if err != nil {
		return answer{fault: err.Error()}, nil //nolint:nilerr // a bad address is what the try came to
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(e.Body))
	if err != nil {
		return answer{fault: "the address cannot be requested"}, nil //nolint:nilerr // as above
	}
	now := c.Clock.Now()
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", userAgent)
	req.Header.Set(HopHeader, "1")
	if err := sign(req.Header, e.ID, now, e.Body, secrets); err != nil {
		return answer{}, errors.Join(errUnsigned, err)
	}
	res, err := c.Client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			// we are going down: what became of this try is unknown, and the row comes due again
			return answer{}, ctx.Err()
		}
		return answer{fault: faultOf(err), unwell: !errors.Is(err, ErrForbiddenAddress)}, nil
	}
	// A little of the body is read so that the connection can serve again; none of it is kept (H05,
	// H14).
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer))
	_ = res.Body.Close()
	return judge(res, now), nil
}

// judge reads an answer's status and header.
func judge(res *http.Response, now time.Time) answer {
	a := answer{status: res.StatusCode}
	switch {
	case a.taken():
		return a
	case a.gone():
		a.fault = "the endpoint says that it is gone"
	case res.StatusCode >= 300 && res.StatusCode <= 399:
		a.fault = "the endpoint redirects; redirects are not followed"
		a.unwell = true
	case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable:
		a.fault = "the endpoint asks for time"
		a.unwell = true
		a.retryAfter = retryAfter(res.Header.Get("Retry-After"), now)
	case res.StatusCode >= 500:
		a.fault = "the endpoint failed"
		a.unwell = true
	default:
		a.fault = "the endpoint refused the event"
	}
	a.fault = fmt.Sprintf("%s (HTTP %d)", a.fault, a.status)
	return a
}

// retryAfter reads seconds or a date, at most maxRetryAfter.
func retryAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	var wait time.Duration
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// faultOf puts an error of the client into our own words: the error's text may hold addresses
// inside our network, or what the endpoint sent.
func faultOf(err error) string {
	var dns *net.DNSError
	var tooLong interface{ Timeout() bool }
	switch {
	case errors.Is(err, ErrForbiddenAddress):
		return "the address is not public and is not dialled"
	case errors.As(err, &dns):
		return "the host name cannot be resolved"
	case errors.As(err, &tooLong) && tooLong.Timeout():
		return "the endpoint did not answer in time"
	case strings.Contains(err.Error(), "tls:") || strings.Contains(err.Error(), "x509:"):
		return "no secure connection: the certificate or the protocol is not accepted"
	default:
		return "the connection failed"
	}
}
