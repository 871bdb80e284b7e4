package tinygate

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/paymux/paymux/core"
)

// Names of the gateway and its one channel.
const (
	GatewayID core.GatewayID = "tiny"
	ChannelID core.ChannelID = "tiny_pay"
)

// ActionPrepaid says: hand the field prepay_id to the gateway's client.
const ActionPrepaid = core.ActionParameters

// Keys are what one account signs and verifies with.
type Keys struct {
	Version string // names both keys
	Own     ed25519.PrivateKey
	Gate    ed25519.PublicKey
}

// Wire is how accounts reach the gateway.
type Wire struct {
	Keys      map[string]Keys // by account
	Transport http.RoundTripper
	Now       func() time.Time
}

// Channel takes money at the tiny gateway. It has no Close: trades end with their time.
type Channel struct{ Wire Wire }

// ID names the channel.
func (Channel) ID() core.ChannelID { return ChannelID }

// Gateway names the gateway.
func (Channel) Gateway() core.GatewayID { return GatewayID }

// Door is native: Pay makes the trade.
func (Channel) Door() core.Door { return core.DoorNative }

// order, query, back and said are the bodies of the wire.
type (
	order struct {
		OutTradeNo string `json:"out_trade_no"`
		TotalFen   int64  `json:"total_fen"`
		Title      string `json:"title"`
		EndsAt     string `json:"ends_at"` // RFC 3339
	}
	back struct {
		OutTradeNo  string `json:"out_trade_no"`
		OutRefundNo string `json:"out_refund_no,omitempty"`
		TotalFen    int64  `json:"total_fen,omitempty"`
		RefundFen   int64  `json:"refund_fen,omitempty"`
	}
	said struct {
		Code        string `json:"code,omitempty"` // why it was refused, "" if it was not
		OutTradeNo  string `json:"out_trade_no,omitempty"`
		OutRefundNo string `json:"out_refund_no,omitempty"`
		PrepayID    string `json:"prepay_id,omitempty"`
		TradeNo     string `json:"trade_no,omitempty"`
		State       string `json:"state,omitempty"`
		TotalFen    int64  `json:"total_fen,omitempty"`
		RefundFen   int64  `json:"refund_fen,omitempty"`
		PaidAt      string `json:"paid_at,omitempty"`
		Buyer       string `json:"buyer,omitempty"`
	}
)

// Pay makes the trade, or finds the one that it made: the gateway knows an order by its number.
func (c Channel) Pay(ctx context.Context, r core.PayRequest) core.PayResult {
	body := order{r.OutTradeNo, int64(r.AmountFen), r.Subject, r.TimeExpire.UTC().Format(time.RFC3339)}
	got, answer := c.Wire.call(ctx, r.Account, "/pay", r.OutTradeNo, body)
	if answer.Outcome == core.OutcomeSucceeded && got.PrepayID == "" {
		answer = unverified(answer, "no prepay_id")
	}
	if answer.Outcome != core.OutcomeSucceeded {
		return core.PayResult{Answer: answer}
	}
	fields := map[string]string{"prepay_id": got.PrepayID}
	return core.PayResult{Answer: answer, Action: core.Action{Type: ActionPrepaid, Fields: fields}}
}

// Query asks what became of a trade.
func (c Channel) Query(ctx context.Context, r core.TradeRef) core.TradeResult {
	got, answer := c.Wire.call(ctx, r.Account, "/query", r.OutTradeNo, back{OutTradeNo: r.OutTradeNo})
	if answer.Outcome != core.OutcomeSucceeded {
		return core.TradeResult{Answer: answer}
	}
	trade, ok := got.trade()
	if !ok {
		return core.TradeResult{Answer: unverified(answer, "a trade that cannot be")}
	}
	return core.TradeResult{Answer: answer, Trade: trade}
}

// trade translates a description, or says that it cannot be one.
func (s said) trade() (core.Trade, bool) {
	states := map[string]core.TradeState{
		"NOT_PAID": core.TradeWaiting, "PAID": core.TradePaid, "REFUNDED": core.TradeClosed,
	}
	t := core.Trade{
		OutTradeNo: s.OutTradeNo, TradeNo: s.TradeNo, State: states[s.State], TotalFen: core.Fen(s.TotalFen),
		ReceiptFen: core.Fen(s.TotalFen), Payer: core.Payer{OpenID: s.Buyer},
	}
	paid := s.State == "PAID" || s.State == "REFUNDED"
	at, err := time.Parse(time.RFC3339, s.PaidAt)
	if paid {
		t.PaidAt = at
	}
	return t, t.State != "" && s.TotalFen > 0 && (!paid || err == nil && s.TradeNo != "")
}

