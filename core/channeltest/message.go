package channeltest

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"github.com/paymux/paymux/core"
)

// message is what the gateway last sent about a trade, as the web layer would hand it over.
func (s *suite) message(t *testing.T, outTradeNo string) core.Message {
	t.Helper()
	contentType, body, err := s.h.Gateway.Message(outTradeNo)
	if err != nil {
		t.Fatalf("the gateway sent nothing about %s: %v", outTradeNo, err)
	}
	return core.Message{Method: "POST", Header: typed(contentType), Body: body, Kind: core.MessageTrade}
}

func typed(contentType string) map[string][]string {
	return map[string][]string{"Content-Type": {contentType}}
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
	if n.Trade.OutTradeNo != outTradeNo || n.Trade.TradeNo == "" || n.Trade.TotalFen != orderFen {
		t.Errorf("the notice describes another trade: %+v", n.Trade)
	}
	if n.AppID != s.h.Account.AppID || n.ID == "" || n.At.IsZero() {
		t.Errorf("the notice is for app %q, with id %q, of %s", n.AppID, n.ID, n.At)
	}
	if n.SellerID != "" && n.SellerID != s.h.Account.SellerID {
		t.Errorf("the notice pays %q", n.SellerID)
	}
	return n
}

func (s *suite) messages(t *testing.T) {
	r, trade := s.paid(t)
	n := s.wantNotice(t, r.OutTradeNo, core.NoticePayment)
	if n.Trade.State != core.TradePaid || n.Trade.PaidAt.IsZero() || n.CumulativeFen != 0 {
		t.Errorf("a payment's notice: %+v", n)
	}
	part := s.refundOf(trade, partFen)
	s.wantRefunded(t, part, partFen)
	n = s.wantNotice(t, r.OutTradeNo, core.NoticeRefund) // C17
	if n.Trade.State != core.TradePaid || n.CumulativeFen != partFen || n.OutRequestNo != "" && n.OutRequestNo != part.OutRequestNo {
		t.Errorf("a partial refund's notice: %+v", n)
	}
	rest := s.refundOf(trade, orderFen-partFen)
	s.wantRefunded(t, rest, orderFen)
	n = s.wantNotice(t, r.OutTradeNo, core.NoticeRefund) // C16
	if n.Trade.State != core.TradeClosed || n.CumulativeFen != orderFen {
		t.Errorf("a full refund's notice: %+v", n)
	}
	unpaid, _ := s.opened(t)
	s.must(t, s.h.Gateway.CloseOutside(unpaid.OutTradeNo))
	n = s.wantNotice(t, unpaid.OutTradeNo, core.NoticeClosed) // C15
	if n.Trade.State != core.TradeClosed || n.CumulativeFen != 0 {
		t.Errorf("an unpaid close's notice: %+v", n)
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

// forgedMessages: one byte of any field changed (C03), a field added (C24), taken away, or doubled (C20), or a stranger's valid signature (C05).
func (s *suite) forgedMessages(t *testing.T) {
	r, _ := s.paid(t)
	m := s.message(t, r.OutTradeNo)
	fields := strings.Split(string(m.Body), "&")
	for i, pair := range fields {
		name, _, _ := strings.Cut(pair, "=")
		for what, changed := range map[string][]string{
			"changed": replaced(fields, i, flipped(pair)),
			"emptied": replaced(fields, i, name+"="),
			"dropped": append(append([]string{}, fields[:i]...), fields[i+1:]...),
			"doubled": append(append([]string{}, fields...), pair),
			"second":  append(append([]string{}, fields...), name+"=0"),
		} {
			forged := m
			forged.Body = []byte(strings.Join(changed, "&"))
			s.wantRefused(t, name+" "+what, forged)
		}
	}
	for what, extra := range map[string]string{"added": "&surprise=1", "added empty": "&surprise="} {
		forged := m
		forged.Body = []byte(string(m.Body) + extra)
		s.wantRefused(t, what, forged)
	}
	contentType, body, err := s.h.Gateway.ForeignMessage(r.OutTradeNo)
	s.must(t, err)
	s.wantRefused(t, "signed by a stranger", core.Message{Method: "POST", Header: typed(contentType), Body: body, Kind: core.MessageTrade})
	if receipt := s.receive(t, m); !receipt.Verified {
		t.Fatalf("the true message was refused after the forged ones: %s", receipt.Code)
	}
}

func replaced(fields []string, i int, pair string) []string {
	out := append([]string{}, fields...)
	out[i] = pair
	return out
}

// flipped changes the last character of a decoded value.
func flipped(pair string) string {
	name, raw, _ := strings.Cut(pair, "=")
	value, err := url.QueryUnescape(raw)
	if err != nil || value == "" {
		return name + "=x"
	}
	last := "0"
	if strings.HasSuffix(value, "0") {
		last = "1"
	}
	return name + "=" + url.QueryEscape(value[:len(value)-1]+last)
}

// malformedMessages are refused before anything is looked up: by method, by query, by shape, by size.
func (s *suite) malformedMessages(t *testing.T) {
	r, _ := s.paid(t)
	good := s.message(t, r.OutTradeNo)
	cases := map[string]func(*core.Message){
		"GET":               func(m *core.Message) { m.Method = "GET" },                                                      // C26
		"PUT":               func(m *core.Message) { m.Method = "PUT" },                                                      // C26
		"JSON":              func(m *core.Message) { m.Header, m.Body = typed("application/json"), []byte(`{"paid":true}`) }, // C26
		"XML":               func(m *core.Message) { m.Body = []byte("<a>" + string(m.Body) + "</a>") },                      // C26, C27
		"multipart":         func(m *core.Message) { m.Body = append([]byte("--x\r\n\r\n"), m.Body...) },                     // C26
		"query":             func(m *core.Message) { m.RawQuery = "a=b" },                                                    // C22
		"query as the body": func(m *core.Message) { m.RawQuery, m.Body = string(m.Body), nil },                              // C22
		"empty":             func(m *core.Message) { m.Body = nil },                                                          // C01
		"no signature":      func(m *core.Message) { m.Body = []byte("paid=" + r.OutTradeNo) },                               // C01
		"noise":             func(m *core.Message) { m.Body = bytes.Repeat([]byte{0xff, 0x00}, 512) },                        // C25
		"huge":              func(m *core.Message) { m.Body = append(bytes.Repeat([]byte("a=1&"), 40_000), m.Body...) },      // C02
	}
	for what, change := range cases {
		m := good
		m.Body = bytes.Clone(good.Body)
		change(&m)
		s.wantRefused(t, what, m)
	}
	for _, contentType := range []string{"", "text/html", "application/x-www-form-urlencoded; text/html; charset=utf-8", "multipart/form-data", ";;=,"} {
		m := good
		m.Header = typed(contentType)
		if receipt := s.receive(t, m); !receipt.Verified { // C40: what a header claims refuses nothing
			t.Errorf("a true message was refused for its content type %q: %s", contentType, receipt.Code)
		}
	}
	other := s.h.Account
	other.ID = "nobody"
	if receipt := s.h.Receiver.Receive(t.Context(), other, good); receipt.Verified {
		t.Error("a message was verified for an account that nobody knows") // C07
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
