package storetest

import (
	"encoding/json"
	"strconv"
	"unicode/utf8"

	"github.com/paymux/paymux/core"
)

// Limit says how much one field of a row may hold. A store refuses what does not fit with
// CodeInvalid and the field's name, before it writes (D09, D17): nothing is ever cut.
type Limit struct {
	Field string // table and column: "payments.subject"
	Max   int    // characters for text, bytes otherwise
	ASCII bool   // only ASCII may be stored: identifiers, compared byte by byte
	Bytes int    // length of what a blob or JSON field holds
	Text  *string
}

// Limits lists the limited fields of a row, with pointers to its texts.
func Limits(row core.Row) []Limit {
	switch r := row.(type) {
	case *core.Payment:
		return paymentLimits(r)
	case *core.Attempt:
		return attemptLimits(r)
	case *core.Refund:
		return refundLimits(r)
	case *core.Idempotency:
		return []Limit{
			name("idempotency.id", &r.ID, 64), name("idempotency.merchant_id", &r.MerchantID, 64), name("idempotency.operation", &r.Operation, 64),
			name("idempotency.request_key", &r.Key, 255), name("idempotency.fingerprint", &r.Fingerprint, 128), name("idempotency.object_id", &r.ObjectID, 64),
			blob("idempotency.answer", len(r.Answer), 2<<20),
		}
	case *core.Inbox:
		return inboxLimits(r)
	case *core.Delivery:
		return []Limit{
			name("deliveries.id", &r.ID, 64), name("deliveries.event_id", &r.EventID, 64), name("deliveries.merchant_id", &r.MerchantID, 64),
			name("deliveries.endpoint_id", &r.EndpointID, 64), name("deliveries.state", (*string)(&r.State), 32),
			text("deliveries.last_error", &r.LastError, 512),
		}
	case *core.Event:
		return []Limit{
			name("events.id", &r.ID, 64), name("events.row_id", &r.Row, 64), name("events.merchant_id", &r.MerchantID, 64),
			name("events.payment_id", &r.PaymentID, 64), name("events.refund_id", &r.RefundID, 64), name("events.event_type", (*string)(&r.Type), 64),
			blob("events.body", len(r.Body), 2<<20),
		}
	case *core.Entry:
		return []Limit{
			name("entries.id", &r.ID, 64), name("entries.posting_id", &r.PostingID, 64), name("entries.merchant_id", &r.MerchantID, 64),
			name("entries.payment_id", &r.PaymentID, 64), name("entries.refund_id", &r.RefundID, 64),
			name("entries.account", (*string)(&r.Account), 32), name("entries.owner", &r.Owner, 64),
		}
	case *core.Audit:
		return []Limit{
			name("audits.id", &r.ID, 64), name("audits.merchant_id", &r.MerchantID, 64), text("audits.actor", &r.Actor, 128),
			name("audits.key_id", &r.KeyID, 64), name("audits.action", &r.Action, 64), name("audits.object", &r.Object, 128),
			text("audits.detail", &r.Detail, 1024),
		}
	case *core.SealedPayer:
		return []Limit{
			name("payers.id", &r.ID, 64), name("payers.merchant_id", &r.MerchantID, 64), name("payers.pseudonym", &r.Pseudonym, 128),
			blob("payers.sealed", len(r.Sealed), 8<<10),
		}
	case *core.Nonce:
		return []Limit{name("nonces.key_id", &r.KeyID, 64), name("nonces.nonce", &r.Nonce, 128)}
	default:
		return nil
	}
}

func paymentLimits(r *core.Payment) []Limit {
	return []Limit{
		name("payments.id", &r.ID, 64), name("payments.merchant_id", &r.MerchantID, 64), name("payments.merchant_order_no", &r.MerchantOrderNo, 64),
		name("payments.environment", (*string)(&r.Environment), 32), name("payments.platform", (*string)(&r.Platform), 32),
		name("payments.currency", &r.Currency, 8), text("payments.subject", &r.Subject, 256), blob("payments.goods_lines", jsonSize(r.Lines), 1<<20),
		blob("payments.metadata", jsonSize(r.Metadata), 60<<10), text("payments.return_url", &r.ReturnURL, 2048),
		name("payments.fingerprint", &r.Fingerprint, 128), name("payments.status", (*string)(&r.Status), 32),
		name("payments.active_attempt", &r.ActiveAttempt, 64), name("payments.paid_attempt", &r.PaidAttempt, 64),
		name("payments.close_reason", &r.CloseReason, 64), name("payments.late_refund_id", &r.LateRefundID, 64), name("payments.attention", &r.Attention, 256),
	}
}

