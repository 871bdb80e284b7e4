package tinygate

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/paymux/paymux/core"
)

// Receiver turns the gateway's messages into notices.
type Receiver struct{ Wire Wire }

// ID names the gateway.
func (Receiver) ID() core.GatewayID { return GatewayID }

// event is what a message says.
type event struct {
	ID       string `json:"id"`
	Type     string `json:"type"` // PAID or REFUNDED
	At       string `json:"at"`
	Merchant string `json:"merchant"`
	said
}

// Receive verifies a message by its headers and the bytes of its body.
func (r Receiver) Receive(_ context.Context, account core.Account, m core.Message) core.Receipt {
	receipt := core.Receipt{
		Accept: core.Reply{Status: http.StatusOK, ContentType: "application/json", Body: []byte(`{"code":"SUCCESS"}`)},
		Refuse: core.Reply{Status: http.StatusInternalServerError, ContentType: "application/json", Body: []byte(`{"code":"FAIL"}`)},
	}
	keys, ok := r.Wire.Keys[account.ID]
	if !ok {
		receipt.Code = "account_unknown"
		return receipt
	}
	if m.Method != http.MethodPost || m.RawQuery != "" {
		receipt.Code = "not_a_message"
		return receipt
	}
	check := reader{account.AppID, keys.Version, keys.Gate, r.Wire.Now}
	if err := check.verify(m.Header, "", m.Body); err != nil {
		receipt.Code = core.Code(err.Error())
		return receipt
	}
	notice, ok := noticeOf(m.Body)
	if !ok {
		receipt.Code = "not_a_message"
		return receipt
	}
	receipt.Verified, receipt.KeyVersion, receipt.Notices = true, keys.Version, []core.Notice{notice}
	return receipt
}

// noticeOf reads a verified body, or says that it is none.
func noticeOf(body []byte) (core.Notice, bool) {
	var e event
	if json.Unmarshal(body, &e) != nil {
		return core.Notice{}, false
	}
	kinds := map[string]core.NoticeKind{"PAID": core.NoticePayment, "REFUNDED": core.NoticeRefund}
	at, err := time.Parse(time.RFC3339, e.At)
	trade, whole := e.trade()
	n := core.Notice{Kind: kinds[e.Type], ID: e.ID, AppID: e.Merchant, Trade: trade, OutRequestNo: e.OutRefundNo, At: at}
	return n, err == nil && whole && n.Kind != "" && e.ID != ""
}
