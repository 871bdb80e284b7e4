package store

import "github.com/paymux/paymux/core"

type entryRow struct {
	ID         string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	PostingID  string `gorm:"column:posting_id;size:64" store:"ascii"`
	MerchantID string `gorm:"column:merchant_id;size:64" store:"ascii"`
	PaymentID  string `gorm:"column:payment_id;size:64" store:"ascii"`
	RefundID   string `gorm:"column:refund_id;size:64" store:"ascii"`
	Account    string `gorm:"column:account;size:32" store:"ascii"`
	Owner      string `gorm:"column:owner;size:64" store:"ascii"`
	AmountFen  int64  `gorm:"column:amount_fen"`
	CreatedAt  int64  `gorm:"column:created_at;autoCreateTime:false"`
}

func (entryRow) TableName() string { return "entries" }

func entryRowOf(e *core.Entry) *entryRow {
	return &entryRow{
		ID: e.ID, PostingID: e.PostingID, MerchantID: e.MerchantID, PaymentID: e.PaymentID, RefundID: e.RefundID, Account: string(e.Account),
		Owner: e.Owner, AmountFen: int64(e.AmountFen), CreatedAt: millis(e.CreatedAt),
	}
}

func (r *entryRow) entry() core.Entry {
	return core.Entry{
		ID: r.ID, PostingID: r.PostingID, MerchantID: r.MerchantID, PaymentID: r.PaymentID, RefundID: r.RefundID,
		Account: core.LedgerAccount(r.Account), Owner: r.Owner, AmountFen: core.Fen(r.AmountFen), CreatedAt: moment(r.CreatedAt),
	}
}

// auditRow carries the number of the seal that chained it, 0 while it is unsealed: the one column
// that is ever updated.
type auditRow struct {
	ID         string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	MerchantID string `gorm:"column:merchant_id;size:64" store:"ascii"`
	Actor      string `gorm:"column:actor;size:128" store:"text"`
	KeyID      string `gorm:"column:key_id;size:64" store:"ascii"`
	Action     string `gorm:"column:action;size:64" store:"ascii"`
	Object     string `gorm:"column:object;size:128" store:"ascii"`
	Detail     string `gorm:"column:detail;size:1024" store:"text"`
	CreatedAt  int64  `gorm:"column:created_at;autoCreateTime:false"`
	Seal       int64  `gorm:"column:seal"`
}

func (auditRow) TableName() string { return "audits" }

func auditRowOf(a *core.Audit) *auditRow {
	return &auditRow{
		ID: a.ID, MerchantID: a.MerchantID, Actor: a.Actor, KeyID: a.KeyID, Action: a.Action, Object: a.Object, Detail: a.Detail,
		CreatedAt: millis(a.CreatedAt),
	}
}

func (r *auditRow) audit() core.Audit {
	return core.Audit{
		ID: r.ID, MerchantID: r.MerchantID, Actor: r.Actor, KeyID: r.KeyID, Action: r.Action, Object: r.Object, Detail: r.Detail, CreatedAt: moment(r.CreatedAt),
	}
}

type payerRow struct {
	ID          string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	MerchantID  string `gorm:"column:merchant_id;size:64" store:"ascii"`
	Pseudonym   string `gorm:"column:pseudonym;size:128" store:"ascii"`
	Sealed      []byte `gorm:"column:sealed;size:8192" store:"blob"`
	CreatedAt   int64  `gorm:"column:created_at;autoCreateTime:false"`
	DeleteAfter int64  `gorm:"column:delete_after"`
}

func (payerRow) TableName() string { return "payers" }

func payerRowOf(p *core.SealedPayer) *payerRow {
	return &payerRow{
		ID: p.ID, MerchantID: p.MerchantID, Pseudonym: p.Pseudonym, Sealed: notNull(p.Sealed), CreatedAt: millis(p.CreatedAt),
		DeleteAfter: millis(p.DeleteAfter),
	}
}

func (r *payerRow) payer() *core.SealedPayer {
	return &core.SealedPayer{
		ID: r.ID, MerchantID: r.MerchantID, Pseudonym: r.Pseudonym, Sealed: orNil(r.Sealed), CreatedAt: moment(r.CreatedAt),
		DeleteAfter: moment(r.DeleteAfter),
	}
}

type nonceRow struct {
	KeyID       string `gorm:"column:key_id;size:64;primaryKey" store:"ascii"`
	Nonce       string `gorm:"column:nonce;size:128;primaryKey" store:"ascii"`
	DeleteAfter int64  `gorm:"column:delete_after"`
}

func (nonceRow) TableName() string { return "nonces" }

func nonceRowOf(n *core.Nonce) *nonceRow {
	return &nonceRow{KeyID: n.KeyID, Nonce: n.Nonce, DeleteAfter: millis(n.DeleteAfter)}
}
