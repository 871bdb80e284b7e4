package channeltest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/paymux/paymux/core"
)

// message is what the gateway last sent about a trade.
func (s *suite) message(t *testing.T, outTradeNo string) core.Message {
	t.Helper()
	d, err := s.h.Gateway.Message(outTradeNo)
	if err != nil {
		t.Fatalf("the gateway sent nothing about %s: %v", outTradeNo, err)
	}
	return d.message()
}

func (s *suite) receive(t *testing.T, m core.Message) core.Receipt {
	t.Helper()
	return s.h.Receiver.Receive(t.Context(), s.h.Account, m)
}

// wantNotice receives the newest message about the trade and checks the one notice in it.
func (s *suite) wantNotice(t *testing.T, outTradeNo string, kind core.NoticeKind) core.Notice {
	t.Helper()
	receipt := s.receive(t, s.message(t, outTradeNo))
	if !receipt.Verified || receipt.Code != "" {
		t.Fatalf("a true message was refused: %s %s", receipt.Code, receipt.Detail)
	}
	if receipt.KeyVersion == "" {
		t.Error("the receipt does not say which key version verified")
	}
	if len(receipt.Notices) != 1 || receipt.Notices[0].Kind != kind {
		t.Fatalf("the message says %+v, want one %s", receipt.Notices, kind)
	}
	n := receipt.Notices[0]
	if n.Trade.OutTradeNo != outTradeNo || n.Trade.TotalFen != orderFen {
		t.Errorf("the notice describes another trade: %+v", n.Trade)
	}
	if n.Trade.TradeNo == "" && (kind != core.NoticeClosed || !s.h.Unnumbered) {
		t.Error("the notice does not name the trade by the gateway's number")
	}
	if n.AppID != s.h.Account.AppID || n.ID == "" || n.At.IsZero() {
		t.Errorf("the notice is for app %q, with id %q, of %s", n.AppID, n.ID, n.At)
	}
	if n.SellerID != "" && n.SellerID != s.h.Account.SellerID {
		t.Errorf("the notice pays %q", n.SellerID)
	}
	return n
}

// tells says whether the gateway sends notices of a kind.
func (s *suite) tells(kind core.NoticeKind) bool { return !slices.Contains(s.h.Silent, kind) }

func (s *suite) messages(t *testing.T) {
	r, trade := s.paid(t)
	n := s.wantNotice(t, r.OutTradeNo, core.NoticePayment)
	if n.Trade.State != core.TradePaid || n.Trade.PaidAt.IsZero() || n.CumulativeFen != 0 {
		t.Errorf("a payment's notice: %+v", n)
	}
	part, rest := s.refundOf(trade, partFen), s.refundOf(trade, orderFen-partFen)
	s.wantRefunded(t, part, partFen)
	if s.tells(core.NoticeRefund) { // C17
		s.wantRefundTold(t, part, core.TradePaid, partFen)
	}
	s.wantRefunded(t, rest, orderFen)
	if s.tells(core.NoticeRefund) { // C16
		s.wantRefundTold(t, rest, core.TradeClosed, orderFen)
	}
	unpaid, _ := s.opened(t)
	if s.caps.Closer != nil {
		s.must(t, s.h.Gateway.CloseOutside(unpaid.OutTradeNo))
	} else {
		s.pass(unpaid.TimeExpire.Add(s.h.Account.Grace))
	}
	if s.tells(core.NoticeClosed) { // C15
		n = s.wantNotice(t, unpaid.OutTradeNo, core.NoticeClosed)
		if n.Trade.State != core.TradeClosed || n.CumulativeFen != 0 {
			t.Errorf("an unpaid close's notice: %+v", n)
		}
	} else if _, err := s.h.Gateway.Message(unpaid.OutTradeNo); err == nil {
		t.Error("the harness says that nothing is told of an unpaid close, and a message came")
	}
}

