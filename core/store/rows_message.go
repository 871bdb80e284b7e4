package store

import "github.com/paymux/paymux/core"

type idempotencyRow struct {
	ID          string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	MerchantID  string `gorm:"column:merchant_id;size:64" store:"ascii"`
	Operation   string `gorm:"column:operation;size:64" store:"ascii"`
	RequestKey  string `gorm:"column:request_key;size:255" store:"ascii"`
	Fingerprint string `gorm:"column:fingerprint;size:128" store:"ascii"`
	ObjectID    string `gorm:"column:object_id;size:64" store:"ascii,changes"`
	Done        bool   `gorm:"column:done" store:"changes"`
	Status      int64  `gorm:"column:status" store:"changes"`
	Answer      []byte `gorm:"column:answer;size:2097152" store:"blob,changes"`
	CreatedAt   int64  `gorm:"column:created_at;autoCreateTime:false"`
	DeleteAfter int64  `gorm:"column:delete_after" store:"changes"`
	AnswerOf    int64  `gorm:"column:answer_of" store:"changes"`
	Version     int64  `gorm:"column:version"`
}

func (idempotencyRow) TableName() string { return "idempotency" }

func idempotencyRowOf(i *core.Idempotency) *idempotencyRow {
	return &idempotencyRow{
		ID: i.ID, MerchantID: i.MerchantID, Operation: i.Operation, RequestKey: i.Key, Fingerprint: i.Fingerprint, ObjectID: i.ObjectID, Done: i.Done,
		Status: int64(i.Status), Answer: notNull(i.Answer), AnswerOf: i.AnswerOf, CreatedAt: millis(i.CreatedAt), DeleteAfter: millis(i.DeleteAfter),
		Version: i.Version,
	}
}

func (r *idempotencyRow) idempotency() *core.Idempotency {
	return &core.Idempotency{
		ID: r.ID, MerchantID: r.MerchantID, Operation: r.Operation, Key: r.RequestKey, Fingerprint: r.Fingerprint, ObjectID: r.ObjectID, Done: r.Done,
		Status: int(r.Status), Answer: orNil(r.Answer), AnswerOf: r.AnswerOf, CreatedAt: moment(r.CreatedAt), DeleteAfter: moment(r.DeleteAfter),
		Version: r.Version,
	}
}

type inboxRow struct {
	ID          string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	Gateway     string `gorm:"column:gateway;size:32" store:"ascii"`
	Account     string `gorm:"column:account;size:64" store:"ascii"`
	Digest      string `gorm:"column:digest;size:128" store:"ascii"`
	Sealed      []byte `gorm:"column:sealed;size:1048576" store:"blob"`
	State       string `gorm:"column:state;size:32" store:"ascii,changes"`
	Code        string `gorm:"column:code;size:64" store:"ascii,changes"`
	Repeats     int64  `gorm:"column:repeats" store:"changes"`
	OutTradeNo  string `gorm:"column:out_trade_no;size:64" store:"text,changes"`
	PaymentID   string `gorm:"column:payment_id;size:64" store:"ascii,changes"`
	KeyVersion  string `gorm:"column:key_version;size:128" store:"ascii,changes"`
	NextAt      int64  `gorm:"column:next_at" store:"changes"`
	Tries       int64  `gorm:"column:tries" store:"changes"`
	ReceivedAt  int64  `gorm:"column:received_at"`
	DeleteAfter int64  `gorm:"column:delete_after" store:"changes"`
	Version     int64  `gorm:"column:version"`
}

func (inboxRow) TableName() string { return "inbox" }

func inboxRowOf(i *core.Inbox) *inboxRow {
	return &inboxRow{
		ID: i.ID, Gateway: string(i.Gateway), Account: i.Account, Digest: i.Digest, Sealed: notNull(i.Sealed), State: string(i.State), Code: i.Code,
		Repeats: i.Repeats, OutTradeNo: i.OutTradeNo, PaymentID: i.PaymentID, KeyVersion: i.KeyVersion, NextAt: millis(i.NextAt),
		Tries: int64(i.Tries), ReceivedAt: millis(i.ReceivedAt), DeleteAfter: millis(i.DeleteAfter), Version: i.Version,
	}
}

