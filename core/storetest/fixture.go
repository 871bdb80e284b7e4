package storetest

import (
	"fmt"
	"reflect"
	"time"

	"github.com/paymux/paymux/core"
)

// fill gives every field of a row a value of its own, so that a column that a store forgets shows
// up.
func (w *world) fill(row core.Row) {
	w.fillValue(reflect.ValueOf(row).Elem())
	switch r := row.(type) {
	case *core.Payment:
		r.MerchantID, r.Currency, r.RefundedFen, r.ReservedFen, r.PaidFen = w.merchant, core.Currency, 1, 2, 3
	case *core.Attempt:
		r.MerchantID = w.merchant
	case *core.Refund:
		r.MerchantID = w.merchant
	case *core.Idempotency:
		r.MerchantID = w.merchant
	case *core.Delivery:
		r.MerchantID = w.merchant
	case *core.Event:
		r.MerchantID = w.merchant
	case *core.Entry:
		r.MerchantID = w.merchant
	case *core.Audit:
		r.MerchantID = w.merchant
	case *core.SealedPayer:
		r.MerchantID = w.merchant
	}
}

func (w *world) fillValue(v reflect.Value) {
	n := int(w.drawn.Add(1))
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(at(n*1001 + 7)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("%s%06d", w.tag, n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(n))
	case reflect.Struct:
		for _, field := range v.Fields() {
			w.fillValue(field)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes([]byte{0, 1, 0xff, byte(n), '\'', '\\', '"', 0x1a, '\n'})
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		w.fillValue(v.Index(0))
		w.fillValue(v.Index(1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("k"+w.tag), reflect.ValueOf(`v'"\`))
	default:
		panic("fill: " + v.Type().String())
	}
}

// payment returns a fresh payment that waits to be paid.
func (w *world) payment() *core.Payment {
	n := int(w.drawn.Add(1))
	return &core.Payment{
		ID: w.id("pay_"), MerchantID: w.merchant, MerchantOrderNo: w.id("no"), Environment: core.Sandbox, Platform: "app", AmountFen: 10_000,
		Currency: core.Currency, Subject: "茶 tea", Fingerprint: "f", Status: core.PaymentCreated, Version: 1,
		CreatedAt: at(n), ExpiresAt: at(n + 900_000),
		Lines: []core.Line{{LineID: "1", GoodsID: "g", Name: "茶", Category: "physical", Quantity: 1, PriceFen: 10_000}},
	}
}

// attempt returns a fresh attempt of the payment.
func (w *world) attempt(p *core.Payment) *core.Attempt {
	return &core.Attempt{
		ID: w.id("att"), PaymentID: p.ID, MerchantID: p.MerchantID, OutTradeNo: w.id("T"), Platform: p.Platform, Channel: "app_mini",
		Gateway: "bank", Account: "acc" + w.tag, AmountFen: p.AmountFen, State: core.AttemptReady, Version: 1,
		CreatedAt: p.CreatedAt, TimeExpire: p.ExpiresAt,
	}
}

// refund returns a fresh refund of the payment.
func (w *world) refund(p *core.Payment, fen core.Fen) *core.Refund {
	return &core.Refund{
		ID: w.id("ref_"), PaymentID: p.ID, AttemptID: p.PaidAttempt, MerchantID: p.MerchantID, MerchantRefundNo: w.id("rn"),
		OutRequestNo: w.id("R"), Origin: core.RefundByMerchant, AmountFen: fen, Status: core.RefundProcessing, Asker: "shop", Version: 1,
		CreatedAt: at(int(w.drawn.Add(1))),
	}
}

// audit returns a row that serves as a unit's witness.
func (w *world) audit(object string) *core.Audit {
	return &core.Audit{ID: w.id("aud"), MerchantID: w.merchant, Actor: "shop", Action: "test", Object: object, CreatedAt: at(0)}
}

// event returns a fresh event of the payment.
func (w *world) event(p *core.Payment, sequence int64) *core.Event {
	return &core.Event{
		ID: w.id("evt_"), Row: w.id("row"), MerchantID: p.MerchantID, PaymentID: p.ID, Type: core.EventPaymentPaid, Sequence: sequence,
		Body: []byte(`{"a":1}`), CreatedAt: at(int(w.drawn.Add(1))),
	}
}

// delivery returns a fresh delivery of the event.
func (w *world) delivery(e *core.Event, endpoint string) *core.Delivery {
	n := int(w.drawn.Add(1))
	return &core.Delivery{
		ID: w.id("del"), EventID: e.ID, MerchantID: e.MerchantID, EndpointID: endpoint, State: core.DeliveryPending, NextAt: at(n),
		Version: 1, CreatedAt: at(n),
	}
}

// message returns a fresh inbox row.
func (w *world) message() *core.Inbox {
	return &core.Inbox{
		ID: w.id("inb"), Gateway: "bank", Account: "acc" + w.tag, Digest: w.id("d"), Sealed: []byte{1, 2, 3}, State: core.InboxWaiting,
		NextAt: at(int(w.drawn.Add(1))), Version: 1, ReceivedAt: at(0), DeleteAfter: at(86_400_000),
	}
}

// idempotency returns a fresh idempotency row.
func (w *world) idempotency(key string) *core.Idempotency {
	return &core.Idempotency{
		ID: w.id("ide"), MerchantID: w.merchant, Operation: "payment.create", Key: key, Fingerprint: "f", Version: 1,
		CreatedAt: at(0), DeleteAfter: at(86_400_000),
	}
}
