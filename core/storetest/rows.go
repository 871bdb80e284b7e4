package storetest

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/paymux/paymux/core"
)

// table names a kind of row.
type table string

const (
	payments    table = "payments"
	attempts    table = "attempts"
	refunds     table = "refunds"
	idempotency table = "idempotency"
	inbox       table = "inbox"
	deliveries  table = "deliveries"
	events      table = "events"
	entries     table = "entries"
	audits      table = "audits"
	payers      table = "payers"
	nonces      table = "nonces"
)

func tables() []table {
	return []table{payments, attempts, refunds, idempotency, inbox, deliveries, events, entries, audits, payers, nonces}
}

// tableOf returns a row's table, "" for a row that no store keeps.
func tableOf(row core.Row) table {
	switch row.(type) {
	case *core.Payment:
		return payments
	case *core.Attempt:
		return attempts
	case *core.Refund:
		return refunds
	case *core.Idempotency:
		return idempotency
	case *core.Inbox:
		return inbox
	case *core.Delivery:
		return deliveries
	case *core.Event:
		return events
	case *core.Entry:
		return entries
	case *core.Audit:
		return audits
	case *core.SealedPayer:
		return payers
	case *core.Nonce:
		return nonces
	default:
		return ""
	}
}

// versionOf points to a row's version, nil for rows that are only inserted.
func versionOf(row core.Row) *int64 {
	switch r := row.(type) {
	case *core.Payment:
		return &r.Version
	case *core.Attempt:
		return &r.Version
	case *core.Refund:
		return &r.Version
	case *core.Idempotency:
		return &r.Version
	case *core.Inbox:
		return &r.Version
	case *core.Delivery:
		return &r.Version
	default:
		return nil
	}
}

// needsWitness tells whether a unit that guards the row must insert something. Messages and
// deliveries may do without: their jobs are safe to repeat, so a commit of theirs without an answer
// is reported as CodeUnavailable instead of being looked up.
func needsWitness(row core.Row) bool {
	t := tableOf(row)
	return t != inbox && t != deliveries
}

// changeable lists the fields that a guard may replace. All others are fixed at insert: a link that
// was handed out keeps its number and its amount (S08).
func changeable(t table) []string {
	switch t {
	case payments:
		return []string{
			"Platform", "Status", "Settling", "PaidFen", "ReservedFen", "RefundedFen", "ActiveAttempt", "PaidAttempt", "CloseReason", "LateFen",
			"LateRefundID", "Attention", "Sequence", "ExpiresAt", "PaidAt", "ClosedAt",
		}
	case attempts:
		return []string{
			"PayerRef", "Payer", "ClientIP", "State", "Settling", "Superseded", "TradeNo", "ChannelState", "Action", "KeyVersion", "PaidFen",
			"ReceiptFen", "GatewayPaid", "Reason", "OpenedAt", "NextAt", "Tries", "EndedAt",
			"SumFen", "ExcessFen", "SumAt", "Doubt", "Calls", "TurnedAway", "Fault", "Said",
		}
	case refunds:
		return []string{
			"ActualFen", "Status", "Settling", "FailCode", "Approver", "ChannelState", "KeyVersion", "SentAt", "NextAt", "Tries", "EndedAt",
			"SumFen", "ReturnedFen", "ReturnedAt", "HandledAt", "HandledBy", "HandledWhy", "Fault", "Said",
		}
	case idempotency:
		return []string{"ObjectID", "Done", "Status", "Answer", "AnswerOf", "DeleteAfter"}
	case inbox:
		return []string{"State", "Code", "Repeats", "OutTradeNo", "PaymentID", "KeyVersion", "NextAt", "Tries", "DeleteAfter"}
	case deliveries:
		return []string{"State", "Tries", "LastStatus", "LastError", "NextAt", "EndedAt"}
	default:
		return nil
	}
}

// Changeable lists the fields of a row that a guard may replace, for stores that say it once more
// in words of their own.
func Changeable(row core.Row) []string { return changeable(tableOf(row)) }

// changedForever names a field that row changes although it is fixed at insert, or "".
func changedForever(stored, row core.Row) string {
	may := changeable(tableOf(row))
	was, is := reflect.ValueOf(stored).Elem(), reflect.ValueOf(clone(row)).Elem()
	for i := range is.NumField() {
		field := is.Type().Field(i).Name
		if field == "Version" || slices.Contains(may, field) {
			continue
		}
		if !reflect.DeepEqual(was.Field(i).Interface(), is.Field(i).Interface()) {
			return field
		}
	}
	return ""
}

// clone returns a deep copy as a store gives it back: times in UTC to the millisecond, nothing
// instead of empty lists.
func clone(row core.Row) core.Row {
	switch r := row.(type) {
	case *core.Payment:
		c := *r
		c.Lines, c.Metadata = slices.Clone(orNil(r.Lines)), maps.Clone(r.Metadata)
		if len(c.Metadata) == 0 {
			c.Metadata = nil
		}
		cut(&c.CreatedAt, &c.ExpiresAt, &c.PaidAt, &c.ClosedAt)
		return &c
	case *core.Attempt:
		c := *r
		c.ChannelState, c.Action.Fields = bytesOf(r.ChannelState), maps.Clone(r.Action.Fields)
		c.Funding.Forbid = slices.Clone(orNil(r.Funding.Forbid))
		if len(c.Action.Fields) == 0 {
			c.Action.Fields = nil
		}
		cut(&c.GatewayPaid, &c.TimeExpire, &c.OpenedAt, &c.NextAt, &c.SumAt, &c.CreatedAt, &c.EndedAt)
		return &c
	case *core.Refund:
		c := *r
		c.ChannelState = bytesOf(r.ChannelState)
		cut(&c.SentAt, &c.NextAt, &c.ReturnedAt, &c.HandledAt, &c.CreatedAt, &c.EndedAt)
		return &c
	default:
		return cloneSmall(row)
	}
}

func cloneSmall(row core.Row) core.Row {
	switch r := row.(type) {
	case *core.Idempotency:
		c := *r
		c.Answer = bytesOf(r.Answer)
		cut(&c.CreatedAt, &c.DeleteAfter)
		return &c
	case *core.Inbox:
		c := *r
		c.Sealed = bytesOf(r.Sealed)
		cut(&c.NextAt, &c.ReceivedAt, &c.DeleteAfter)
		return &c
	case *core.Delivery:
		c := *r
		cut(&c.NextAt, &c.CreatedAt, &c.EndedAt)
		return &c
	case *core.Event:
		c := *r
		c.Body = bytesOf(r.Body)
		cut(&c.CreatedAt)
		return &c
	case *core.Entry:
		c := *r
		cut(&c.CreatedAt)
		return &c
	case *core.Audit:
		c := *r
		cut(&c.CreatedAt)
		return &c
	case *core.SealedPayer:
		c := *r
		c.Sealed = bytesOf(r.Sealed)
		cut(&c.CreatedAt, &c.DeleteAfter)
		return &c
	case *core.Nonce:
		c := *r
		cut(&c.DeleteAfter)
		return &c
	default:
		return row
	}
}

func cut(times ...*time.Time) {
	for _, t := range times {
		if t.IsZero() {
			*t = time.Time{}
			continue
		}
		*t = time.UnixMilli(t.UnixMilli()).UTC()
	}
}

func bytesOf(b []byte) []byte { return slices.Clone(orNil(b)) }

func orNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}
