package alipaysim

import "sync"

// maxJournal bounds the list of recent calls.
const maxJournal = 1000

// Seen is one gateway call as the simulator saw it, to count what a client
// really sent.
type Seen struct {
	Turn       uint64 `json:"turn"`
	At         int64  `json:"at"`
	AppID      string `json:"app_id,omitempty"`
	Method     string `json:"method,omitempty"`
	OutTradeNo string `json:"out_trade_no,omitempty"`
	TradeNo    string `json:"trade_no,omitempty"`
	Code       string `json:"code"`
	SubCode    string `json:"sub_code,omitempty"`
	FaultID    string `json:"fault_id,omitempty"`
}

// journal keeps the most recent calls.
type journal struct {
	mu   sync.Mutex
	turn uint64
	list []Seen
}

func newJournal() *journal { return &journal{} }

func (j *journal) note(at int64, c *call, fail *failure) {
	seen := Seen{At: at, Method: c.method, Code: codeSuccess}
	if c.app != nil {
		seen.AppID = c.app.AppID
	}
	seen.OutTradeNo, seen.TradeNo = c.subject()
	if fail != nil {
		seen.Code, seen.SubCode = fail.Code, fail.SubCode
	}
	if c.fault != nil {
		seen.FaultID = c.fault.ID
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.turn++
	seen.Turn = j.turn
	j.list = append(j.list, seen)
	if len(j.list) >= 2*maxJournal { // cut rarely, not on every call
		j.list = append([]Seen(nil), j.list[len(j.list)-maxJournal:]...)
	}
}

func (j *journal) recent() []Seen {
	j.mu.Lock()
	defer j.mu.Unlock()
	return append([]Seen(nil), j.list[max(len(j.list)-maxJournal, 0):]...)
}
