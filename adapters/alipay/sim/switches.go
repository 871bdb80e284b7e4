package alipaysim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Triggers says which changes of a trade are notified to its notify_url.
// Which ones the real gateway sends by default differs between generations of
// its documents, so a merchant must live with any of them.
type Triggers struct {
	Success      bool `json:"success"`
	Refund       bool `json:"refund"`
	ClosedUnpaid bool `json:"closed_unpaid"`
	Finished     bool `json:"finished"`
}

// Switches choose between readings of the protocol that no official text
// settles. They can be changed while the simulator runs: see /sim/switches.
type Switches struct {
	// ImmediateTries repeats a failed first notification at once, up to three
	// times, before the schedule starts (said of some offline products).
	ImmediateTries bool `json:"immediate_tries"`
	// RepeatCloseFails answers a close of a closed trade with
	// ACQ.REASON_TRADE_STATUS_INVALID instead of success.
	RepeatCloseFails bool `json:"repeat_close_fails"`
	// ClosePaidSubCode is the refusal to close a paid trade; empty is
	// ACQ.REASON_TRADE_STATUS_INVALID, the other reading is ACQ.TRADE_STATUS_ERROR.
	ClosePaidSubCode string `json:"close_paid_sub_code"`
	// NeverReturn keeps buyers on the cashier after paying, as phones do whose
	// browser is not reopened by the Alipay app.
	NeverReturn bool `json:"never_return"`
	// PasswordAboveFen is the bar-code amount in fen above which the buyer must
	// confirm (code 10003); 0 is 100000, negative is never.
	PasswordAboveFen int64 `json:"password_above_fen"`
	// WaitingMessage is the msg of code 10003; empty is "order success pay inprocess".
	WaitingMessage string `json:"waiting_message"`
	// RefundWindow ends refunds of a paid trade; 0 is 365 days. Negative is a
	// product without refunds: paying finishes the trade.
	RefundWindow time.Duration `json:"-"`
	// CancelWindow is how long after payment trade.cancel gives money back; 0 is 24 hours.
	CancelWindow time.Duration `json:"-"`
	// ShareCapPercent is the part of a payment that may be shared; 0 is 30.
	ShareCapPercent int64 `json:"share_cap_percent"`
	// TimestampTolerance refuses classic requests whose timestamp is further
	// off than this; 0 accepts any. OpenAPI v3 always uses 10 minutes.
	TimestampTolerance time.Duration `json:"-"`
	// SignedEmptyValues accepts a request whose signature covers `name=` for
	// an empty parameter, as the official Node SDK signs it.
	SignedEmptyValues bool `json:"signed_empty_values"`
	// MessagesDropSignType signs application-gateway messages without
	// sign_type, like payment notifications; default keeps it.
	MessagesDropSignType bool `json:"messages_drop_sign_type"`
	// AnySubject takes subjects with / = &, which the documents forbid and the
	// gateway is reported to take from some merchants.
	AnySubject bool `json:"any_subject"`
	// NotifyContentType is the header of notifications: one of
	// NotifyContentTypes, or empty for the default.
	NotifyContentType string `json:"notify_content_type"`
	// NotifyCertSN puts alipay_cert_sn, signed, into the notifications of apps
	// in certificate mode.
	NotifyCertSN bool `json:"notify_cert_sn"`
	// SignAppIDErrors signs even the answers to an unknown app_id.
	SignAppIDErrors bool `json:"sign_app_id_errors"`
	// V3BusinessStatus is the HTTP status of a business refusal in OpenAPI v3; 0 is 400.
	V3BusinessStatus int `json:"v3_business_status"`
	// BillQuotes quotes bill cells that hold a comma; default leaves them bare.
	BillQuotes bool `json:"bill_quotes"`
	// BillFeesPositive writes the service fee of a payment without a minus.
	BillFeesPositive bool `json:"bill_fees_positive"`
}

const (
	defaultPasswordAboveFen = 100_000
	defaultRefundWindow     = 365 * 24 * time.Hour
	defaultCancelWindow     = 24 * time.Hour
	defaultShareCapPercent  = 30
)