func attemptLimits(r *core.Attempt) []Limit {
	return []Limit{
		name("attempts.id", &r.ID, 64), name("attempts.payment_id", &r.PaymentID, 64), name("attempts.merchant_id", &r.MerchantID, 64),
		name("attempts.out_trade_no", &r.OutTradeNo, 64), name("attempts.token", &r.Token, 128), name("attempts.platform", (*string)(&r.Platform), 32),
		name("attempts.channel", (*string)(&r.Channel), 32), name("attempts.gateway", (*string)(&r.Gateway), 32),
		name("attempts.account", &r.Account, 64), blob("attempts.funding", jsonSize(r.Funding), 4<<10), name("attempts.payer_ref", &r.PayerRef, 64),
		name("attempts.payer", &r.Payer, 128), name("attempts.client_ip", &r.ClientIP, 64), name("attempts.state", (*string)(&r.State), 32),
		name("attempts.trade_no", &r.TradeNo, 64), blob("attempts.channel_state", len(r.ChannelState), 60<<10),
		blob("attempts.action", jsonSize(r.Action), 60<<10), name("attempts.key_version", &r.KeyVersion, 128), name("attempts.reason", &r.Reason, 64),
		name("attempts.fault", (*string)(&r.Fault), 64), name("attempts.gateway_code", &r.Said.Code, 64),
		name("attempts.gateway_sub_code", &r.Said.SubCode, 64), text("attempts.gateway_message", &r.Said.Message, 256),
		name("attempts.doubt", &r.Doubt, 64),
	}
}

func refundLimits(r *core.Refund) []Limit {
	return []Limit{
		name("refunds.id", &r.ID, 64), name("refunds.payment_id", &r.PaymentID, 64), name("refunds.attempt_id", &r.AttemptID, 64),
		name("refunds.merchant_id", &r.MerchantID, 64), name("refunds.merchant_refund_no", &r.MerchantRefundNo, 64),
		name("refunds.out_request_no", &r.OutRequestNo, 64), name("refunds.origin", (*string)(&r.Origin), 32), text("refunds.reason", &r.Reason, 256),
		text("refunds.reason_given", &r.ReasonGiven, 1024),
		name("refunds.fingerprint", &r.Fingerprint, 128), name("refunds.status", (*string)(&r.Status), 32), name("refunds.fail_code", &r.FailCode, 64),
		text("refunds.asker", &r.Asker, 128), text("refunds.approver", &r.Approver, 128), blob("refunds.channel_state", len(r.ChannelState), 60<<10),
		name("refunds.key_version", &r.KeyVersion, 128), name("refunds.fault", (*string)(&r.Fault), 64),
		name("refunds.gateway_code", &r.Said.Code, 64), name("refunds.gateway_sub_code", &r.Said.SubCode, 64),
		text("refunds.gateway_message", &r.Said.Message, 256),
	}
}

func inboxLimits(r *core.Inbox) []Limit {
	return []Limit{
		name("inbox.id", &r.ID, 64), name("inbox.gateway", (*string)(&r.Gateway), 32), name("inbox.account", &r.Account, 64),
		name("inbox.digest", &r.Digest, 128), blob("inbox.sealed", len(r.Sealed), 1<<20), name("inbox.state", (*string)(&r.State), 32),
		name("inbox.code", &r.Code, 64), text("inbox.out_trade_no", &r.OutTradeNo, 64), name("inbox.payment_id", &r.PaymentID, 64),
		name("inbox.key_version", &r.KeyVersion, 128),
	}
}

func name(field string, s *string, max int) Limit {
	return Limit{Field: field, Max: max, ASCII: true, Text: s}
}
func text(field string, s *string, max int) Limit { return Limit{Field: field, Max: max, Text: s} }
func blob(field string, n, max int) Limit         { return Limit{Field: field, Max: max, Bytes: n} }

// jsonSize is the length of v as JSON; the rows of core hold nothing that JSON cannot say.
func jsonSize(v any) int {
	b, err := json.Marshal(v)
	if err != nil {
		return 0
	}
	return len(b)
}

// fit refuses a row that some store could not hold as it is.
func fit(row core.Row) error {
	for _, l := range Limits(row) {
		if problem := l.problem(); problem != "" {
			return &core.Error{Code: core.CodeInvalid, Field: l.Field, Message: problem}
		}
	}
	p, ok := row.(*core.Payment)
	if ok && (p.RefundedFen < 0 || p.RefundedFen > p.ReservedFen || p.ReservedFen > p.PaidFen) {
		return core.Errorf(core.CodeInternal, "payment %s breaks 0 <= refunded (%d) <= reserved (%d) <= paid (%d)",
			p.ID, p.RefundedFen, p.ReservedFen, p.PaidFen)
	}
	return nil
}

// problem says what is wrong with the field, or "".
func (l Limit) problem() string {
	if l.Text == nil {
		if l.Bytes > l.Max {
			return "must have at most " + strconv.Itoa(l.Max) + " bytes"
		}
		return ""
	}
	if len(*l.Text) > l.Max && (l.ASCII || utf8.RuneCountInString(*l.Text) > l.Max) {
		return "must have at most " + strconv.Itoa(l.Max) + " characters"
	}
	for i := range len(*l.Text) {
		if c := (*l.Text)[i]; c == 0 || l.ASCII && c >= utf8.RuneSelf {
			return "holds a character that cannot be stored"
		}
	}
	if !utf8.ValidString(*l.Text) {
		return "must be valid UTF-8"
	}
	return ""
}
