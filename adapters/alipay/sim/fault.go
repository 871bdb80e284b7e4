package alipaysim

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Fault is one instruction of the fault script: what goes wrong, for which
// calls or notifications, and how often.
type Fault struct {
	ID string `json:"id"`
	// On is "gateway" (default) or "notify".
	On string `json:"on,omitempty"`
	// Method, AppID, OutTradeNo and TradeNo narrow it; empty matches all.
	Method     string `json:"method,omitempty"`
	AppID      string `json:"app_id,omitempty"`
	OutTradeNo string `json:"out_trade_no,omitempty"`
	TradeNo    string `json:"trade_no,omitempty"`
	// Event narrows a notify fault to one trade_status (or message method).
	Event string `json:"event,omitempty"`
	// Skip lets the first matches pass; Times is how many are hit (0 is one,
	// negative is all); Percent hits that share of them by the seed (0 is all).
	Skip    int `json:"skip,omitempty"`
	Times   int `json:"times,omitempty"`
	Percent int `json:"percent,omitempty"`
	// Effect is one of GatewayEffects or NotifyEffects.
	Effect string `json:"effect"`
	// When is "before" (the call is not executed) or "after" (it is, and only
	// the answer suffers). Empty is what suits the effect.
	When string `json:"when,omitempty"`
	// Code, SubCode and SubMsg are the answer of effect "code", and of "gbk" if given.
	Code    string `json:"code,omitempty"`
	SubCode string `json:"sub_code,omitempty"`
	SubMsg  string `json:"sub_msg,omitempty"`
	// DelayMS is real milliseconds: before the answer (delay, hang), between bytes (drip).
	DelayMS int `json:"delay_ms,omitempty"`
	// DelaySeconds is simulated: until a notification is tried again, or a refund moves.
	DelaySeconds int `json:"delay_seconds,omitempty"`
	// Bytes is the length of a truncated or huge answer.
	Bytes int `json:"bytes,omitempty"`
	// Copies is how often a notification is sent at once.
	Copies int `json:"copies,omitempty"`
	// Set changes fields of a notification before it is signed, SetAfterSigning
	// after, Drop removes fields before.
	Set             map[string]string `json:"set,omitempty"`
	SetAfterSigning map[string]string `json:"set_after_signing,omitempty"`
	Drop            []string          `json:"drop,omitempty"`
	// Header replaces headers of a notification; an empty value takes one away.
	Header map[string]string `json:"header,omitempty"`

	// Matched and Hit count what happened so far.
	Matched int `json:"matched"`
	Hit     int `json:"hit"`
}

// The effects on gateway calls.
const (
	effectCode        = "code"         // answer Code and SubCode, signed
	effectUnavailable = "unavailable"  // code 20000
	effectSystemError = "system_error" // ACQ.SYSTEM_ERROR
	effectLimited     = "limited"      // code 40005
	effectReset       = "reset"        // TCP reset instead of an answer
	effectHang        = "hang"         // nothing for DelayMS, then the line is cut
	// The answer comes DelayMS late (a notification: DelaySeconds).
	effectDelay         = "delay"
	effectDrip          = "drip"           // one byte every DelayMS
	effectTruncate      = "truncate"       // cut after Bytes (default: half)
	effectBadGateway    = "html_502"       // a proxy's error page
	effectEmpty         = "empty"          // 200 and nothing
	effectHuge          = "huge"           // Bytes of blanks (default 64 MiB) before the JSON
	effectGzipBomb      = "gzip_bomb"      // Content-Encoding gzip that swells to Bytes
	effectUnsigned      = "unsigned"       // success without a signature
	effectWrongKey      = "wrong_key"      // signed by a stranger
	effectTamper        = "tamper"         // changed after signing
	effectSwap          = "swap"           // the answer to an earlier call
	effectForeignNode   = "foreign_node"   // right content under another method's node
	effectTwoSigns      = "two_signs"      // two sign members
	effectBareSlash     = "bare_slash"     // `/` as it is, and signed so
	effectSlashSigned   = "slash_signed"   // sent as `\/`, signed as `/`
	effectRefundPending = "refund_pending" // fund_change=N, money moves after DelaySeconds
	effectWaiting       = "waiting"        // trade.pay: 10003, the buyer must confirm
	effectGBK           = "gbk"            // text in GBK bytes, whatever charset was asked for
	effectDecorate      = "decorate"       // fields that decide nothing have other JSON types
)

// The effects on notifications; delay, tamper, wrong_key and decorate serve here too.
const (
	effectLose         = "lose"          // not sent; counts as a failed try
	effectRepeat       = "repeat"        // Copies at once
	effectReorder      = "reorder"       // held back DelaySeconds so that later ones overtake it
	effectWrongAmount  = "wrong_amount"  // properly signed, one fen more
	effectWrongSeller  = "wrong_seller"  // properly signed, another seller
	effectWrongApp     = "wrong_app"     // properly signed, another app_id
	effectUnknownOrder = "unknown_order" // properly signed, an out_trade_no nobody has
	effectAlter        = "alter"         // Set, SetAfterSigning, Drop and Header alone
)

// GatewayEffects lists the effects a gateway fault may have.
func GatewayEffects() []string {
	return []string{effectCode, effectUnavailable, effectSystemError, effectLimited, effectReset, effectHang,
		effectDelay, effectDrip, effectTruncate, effectBadGateway, effectEmpty, effectHuge, effectGzipBomb,
		effectUnsigned, effectWrongKey, effectTamper, effectSwap, effectForeignNode, effectTwoSigns,
		effectBareSlash, effectSlashSigned, effectRefundPending, effectWaiting, effectGBK, effectDecorate}
}