// DefaultTriggers is the matrix of the older, fuller documents: phone products
// tell about everything, computer and counter products about money only.
func DefaultTriggers() map[string]Triggers {
	all := Triggers{Success: true, Refund: true, ClosedUnpaid: true, Finished: true}
	money := Triggers{Success: true, Refund: true}
	return map[string]Triggers{
		methodWapPay:    all,
		methodAppPay:    all,
		methodCreate:    money,
		methodPagePay:   money,
		methodPay:       money,
		methodPrecreate: money,
	}
}

// readings are the switches and triggers in force. They are replaced as a whole
// and never changed.
type readings struct {
	Switches
	triggers map[string]Triggers
}

func readingsOf(s Switches, triggers map[string]Triggers) *readings {
	for _, number := range []struct {
		value     *int64
		otherwise int64
	}{
		{&s.PasswordAboveFen, defaultPasswordAboveFen}, {&s.ShareCapPercent, defaultShareCapPercent},
		{(*int64)(&s.RefundWindow), int64(defaultRefundWindow)}, {(*int64)(&s.CancelWindow), int64(defaultCancelWindow)},
	} {
		if *number.value == 0 {
			*number.value = number.otherwise
		}
	}
	if s.ClosePaidSubCode == "" {
		s.ClosePaidSubCode = "ACQ.REASON_TRADE_STATUS_INVALID"
	}
	if s.WaitingMessage == "" {
		s.WaitingMessage = "order success pay inprocess"
	}
	if s.NotifyContentType == "" {
		s.NotifyContentType = contentTypeMixed
	}
	if s.V3BusinessStatus == 0 {
		s.V3BusinessStatus = http.StatusBadRequest
	}
	merged := DefaultTriggers()
	maps.Copy(merged, triggers)
	return &readings{Switches: s, triggers: merged}
}

// reading is what holds now.
func (s *Server) reading() *readings { return s.read.Load() }

// switchesView is the body of /sim/switches, both ways.
type switchesView struct {
	Switches
	RefundWindowSeconds       int64               `json:"refund_window_seconds"`
	CancelWindowSeconds       int64               `json:"cancel_window_seconds"`
	TimestampToleranceSeconds int64               `json:"timestamp_tolerance_seconds"`
	Triggers                  map[string]Triggers `json:"triggers"`
}

func (s *Server) viewSwitches() switchesView {
	r := s.reading()
	return switchesView{Switches: r.Switches, Triggers: maps.Clone(r.triggers),
		RefundWindowSeconds:       int64(r.RefundWindow / time.Second),
		CancelWindowSeconds:       int64(r.CancelWindow / time.Second),
		TimestampToleranceSeconds: int64(r.TimestampTolerance / time.Second)}
}

func (s *Server) simSwitches(*http.Request) (any, error) { return s.viewSwitches(), nil }

// simSetSwitches changes the switches that are named and leaves the others.
func (s *Server) simSetSwitches(r *http.Request) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewSwitches()
	if err := readControl(r, &v); err != nil {
		return nil, err
	}
	for _, seconds := range []int64{v.RefundWindowSeconds, v.CancelWindowSeconds, v.TimestampToleranceSeconds} {
		if seconds < -1 || seconds > int64(maxAdvance/time.Second) {
			return nil, badControl("seconds: -1 to three years")
		}
	}
	if v.V3BusinessStatus != 0 && (v.V3BusinessStatus < 400 || v.V3BusinessStatus > 599) {
		return nil, badControl("v3_business_status: 400 to 599")
	}
	if v.NotifyContentType != "" && !slices.Contains(NotifyContentTypes(), v.NotifyContentType) {
		return nil, badControl("notify_content_type: one of " + strings.Join(NotifyContentTypes(), ", "))
	}
	if v.ShareCapPercent < 0 || v.ShareCapPercent > 100 {
		return nil, badControl("share_cap_percent: 0 to 100")
	}
	v.RefundWindow = time.Duration(v.RefundWindowSeconds) * time.Second
	v.CancelWindow = time.Duration(v.CancelWindowSeconds) * time.Second
	v.TimestampTolerance = time.Duration(v.TimestampToleranceSeconds) * time.Second
	s.read.Store(readingsOf(v.Switches, v.Triggers))
	return s.viewSwitches(), nil
}

// simResetSwitches goes back to what the simulator was started with.
func (s *Server) simResetSwitches(*http.Request) (any, error) {
	s.read.Store(readingsOf(s.cfg.Switches, s.cfg.Triggers))
	return s.viewSwitches(), nil
}