// wantRefundTold wants the newest message to tell of a refund: by its number, or by what the trade
// has refunded in all.
func (s *suite) wantRefundTold(t *testing.T, r core.RefundRequest, state core.TradeState, cumulative core.Fen) {
	t.Helper()
	n := s.wantNotice(t, r.OutTradeNo, core.NoticeRefund)
	if n.OutRequestNo == "" && n.CumulativeFen == 0 || n.OutRequestNo != "" && n.OutRequestNo != r.OutRequestNo ||
		n.CumulativeFen != 0 && n.CumulativeFen != cumulative {
		t.Errorf("the notice of a refund of %d, in all %d: %+v", r.AmountFen, cumulative, n)
	}
	if n.Trade.State != state && n.Trade.State != "" {
		t.Errorf("with %d refunded, the notice says the trade is %s", cumulative, n.Trade.State)
	}
}

// wantRefused checks that nothing of a message is believed.
func (s *suite) wantRefused(t *testing.T, what string, m core.Message) {
	t.Helper()
	receipt := s.receive(t, m)
	if receipt.Verified || len(receipt.Notices) != 0 {
		t.Errorf("%s: believed: %+v", what, receipt.Notices)
	}
	if receipt.Code == "" {
		t.Errorf("%s: refused without a code", what)
	}
	if receipt.Refuse.Status == 0 || bytes.Equal(receipt.Refuse.Body, s.h.Accept.Body) && receipt.Refuse.Status == s.h.Accept.Status {
		t.Errorf("%s: refused with the reply for accepted messages", what)
	}
}

// forgedMessages: the gateway's side forges what its protocol can have forged, and nothing of it is
// believed.
func (s *suite) forgedMessages(t *testing.T) {
	r, _ := s.paid(t)
	m := s.message(t, r.OutTradeNo)
	forgeries, err := s.h.Gateway.Forgeries(r.OutTradeNo)
	s.must(t, err)
	made := map[Kind]int{}
	for _, f := range forgeries {
		made[f.Kind]++
		s.wantRefused(t, string(f.Kind)+", "+f.Name, f.message())
	}
	all, always := kinds()
	for _, kind := range all {
		stated := slices.Contains(s.h.Forges, kind)
		if stated != (made[kind] > 0) {
			t.Errorf("%s: the harness says %v, and %d were made", kind, stated, made[kind])
		}
		if !stated && slices.Contains(always, kind) {
			t.Errorf("%s: no protocol is without", kind)
		}
		delete(made, kind)
	}
	if len(made) > 0 {
		t.Errorf("kinds that nobody knows: %v", made)
	}
	if receipt := s.receive(t, m); !receipt.Verified {
		t.Fatalf("the true message was refused after the forged ones: %s", receipt.Code)
	}
	other := s.h.Account
	other.ID = "nobody"
	if receipt := s.h.Receiver.Receive(t.Context(), other, m); receipt.Verified {
		t.Error("a message was verified for an account that nobody knows") // C07
	}
}

// harmlessMessages: what does not decide refuses nothing, such as what a header claims of a body
// that is signed (C40).
func (s *suite) harmlessMessages(t *testing.T) {
	r, _ := s.paid(t)
	variants, err := s.h.Gateway.Harmless(r.OutTradeNo)
	s.must(t, err)
	if len(variants) == 0 {
		t.Error("there is nothing that does not matter")
	}
	for _, v := range variants {
		if receipt := s.receive(t, v.message()); !receipt.Verified {
			t.Errorf("a true message was refused for %s: %s %s", v.Name, receipt.Code, receipt.Detail)
		}
	}
}

// replies are exact, byte by byte (C39).
func (s *suite) replies(t *testing.T) {
	r, _ := s.paid(t)
	receipt := s.receive(t, s.message(t, r.OutTradeNo))
	got, want := receipt.Accept, s.h.Accept
	if got.Status != want.Status || got.ContentType != want.ContentType || !bytes.Equal(got.Body, want.Body) {
		t.Errorf("accepting, the reply is %d %q %q, want %d %q %q", got.Status, got.ContentType, got.Body, want.Status, want.ContentType, want.Body)
	}
	if bytes.Equal(receipt.Refuse.Body, want.Body) && receipt.Refuse.Status == want.Status {
		t.Error("the two replies cannot be told apart")
	}
}