func (r *inboxRow) inbox() *core.Inbox {
	return &core.Inbox{
		ID: r.ID, Gateway: core.GatewayID(r.Gateway), Account: r.Account, Digest: r.Digest, Sealed: orNil(r.Sealed), State: core.InboxState(r.State),
		Code: r.Code, Repeats: r.Repeats, OutTradeNo: r.OutTradeNo, PaymentID: r.PaymentID, KeyVersion: r.KeyVersion, NextAt: moment(r.NextAt),
		Tries: int(r.Tries), ReceivedAt: moment(r.ReceivedAt), DeleteAfter: moment(r.DeleteAfter), Version: r.Version,
	}
}

type eventRow struct {
	ID         string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	RowID      string `gorm:"column:row_id;size:64" store:"ascii"`
	MerchantID string `gorm:"column:merchant_id;size:64" store:"ascii"`
	PaymentID  string `gorm:"column:payment_id;size:64" store:"ascii"`
	RefundID   string `gorm:"column:refund_id;size:64" store:"ascii"`
	EventType  string `gorm:"column:event_type;size:64" store:"ascii"`
	Sequence   int64  `gorm:"column:sequence"`
	Body       []byte `gorm:"column:body;size:2097152" store:"blob"`
	CreatedAt  int64  `gorm:"column:created_at;autoCreateTime:false"`
}

func (eventRow) TableName() string { return "events" }

func eventRowOf(e *core.Event) *eventRow {
	return &eventRow{
		ID: e.ID, RowID: e.Row, MerchantID: e.MerchantID, PaymentID: e.PaymentID, RefundID: e.RefundID, EventType: string(e.Type),
		Sequence: e.Sequence, Body: notNull(e.Body), CreatedAt: millis(e.CreatedAt),
	}
}

func (r *eventRow) event() *core.Event {
	return &core.Event{
		ID: r.ID, Row: r.RowID, MerchantID: r.MerchantID, PaymentID: r.PaymentID, RefundID: r.RefundID, Type: core.EventType(r.EventType),
		Sequence: r.Sequence, Body: orNil(r.Body), CreatedAt: moment(r.CreatedAt),
	}
}

type deliveryRow struct {
	ID         string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	EventID    string `gorm:"column:event_id;size:64" store:"ascii"`
	MerchantID string `gorm:"column:merchant_id;size:64" store:"ascii"`
	EndpointID string `gorm:"column:endpoint_id;size:64" store:"ascii"`
	State      string `gorm:"column:state;size:32" store:"ascii,changes"`
	Tries      int64  `gorm:"column:tries" store:"changes"`
	LastStatus int64  `gorm:"column:last_status" store:"changes"`
	LastError  string `gorm:"column:last_error;size:512" store:"text,changes"`
	NextAt     int64  `gorm:"column:next_at" store:"changes"`
	CreatedAt  int64  `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt    int64  `gorm:"column:ended_at" store:"changes"`
	Version    int64  `gorm:"column:version"`
}

func (deliveryRow) TableName() string { return "deliveries" }

func deliveryRowOf(d *core.Delivery) *deliveryRow {
	return &deliveryRow{
		ID: d.ID, EventID: d.EventID, MerchantID: d.MerchantID, EndpointID: d.EndpointID, State: string(d.State), Tries: int64(d.Tries),
		LastStatus: int64(d.LastStatus), LastError: d.LastError, NextAt: millis(d.NextAt), CreatedAt: millis(d.CreatedAt),
		EndedAt: millis(d.EndedAt), Version: d.Version,
	}
}

func (r *deliveryRow) delivery() *core.Delivery {
	return &core.Delivery{
		ID: r.ID, EventID: r.EventID, MerchantID: r.MerchantID, EndpointID: r.EndpointID, State: core.DeliveryState(r.State), Tries: int(r.Tries),
		LastStatus: int(r.LastStatus), LastError: r.LastError, NextAt: moment(r.NextAt), CreatedAt: moment(r.CreatedAt),
		EndedAt: moment(r.EndedAt), Version: r.Version,
	}
}
