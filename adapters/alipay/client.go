package alipay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Call is one API call before it is signed.
type Call struct {
	Method string // dotted API name
	// Biz becomes biz_content: a struct, a map, or nil for none.
	Biz any
	// Params are top-level parameters beside the public ones; only oauth.token has any.
	Params       map[string]string
	NotifyURL    string // where the gateway posts notifications; a public parameter
	ReturnURL    string // page APIs only
	AuthToken    string // user access token, for user-scoped APIs
	AppAuthToken string // when acting for another merchant
	// SignedAt is the timestamp to sign with; zero means now. A page that is opened again passes
	// the first one, and gets the same bytes.
	SignedAt time.Time
	Echo     Echo
}

// Echo names the numbers an answer must repeat. An answer with another number
// answers another request and proves nothing (G12).
type Echo struct {
	OutTradeNo   string
	TradeNo      string
	OutRequestNo string
	// IfPresent lets a success leave numbers out, for APIs that answer so.
	IfPresent bool
}

// wire turns a call into an HTTP request and an HTTP answer into a verified node.
type wire interface {
	request(a *App, call Call) (*http.Request, error)
	// read verifies and decrypts; it fills the codes and the key version of result.
	read(a *App, call Call, r reply, result *Result) (answer, error)
}

// Do performs one exchange: sign, send, verify, classify, decode. out receives
// the node's fields when the class is Done or Pending; it may be nil. Every
// outcome is in the Result; only what a verified answer says is final.
func (a *App) Do(ctx context.Context, call Call, out any) Result {
	started := a.config.Now()
	ctx, span := a.startSpan(ctx, call.Method)
	defer span.End()
	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	result := a.exchange(ctx, call, out)
	a.observe(ctx, call.Method, started, result)
	describe(span, a.config.AppID, result)
	return result
}

// fetch is Do for a typed answer, which is zero unless the class is Done or Pending.
func fetch[T any](ctx context.Context, a *App, call Call) (T, Result) {
	var answer, none T
	result := a.Do(ctx, call, &answer)
	if result.Class != Done && result.Class != Pending {
		return none, result
	}
	return answer, result
}

// inquire is fetch for calls that change nothing. OpenAPI v3 leaves its
// refusals unsigned, and so could never prove that a trade does not exist; the
// classic gateway signs the same refusal with the same key, so it is asked too.
func inquire[T any](ctx context.Context, a *App, call Call) (T, Result) {
	answer, result := fetch[T](ctx, a, call)
	unsigned := result.Class == Unknown && result.SubCode != "" && errors.Is(result.Err, ErrSignatureMissing)
	if a.config.Protocol != ProtocolV3 || !unsigned {
		return answer, result
	}
	classic := *a
	classic.wire = classicWire{}
	if signed, second := fetch[T](ctx, &classic, call); second.KeyVersion != "" {
		return signed, second
	}
	return answer, result
}

func (a *App) exchange(ctx context.Context, call Call, out any) Result {
	request, err := a.wire.request(a, call)
	if err != nil {
		return invalid(err)
	}
	answer, done, sent, err := a.ask(ctx, request)
	if done == nil {
		return notSent(err)
	}
	result := Result{HTTPStatus: answer.status, TraceID: traceID(answer.header)}
	if !answer.date.IsZero() {
		// The Date header has whole seconds: compare like with like.
		result.Skew = answer.date.Sub(a.config.Now().Truncate(time.Second))
	}
	switch {
	case err != nil && !sent:
		result.Class, result.Err = NotSent, err
	case err != nil:
		result = result.unknown(err)
	default:
		result = a.judge(call, answer, result, out)
	}
	done(absence(result))
	return result
}

// ask waits for a turn and for the gateway, and says so while it does. Without
// a turn nothing is sent, and done is nil.
func (a *App) ask(ctx context.Context, request *http.Request) (r reply, done func(absent error), sent bool, err error) {
	if a.config.Waiting != nil {
		defer a.config.Waiting(ctx)()
	}
	if done, err = a.guard.enter(ctx); err != nil {
		return reply{}, nil, false, err
	}
	r, sent, err = a.send(ctx, request)
	return r, done, sent, err
}

// judge turns an HTTP answer into what it proves.
func (a *App) judge(call Call, r reply, result Result, out any) Result {
	if r.status == http.StatusTooManyRequests {
		result.Class, result.Err = Throttled, ErrUnexpectedStatus
		return result
	}
	read, err := a.wire.read(a, call, r, &result)
	result.Oddities = read.oddities
	class, fault := Classify(call.Method, result.Code, result.SubCode)
	if result.Fault = fault; err != nil {
		return result.unknown(err)
	}
	result.Class = class
	if err := call.Echo.compare(read.head, result.Class == Done || result.Class == Pending); err != nil {
		return result.unknown(err)
	}
	if result.Class == Unknown {
		return result.unknown(fmt.Errorf("%w: %.16q %.64q", ErrCodeUndecided, result.Code, result.SubCode))
	}
	if out == nil || (result.Class != Done && result.Class != Pending) {
		return result
	}
	oddities, err := read.members.decode(out)
	if err != nil {
		return result.unknown(fmt.Errorf("%w: %s", err, call.Method))
	}
	result.Oddities = append(result.Oddities, oddities...)
	return result
}

// compare holds the answer's numbers against the request's. A success must
// repeat them; a refusal may leave them out but not contradict them.
func (e Echo) compare(head answerHead, success bool) error {
	pairs := [...]struct{ name, want, got string }{
		{"out_trade_no", e.OutTradeNo, head.OutTradeNo},
		{"trade_no", e.TradeNo, head.TradeNo},
		{"out_request_no", e.OutRequestNo, head.OutRequestNo},
	}
	for _, p := range pairs {
		if p.want == "" || p.got == p.want || (p.got == "" && (!success || e.IfPresent)) {
			continue
		}
		return fmt.Errorf("%w: %s is not the request's", ErrAnswerMismatch, p.name)
	}
	return nil
}

func traceID(header http.Header) string {
	for _, name := range [...]string{"Trace_id", "Alipay-Trace-Id"} {
		if values := header[name]; len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