// Refund sends money back; whether it has gone, the query tells.
func (c Channel) Refund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	return c.refund(ctx, "/refund", r)
}

// QueryRefund asks what became of a refund.
func (c Channel) QueryRefund(ctx context.Context, r core.RefundRequest) core.RefundResult {
	return c.refund(ctx, "/refund/query", r)
}

func (c Channel) refund(ctx context.Context, path string, r core.RefundRequest) core.RefundResult {
	body := back{r.OutTradeNo, r.OutRequestNo, int64(r.TotalFen), int64(r.AmountFen)}
	got, answer := c.Wire.call(ctx, r.Account, path, r.OutTradeNo, body)
	switch {
	case answer.Outcome != core.OutcomeSucceeded:
		return core.RefundResult{Answer: answer}
	case got.OutRefundNo != r.OutRequestNo || got.RefundFen <= 0:
		return core.RefundResult{Answer: unverified(answer, "another refund")}
	case got.State == "SENT":
		answer.Outcome = core.OutcomePending
		return core.RefundResult{Answer: answer}
	case got.State == "DONE":
		fen := core.Fen(got.RefundFen)
		return core.RefundResult{Answer: answer, AskedFen: fen, ActualFen: fen, TotalFen: core.Fen(got.TotalFen)}
	default:
		return core.RefundResult{Answer: unverified(answer, "a refund that cannot be")}
	}
}

// call makes one exchange, and classifies its answer. That the answer is about the trade is checked
// here; what else it says is the caller's.
func (w Wire) call(ctx context.Context, account core.Account, path, outTradeNo string, body any) (said, core.Answer) {
	answer := core.Answer{Outcome: core.OutcomeNotSent}
	keys, ok := w.Keys[account.ID]
	if !ok {
		answer.Code, answer.Detail = core.CodeNotConfigured, "no keys for the account"
		return said{}, answer
	}
	answer.KeyVersion = keys.Version
	content, err := json.Marshal(body)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		answer.Code, answer.Err = core.CodeChannelUnavailable, err
		return said{}, answer
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://tiny.invalid"+path, bytes.NewReader(content))
	if err != nil {
		answer.Code, answer.Err = core.CodeInternal, err
		return said{}, answer
	}
	request.Header = signer{account.AppID, keys.Version, keys.Own}.header(path, w.Now(), content)
	response, err := w.Transport.RoundTrip(request)
	if err != nil {
		answer.Code, answer.Err = core.CodeChannelUnavailable, err
		if !unsent(err) {
			answer.Outcome = core.OutcomeUnknown
		}
		return said{}, answer
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, MaxBody+1))
	if err == nil {
		err = reader{account.AppID, keys.Version, keys.Gate, w.Now}.verify(response.Header, "", text)
	}
	if err != nil {
		return said{}, unverified(answer, err.Error())
	}
	var got said
	if err := json.Unmarshal(text, &got); err != nil || got.OutTradeNo != outTradeNo {
		return said{}, unverified(answer, "the answer is about something else")
	}
	return got, judged(answer, got.Code)
}

// unsent tells whether a failed exchange certainly sent nothing.
func unsent(err error) bool {
	var dial *net.OpError
	var trust *tls.CertificateVerificationError
	return errors.As(err, &dial) && dial.Op == "dial" || errors.As(err, &trust)
}

// unverified is an answer that proves nothing.
func unverified(a core.Answer, why string) core.Answer {
	a.Outcome, a.Code, a.Detail = core.OutcomeUnknown, "answer_unverified", why
	return a
}

// outcomes lists every code that the gateway documents. One that is not here is unknown.
func outcomes() map[string]core.Outcome {
	return map[string]core.Outcome{
		"":             core.OutcomeSucceeded,
		"NO_TRADE":     core.OutcomeAbsent,
		"NO_REFUND":    core.OutcomeAbsent,
		"OVER":         core.OutcomeFailed, // an order whose end has come
		"NOT_PAID":     core.OutcomeFailed,
		"NOT_ENOUGH":   core.OutcomeFailed,
		"WRONG_TOTAL":  core.OutcomeFailed,
		"NUMBER_TAKEN": core.OutcomeUnknown, // perhaps by a call of ours that got lost
		"BUSY":         core.OutcomeUnknown,
		"TOO_MANY":     core.OutcomeUnknown,
	}
}

// judged classifies a verified answer by its code.
func judged(a core.Answer, code string) core.Answer {
	outcome, listed := outcomes()[code]
	if !listed {
		outcome = core.OutcomeUnknown
	}
	a.Outcome, a.Detail = outcome, code
	if outcome != core.OutcomeSucceeded {
		a.Code, a.Gateway = core.CodeChannelRefused, core.GatewayWords{Code: code}
	}
	return a
}
