package store

import (
	"database/sql"

	"github.com/paymux/paymux/core"
)

// In the store tag, "ascii" admits ASCII alone, "text" any UTF-8, "json" and "blob" bytes, each up
// to size; "changes" marks what a guard replaces. All other columns are fixed at insert.

type paymentRow struct {
	ID              string `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	MerchantID      string `gorm:"column:merchant_id;size:64" store:"ascii"`
	MerchantOrderNo string `gorm:"column:merchant_order_no;size:64" store:"ascii"`
	Environment     string `gorm:"column:environment;size:32" store:"ascii"`
	Platform        string `gorm:"column:platform;size:32" store:"ascii,changes"`
	AmountFen       int64  `gorm:"column:amount_fen"`
	Currency        string `gorm:"column:currency;size:8" store:"ascii"`
	Subject         string `gorm:"column:subject;size:256" store:"text"`
	GoodsLines      string `gorm:"column:goods_lines;size:1048576" store:"json"`
	Metadata        string `gorm:"column:metadata;size:61440" store:"json"`
	ReturnURL       string `gorm:"column:return_url;size:2048" store:"text"`
	Fingerprint     string `gorm:"column:fingerprint;size:128" store:"ascii"`
	Status          string `gorm:"column:status;size:32" store:"ascii,changes"`
	Settling        bool   `gorm:"column:settling" store:"changes"`
	PaidFen         int64  `gorm:"column:paid_fen" store:"changes"`
	ReservedFen     int64  `gorm:"column:reserved_fen" store:"changes"`
	RefundedFen     int64  `gorm:"column:refunded_fen" store:"changes"`
	ActiveAttempt   string `gorm:"column:active_attempt;size:64" store:"ascii,changes"`
	PaidAttempt     string `gorm:"column:paid_attempt;size:64" store:"ascii,changes"`
	CloseReason     string `gorm:"column:close_reason;size:64" store:"ascii,changes"`
	LateFen         int64  `gorm:"column:late_fen" store:"changes"`
	LateRefundID    string `gorm:"column:late_refund_id;size:64" store:"ascii,changes"`
	Attention       string `gorm:"column:attention;size:256" store:"ascii,changes"`
	Sequence        int64  `gorm:"column:sequence" store:"changes"`
	ExpiresAt       int64  `gorm:"column:expires_at" store:"changes"`
	PaidAt          int64  `gorm:"column:paid_at" store:"changes"`
	ClosedAt        int64  `gorm:"column:closed_at" store:"changes"`
	CreatedAt       int64  `gorm:"column:created_at;autoCreateTime:false"`
	Version         int64  `gorm:"column:version"`
}

func (paymentRow) TableName() string { return "payments" }

func paymentRowOf(p *core.Payment) *paymentRow {
	return &paymentRow{
		ID: p.ID, MerchantID: p.MerchantID, MerchantOrderNo: p.MerchantOrderNo, Environment: string(p.Environment), Platform: string(p.Platform),
		AmountFen: int64(p.AmountFen), Currency: p.Currency, Subject: p.Subject, GoodsLines: listJSON(p.Lines), Metadata: mapJSON(p.Metadata),
		ReturnURL: p.ReturnURL, Fingerprint: p.Fingerprint, Status: string(p.Status), Settling: p.Settling, PaidFen: int64(p.PaidFen),
		ReservedFen: int64(p.ReservedFen), RefundedFen: int64(p.RefundedFen), ActiveAttempt: p.ActiveAttempt, PaidAttempt: p.PaidAttempt,
		CloseReason: p.CloseReason, LateFen: int64(p.LateFen), LateRefundID: p.LateRefundID, Attention: p.Attention, Sequence: p.Sequence, Version: p.Version,
		CreatedAt: millis(p.CreatedAt), ExpiresAt: millis(p.ExpiresAt), PaidAt: millis(p.PaidAt), ClosedAt: millis(p.ClosedAt),
	}
}

func (r *paymentRow) payment() (core.Payment, error) {
	p := core.Payment{
		ID: r.ID, MerchantID: r.MerchantID, MerchantOrderNo: r.MerchantOrderNo, Environment: core.Environment(r.Environment),
		Platform: core.PlatformID(r.Platform), AmountFen: core.Fen(r.AmountFen), Currency: r.Currency, Subject: r.Subject, ReturnURL: r.ReturnURL,
		Fingerprint: r.Fingerprint, Status: core.PaymentStatus(r.Status), Settling: r.Settling, PaidFen: core.Fen(r.PaidFen),
		ReservedFen: core.Fen(r.ReservedFen), RefundedFen: core.Fen(r.RefundedFen), ActiveAttempt: r.ActiveAttempt, PaidAttempt: r.PaidAttempt,
		CloseReason: r.CloseReason, LateFen: core.Fen(r.LateFen), LateRefundID: r.LateRefundID, Attention: r.Attention, Sequence: r.Sequence, Version: r.Version,
		CreatedAt: moment(r.CreatedAt), ExpiresAt: moment(r.ExpiresAt), PaidAt: moment(r.PaidAt), ClosedAt: moment(r.ClosedAt),
	}
	if err := fromJSON("payments.goods_lines", r.ID, r.GoodsLines, &p.Lines); err != nil {
		return p, err
	}
	return p, fromJSON("payments.metadata", r.ID, r.Metadata, &p.Metadata)
}

type attemptRow struct {
	ID           string         `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	PaymentID    string         `gorm:"column:payment_id;size:64" store:"ascii"`
	MerchantID   string         `gorm:"column:merchant_id;size:64" store:"ascii"`
	OutTradeNo   string         `gorm:"column:out_trade_no;size:64" store:"ascii"`
	Token        sql.NullString `gorm:"column:token;size:128" store:"ascii"`
	Platform     string         `gorm:"column:platform;size:32" store:"ascii"`
	Channel      string         `gorm:"column:channel;size:32" store:"ascii"`
	Gateway      string         `gorm:"column:gateway;size:32" store:"ascii"`
	Account      string         `gorm:"column:account;size:64" store:"ascii"`
	AmountFen    int64          `gorm:"column:amount_fen"`
	Funding      string         `gorm:"column:funding;size:4096" store:"json"`
	PayerRef     string         `gorm:"column:payer_ref;size:64" store:"ascii,changes"`
	Payer        string         `gorm:"column:payer;size:128" store:"ascii,changes"`
	ClientIP     string         `gorm:"column:client_ip;size:64" store:"ascii,changes"`
	State        string         `gorm:"column:state;size:32" store:"ascii,changes"`
	Settling     bool           `gorm:"column:settling" store:"changes"`
	Superseded   bool           `gorm:"column:superseded" store:"changes"`
	TradeNo      sql.NullString `gorm:"column:trade_no;size:64" store:"ascii,changes"`
	ChannelState []byte         `gorm:"column:channel_state;size:61440" store:"blob,changes"`
	Action       string         `gorm:"column:action;size:61440" store:"json,changes"`
	KeyVersion   string         `gorm:"column:key_version;size:128" store:"ascii,changes"`
	PaidFen      int64          `gorm:"column:paid_fen" store:"changes"`
	ReceiptFen   int64          `gorm:"column:receipt_fen" store:"changes"`
	GatewayPaid  int64          `gorm:"column:gateway_paid" store:"changes"`
	Reason       string         `gorm:"column:reason;size:64" store:"ascii,changes"`
	TimeExpire   int64          `gorm:"column:time_expire"`
	OpenedAt     int64          `gorm:"column:opened_at" store:"changes"`
	NextAt       int64          `gorm:"column:next_at" store:"changes"`
	Tries        int64          `gorm:"column:tries" store:"changes"`
	Calls        int64          `gorm:"column:calls" store:"changes"`
	TurnedAway   int64          `gorm:"column:turned_away" store:"changes"`
	Fault        string         `gorm:"column:fault;size:64" store:"ascii,changes"`
	SaidCode     string         `gorm:"column:gateway_code;size:64" store:"ascii,changes"`
	SaidSubCode  string         `gorm:"column:gateway_sub_code;size:64" store:"ascii,changes"`
	SaidMessage  string         `gorm:"column:gateway_message;size:256" store:"text,changes"`
	SumFen       int64          `gorm:"column:sum_fen" store:"changes"`
	ExcessFen    int64          `gorm:"column:excess_fen" store:"changes"`
	SumAt        int64          `gorm:"column:sum_at" store:"changes"`
	Doubt        string         `gorm:"column:doubt;size:64" store:"ascii,changes"`
	CreatedAt    int64          `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt      int64          `gorm:"column:ended_at" store:"changes"`
	Version      int64          `gorm:"column:version"`
}

func (attemptRow) TableName() string { return "attempts" }

func attemptRowOf(a *core.Attempt) *attemptRow {
	return &attemptRow{
		ID: a.ID, PaymentID: a.PaymentID, MerchantID: a.MerchantID, OutTradeNo: a.OutTradeNo, Token: orNull(a.Token), Platform: string(a.Platform),
		Channel: string(a.Channel), Gateway: string(a.Gateway), Account: a.Account, AmountFen: int64(a.AmountFen), Funding: toJSON(a.Funding),
		PayerRef: a.PayerRef, Payer: a.Payer, ClientIP: a.ClientIP, State: string(a.State), Settling: a.Settling, Superseded: a.Superseded,
		TradeNo: orNull(a.TradeNo), ChannelState: notNull(a.ChannelState), Action: toJSON(a.Action), KeyVersion: a.KeyVersion, PaidFen: int64(a.PaidFen),
		ReceiptFen: int64(a.ReceiptFen), GatewayPaid: millis(a.GatewayPaid), Reason: a.Reason, TimeExpire: millis(a.TimeExpire),
		Calls: int64(a.Calls), TurnedAway: int64(a.TurnedAway), Fault: string(a.Fault), SaidCode: a.Said.Code, SaidSubCode: a.Said.SubCode,
		SaidMessage: a.Said.Message, OpenedAt: millis(a.OpenedAt), NextAt: millis(a.NextAt), Tries: int64(a.Tries), SumFen: int64(a.SumFen), ExcessFen: int64(a.ExcessFen),
		SumAt: millis(a.SumAt), Doubt: a.Doubt, CreatedAt: millis(a.CreatedAt), EndedAt: millis(a.EndedAt),
		Version: a.Version,
	}
}

func (r *attemptRow) attempt() (core.Attempt, error) {
	a := core.Attempt{
		ID: r.ID, PaymentID: r.PaymentID, MerchantID: r.MerchantID, OutTradeNo: r.OutTradeNo, Token: r.Token.String,
		Platform: core.PlatformID(r.Platform), Channel: core.ChannelID(r.Channel), Gateway: core.GatewayID(r.Gateway), Account: r.Account,
		AmountFen: core.Fen(r.AmountFen), PayerRef: r.PayerRef, Payer: r.Payer, ClientIP: r.ClientIP, State: core.AttemptState(r.State),
		Settling: r.Settling, Superseded: r.Superseded, TradeNo: r.TradeNo.String, ChannelState: orNil(r.ChannelState), KeyVersion: r.KeyVersion,
		PaidFen: core.Fen(r.PaidFen), ReceiptFen: core.Fen(r.ReceiptFen), GatewayPaid: moment(r.GatewayPaid), Reason: r.Reason,
		TimeExpire: moment(r.TimeExpire), OpenedAt: moment(r.OpenedAt), NextAt: moment(r.NextAt), Tries: int(r.Tries), SumFen: core.Fen(r.SumFen),
		ExcessFen: core.Fen(r.ExcessFen), SumAt: moment(r.SumAt), Doubt: r.Doubt, Version: r.Version,
		CreatedAt: moment(r.CreatedAt), EndedAt: moment(r.EndedAt), Calls: int(r.Calls), TurnedAway: int(r.TurnedAway), Fault: core.Code(r.Fault),
		Said: core.GatewayWords{Code: r.SaidCode, SubCode: r.SaidSubCode, Message: r.SaidMessage},
	}
	if err := fromJSON("attempts.funding", r.ID, r.Funding, &a.Funding); err != nil {
		return a, err
	}
	return a, fromJSON("attempts.action", r.ID, r.Action, &a.Action)
}

type refundRow struct {
	ID               string         `gorm:"column:id;size:64;primaryKey" store:"ascii"`
	PaymentID        string         `gorm:"column:payment_id;size:64" store:"ascii"`
	AttemptID        string         `gorm:"column:attempt_id;size:64" store:"ascii"`
	MerchantID       string         `gorm:"column:merchant_id;size:64" store:"ascii"`
	MerchantRefundNo sql.NullString `gorm:"column:merchant_refund_no;size:64" store:"ascii"`
	OutRequestNo     string         `gorm:"column:out_request_no;size:64" store:"ascii"`
	Origin           string         `gorm:"column:origin;size:32" store:"ascii"`
	AmountFen        int64          `gorm:"column:amount_fen"`
	ActualFen        int64          `gorm:"column:actual_fen" store:"changes"`
	Reason           string         `gorm:"column:reason;size:256" store:"text"`
	ReasonGiven      string         `gorm:"column:reason_given;size:1024" store:"text"`
	Fingerprint      string         `gorm:"column:fingerprint;size:128" store:"ascii"`
	Status           string         `gorm:"column:status;size:32" store:"ascii,changes"`
	Settling         bool           `gorm:"column:settling" store:"changes"`
	FailCode         string         `gorm:"column:fail_code;size:64" store:"ascii,changes"`
	Fault            string         `gorm:"column:fault;size:64" store:"ascii,changes"`
	SaidCode         string         `gorm:"column:gateway_code;size:64" store:"ascii,changes"`
	SaidSubCode      string         `gorm:"column:gateway_sub_code;size:64" store:"ascii,changes"`
	SaidMessage      string         `gorm:"column:gateway_message;size:256" store:"text,changes"`
	Asker            string         `gorm:"column:asker;size:128" store:"text"`
	Approver         string         `gorm:"column:approver;size:128" store:"text,changes"`
	ChannelState     []byte         `gorm:"column:channel_state;size:61440" store:"blob,changes"`
	KeyVersion       string         `gorm:"column:key_version;size:128" store:"ascii,changes"`
	SentAt           int64          `gorm:"column:sent_at" store:"changes"`
	NextAt           int64          `gorm:"column:next_at" store:"changes"`
	Tries            int64          `gorm:"column:tries" store:"changes"`
	SumFen           int64          `gorm:"column:sum_fen" store:"changes"`
	ReturnedFen      int64          `gorm:"column:returned_fen" store:"changes"`
	ReturnedAt       int64          `gorm:"column:returned_at" store:"changes"`
	HandledAt        int64          `gorm:"column:handled_at" store:"changes"`
	HandledBy        string         `gorm:"column:handled_by;size:128" store:"text,changes"`
	HandledWhy       string         `gorm:"column:handled_why;size:256" store:"text,changes"`
	CreatedAt        int64          `gorm:"column:created_at;autoCreateTime:false"`
	EndedAt          int64          `gorm:"column:ended_at" store:"changes"`
	Version          int64          `gorm:"column:version"`
}

func (refundRow) TableName() string { return "refunds" }

func refundRowOf(r *core.Refund) *refundRow {
	return &refundRow{
		ID: r.ID, PaymentID: r.PaymentID, AttemptID: r.AttemptID, MerchantID: r.MerchantID, MerchantRefundNo: orNull(r.MerchantRefundNo),
		OutRequestNo: r.OutRequestNo, Origin: string(r.Origin), AmountFen: int64(r.AmountFen), ActualFen: int64(r.ActualFen), Reason: r.Reason,
		ReasonGiven: r.ReasonGiven, Fingerprint: r.Fingerprint, Status: string(r.Status), Settling: r.Settling, FailCode: r.FailCode, Asker: r.Asker, Approver: r.Approver,
		ChannelState: notNull(r.ChannelState), KeyVersion: r.KeyVersion, SentAt: millis(r.SentAt), NextAt: millis(r.NextAt), Tries: int64(r.Tries),
		SumFen: int64(r.SumFen), ReturnedFen: int64(r.ReturnedFen), ReturnedAt: millis(r.ReturnedAt),
		HandledAt: millis(r.HandledAt), HandledBy: r.HandledBy, HandledWhy: r.HandledWhy,
		CreatedAt: millis(r.CreatedAt), EndedAt: millis(r.EndedAt), Version: r.Version, Fault: string(r.Fault), SaidCode: r.Said.Code,
		SaidSubCode: r.Said.SubCode, SaidMessage: r.Said.Message,
	}
}

func (r *refundRow) refund() core.Refund {
	return core.Refund{
		ID: r.ID, PaymentID: r.PaymentID, AttemptID: r.AttemptID, MerchantID: r.MerchantID, MerchantRefundNo: r.MerchantRefundNo.String,
		OutRequestNo: r.OutRequestNo, Origin: core.RefundOrigin(r.Origin), AmountFen: core.Fen(r.AmountFen), ActualFen: core.Fen(r.ActualFen),
		Reason: r.Reason, ReasonGiven: r.ReasonGiven, Fingerprint: r.Fingerprint, Status: core.RefundStatus(r.Status), Settling: r.Settling, FailCode: r.FailCode,
		Asker: r.Asker, Approver: r.Approver, ChannelState: orNil(r.ChannelState), KeyVersion: r.KeyVersion, SentAt: moment(r.SentAt),
		NextAt: moment(r.NextAt), Tries: int(r.Tries), SumFen: core.Fen(r.SumFen), ReturnedFen: core.Fen(r.ReturnedFen), ReturnedAt: moment(r.ReturnedAt),
		HandledAt: moment(r.HandledAt), HandledBy: r.HandledBy, HandledWhy: r.HandledWhy,
		CreatedAt: moment(r.CreatedAt), EndedAt: moment(r.EndedAt), Version: r.Version,
		Fault: core.Code(r.Fault), Said: core.GatewayWords{Code: r.SaidCode, SubCode: r.SaidSubCode, Message: r.SaidMessage},
	}
}