// NotifyEffects lists the effects a notify fault may have.
func NotifyEffects() []string {
	return []string{effectLose, effectRepeat, effectReorder, effectDelay, effectTamper, effectWrongKey,
		effectWrongAmount, effectWrongSeller, effectWrongApp, effectUnknownOrder, effectAlter, effectDecorate}
}

// before says whether the fault takes the place of the execution.
func (f *Fault) before() bool {
	if f.When != "" {
		return f.When == "before"
	}
	switch f.Effect {
	case effectCode, effectUnavailable, effectSystemError, effectLimited, effectReset, effectBadGateway, effectEmpty:
		return true
	case effectGBK:
		return f.SubCode != ""
	}
	return false
}

// failure is the answer that the fault dictates; nil when it spoils the bytes only.
func (f *Fault) failure() *failure {
	switch f.Effect {
	case effectGBK:
		if f.SubCode == "" {
			return nil
		}
		return f.dictated()
	case effectCode:
		return f.dictated()
	case effectUnavailable:
		return unavailable()
	case effectSystemError:
		return refuse("ACQ.SYSTEM_ERROR")
	case effectLimited:
		return &failure{Code: codeLimited, SubCode: "isv.app-call-limited", SubMsg: "应用调用次数超限"}
	}
	if f.before() {
		return unavailable()
	}
	return nil
}

// dictated is the refusal that a fault spells out.
func (f *Fault) dictated() *failure {
	code, text := f.Code, f.SubMsg
	if code == "" {
		code = codeBusiness
	}
	if text == "" {
		text = refusalText(f.SubCode)
	}
	return &failure{Code: code, SubCode: f.SubCode, SubMsg: text}
}

// maxFaults bounds the script.
const maxFaults = 1000

// bounded refuses numbers that no test means: a count of copies that would never
// end, a delay that overflows.
func (f *Fault) bounded() error {
	for _, field := range []struct {
		name        string
		value, most int
	}{
		{"skip", f.Skip, 1 << 30}, {"percent", f.Percent, 100}, {"copies", f.Copies, maxCopies}, {"bytes", f.Bytes, maxHuge},
		{"delay_ms", f.DelayMS, int(maxDelay / time.Millisecond)}, {"delay_seconds", f.DelaySeconds, int(maxAdvance / time.Second)},
	} {
		if field.value < 0 || field.value > field.most {
			return fmt.Errorf("%s: 0 to %d", field.name, field.most)
		}
	}
	return nil
}

// faultScript holds the faults in force; the first that matches wins.
type faultScript struct {
	numbers numbers
	mu      sync.Mutex
	turn    uint64
	list    []*Fault
	last    map[door][]byte // the latest answers, for swaps
}

// door is which protocol a call came by.
type door int

const (
	doorClassic door = iota
	doorV3
)

func newFaultScript(n numbers) *faultScript {
	return &faultScript{numbers: n, last: map[door][]byte{}}
}

// add checks a fault and puts it at the end of the script.
func (s *faultScript) add(f Fault) (Fault, error) {
	if f.On == "" {
		f.On = "gateway"
	}
	effects := map[string][]string{"gateway": GatewayEffects(), "notify": NotifyEffects()}[f.On]
	if !slices.Contains(effects, f.Effect) {
		return f, fmt.Errorf("on %q there is no effect %q", f.On, f.Effect)
	}
	if f.When != "" && f.When != "before" && f.When != "after" {
		return f, errors.New(`when is "before" or "after"`)
	}
	if err := f.bounded(); err != nil {
		return f, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) >= maxFaults {
		return f, errors.New("the fault script is full")
	}
	s.turn++
	f.ID, f.Matched, f.Hit = fmt.Sprintf("fault-%d", s.turn), 0, 0
	s.list = append(s.list, &f)
	return f, nil
}

// remove takes one fault out, or all of them when id is empty.
func (s *faultScript) remove(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := make([]*Fault, 0, len(s.list))
	for _, f := range s.list {
		if id != "" && f.ID != id {
			kept = append(kept, f)
		}
	}
	removed := len(s.list) - len(kept)
	s.list = kept
	return removed
}

func (s *faultScript) all() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Fault, 0, len(s.list))
	for _, f := range s.list {
		list = append(list, *f)
	}
	return list
}

func (s *faultScript) forCall(appID, method, outTradeNo, tradeNo string) *Fault {
	return s.take(func(f *Fault) bool {
		return f.On == "gateway" && matches(f.AppID, appID) && matches(f.Method, method) &&
			matches(f.OutTradeNo, outTradeNo) && matches(f.TradeNo, tradeNo)
	})
}

func (s *faultScript) forNotice(appID, event, outTradeNo, tradeNo string) *Fault {
	return s.take(func(f *Fault) bool {
		return f.On == "notify" && matches(f.AppID, appID) && matches(f.Event, event) &&
			matches(f.OutTradeNo, outTradeNo) && matches(f.TradeNo, tradeNo)
	})
}

func matches(pattern, value string) bool { return pattern == "" || pattern == value }

// take counts a match and says which fault hits it, if any.
func (s *faultScript) take(match func(*Fault) bool) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.list {
		if !match(f) {
			continue
		}
		f.Matched++
		if f.Matched <= f.Skip || (f.Times >= 0 && f.Hit >= max(f.Times, 1)) {
			continue
		}
		if f.Percent > 0 && !s.numbers.chance(f.ID, uint64(f.Matched), f.Percent) {
			continue
		}
		f.Hit++
		hit := *f
		return &hit
	}
	return nil
}

// swap gives the answer to send: an earlier call's when the fault says so and
// there is one, else this one, which is kept for a later swap.
func (s *faultScript) swap(f *Fault, by door, body []byte) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if last := s.last[by]; f != nil && f.Effect == effectSwap && last != nil {
		return last
	}
	s.last[by] = body
	return body
}
