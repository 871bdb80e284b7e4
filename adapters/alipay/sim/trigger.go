package alipaysim

import (
	"maps"
	"net/http"
	"time"
)

// triggerRequest is the body of POST /sim/trigger/{event}. Which fields count
// depends on the event.
type triggerRequest struct {
	TradeNo     string            `json:"trade_no"` // or an out_trade_no
	AppID       string            `json:"app_id"`
	AgreementNo string            `json:"agreement_no"`
	Reason      string            `json:"reason"`
	Fields      map[string]string `json:"fields"` // set in the notification before it is signed
	Copies      int               `json:"copies"`
	AfterSecs   int               `json:"after_seconds"`
	Method      string            `json:"msg_method"`
	Content     map[string]string `json:"biz_content"`
	OutRequest  string            `json:"out_request_no"`
}

const maxCopies = 10_000

// triggerNames are the events that can be made to happen.
func triggerNames() []string {
	return []string{"notify", "wait_buyer_pay", "trade_success", "trade_finished", "trade_closed", "complaint",
		"depositback", "message", "agreement_unsign", "cert_rotation"}
}

// simTrigger makes something happen that no API call causes.
func (s *Server) simTrigger(r *http.Request) (any, error) {
	var q triggerRequest
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	what := r.PathValue("event")
	if what == "cert_rotation" {
		if err := s.RotateCertificate(); err != nil {
			return nil, badControl(err.Error())
		}
		return map[string]string{"alipay_cert_sn": s.signCerts[s.rotations.Load()].certSN}, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch what {
	case "message":
		return s.triggerMessage(q)
	case "agreement_unsign":
		a := s.world.agreements[q.AgreementNo]
		if a == nil || a.UnsignedAt != 0 {
			return nil, conflict(refused("AGREEMENT_NOT_EXIST", "用户协议不存在"))
		}
		fail := s.unsignAgreement(a)
		return *a, conflict(fail)
	}
	t := s.findTrade(q.TradeNo)
	if t == nil {
		return nil, unknownTrade()
	}
	switch what {
	case "complaint", "depositback":
		return s.triggerTradeMessage(what, t, q)
	case "notify", "wait_buyer_pay", "trade_success", "trade_finished", "trade_closed":
		return s.triggerNotify(what, t, q)
	}
	return nil, &controlError{http.StatusNotFound, "unknown_event", "see the triggers at /sim/"}
}

// triggerNotify sends a notification about a trade whatever its state: the
// state as it is ("notify"), or one that is claimed.
func (s *Server) triggerNotify(what string, t *Trade, q triggerRequest) (any, error) {
	if t.Order.NotifyURL == "" {
		return nil, badControl("this trade has no notify_url")
	}
	claimed := map[string]string{"wait_buyer_pay": StatusWaitBuyerPay, "trade_success": StatusTradeSuccess,
		"trade_finished": StatusTradeFinished, "trade_closed": StatusTradeClosed}[what]
	if q.AfterSecs < 0 || q.AfterSecs > int(maxAdvance/time.Second) || q.Copies < 0 || q.Copies > maxCopies {
		return nil, badControl("copies: at most 10000, after_seconds: at most three years")
	}
	var ids []string
	for range max(q.Copies, 1) {
		var last *Refund
		if len(t.Refunds) > 0 {
			last = t.Refunds[len(t.Refunds)-1]
		}
		fields := s.tradeFields(t, last)
		if claimed != "" {
			fields["trade_status"] = claimed
		}
		maps.Copy(fields, q.Fields)
		ids = append(ids, s.queueNotice(t, fields, time.Duration(q.AfterSecs)*time.Second))
	}
	return map[string]any{"notify_ids": ids}, nil
}

func (s *Server) triggerTradeMessage(what string, t *Trade, q triggerRequest) (any, error) {
	app := s.apps[t.Order.AppID]
	if app == nil || app.GatewayURL == "" {
		return nil, badControl("this app has no application gateway")
	}
	if what == "complaint" {
		id, fail := s.openComplaint(t, q.Reason)
		if fail != nil {
			return nil, conflict(fail)
		}
		content := map[string]string{"complain_event_id": id}
		notifyID, err := s.pushMessage(app, "alipay.merchant.tradecomplain.changed", t.TradeNo, content)
		return map[string]string{"complain_event_id": id, "notify_id": notifyID}, err
	}
	r := t.refund(q.OutRequest)
	if r == nil {
		return nil, badControl("out_request_no: no such refund")
	}
	notifyID, err := s.pushMessage(app, "alipay.trade.refund.depositback.completed", t.TradeNo, map[string]string{
		"trade_no": t.TradeNo, "out_trade_no": t.Order.OutTradeNo, "out_request_no": r.OutRequestNo,
		"dback_status": "S", "dback_amount": yuan(r.AmountFen), "bank_ack_time": stamp(s.now()),
	})
	return map[string]string{"notify_id": notifyID}, err
}

// triggerMessage pushes any application-gateway message, risk warnings included.
func (s *Server) triggerMessage(q triggerRequest) (any, error) {
	app := s.apps[q.AppID]
	if q.AppID == "" {
		app = s.apps[s.cfg.Apps[0].AppID]
	}
	if app == nil || q.Method == "" {
		return nil, badControl("app_id, msg_method")
	}
	notifyID, err := s.pushMessage(app, q.Method, "", q.Content)
	return map[string]string{"notify_id": notifyID}, err
}
