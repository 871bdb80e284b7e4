package alipaysim

import (
	"encoding/json"
	"strconv"
)

// Complaint is a buyer's complaint about a trade.
type Complaint struct {
	EventID  string `json:"complain_event_id"`
	AppID    string `json:"app_id"`
	TradeNo  string `json:"trade_no"`
	Reason   string `json:"complain_reason"`
	Content  string `json:"content"`
	Status   string `json:"status"`
	OpenedAt int64  `json:"opened_at"`
	Feedback string `json:"feedback,omitempty"`
}

func (w *world) applyComplaint(e Entry) {
	if e.Kind == KindComplaintOpened {
		complaint := *e.Complaint
		complaint.OpenedAt = e.At
		w.complaints[complaint.EventID] = &complaint
		return
	}
	if complaint := w.complaints[e.Key]; complaint != nil {
		complaint.Status, complaint.Feedback = "MERCHANT_FEEDBACKED", e.Reason
	}
}

type complaintRequest struct {
	EventID      scalar `json:"complain_event_id"`
	FeedbackCode scalar `json:"feedback_code"`
	Content      scalar `json:"feedback_content"`
}

type complaintAnswer struct {
	EventID         string `json:"complain_event_id"`
	ComplainReason  string `json:"complain_reason"`
	Content         string `json:"content"`
	GmtCreate       string `json:"gmt_create"`
	LeafCategory    string `json:"leaf_category_name"`
	MerchantOrderNo string `json:"merchant_order_no"`
	PhoneNo         string `json:"phone_no"`
	Status          string `json:"status"`
	TargetID        string `json:"target_id"`
	TargetType      string `json:"target_type"`
	TradeAmount     string `json:"trade_amount"`
	TradeNo         string `json:"trade_no"`
}

// complaintQuery is alipay.merchant.tradecomplain.query.
func (s *Server) complaintQuery(c *call) (any, *failure) {
	_, complaint, fail := s.findComplaint(c)
	if fail != nil {
		return nil, fail
	}
	answer := complaintAnswer{
		EventID: complaint.EventID, ComplainReason: complaint.Reason, Content: complaint.Content,
		GmtCreate: stamp(complaint.OpenedAt), LeafCategory: "商品问题", PhoneNo: "138****0002",
		Status: complaint.Status, TargetID: complaint.AppID, TargetType: "APPID", TradeNo: complaint.TradeNo,
	}
	if t := s.world.trades[complaint.TradeNo]; t != nil {
		answer.MerchantOrderNo, answer.TradeAmount = t.Order.OutTradeNo, yuan(t.Order.TotalFen)
	}
	return answer, nil
}

// complaintFeedback is alipay.merchant.tradecomplain.feedback.submit.
func (s *Server) complaintFeedback(c *call) (any, *failure) {
	q, complaint, fail := s.findComplaint(c)
	if fail != nil {
		return nil, fail
	}
	if q.FeedbackCode == "" || q.Content == "" {
		return nil, refused("INVALID_PARAMETER", "参数有误")
	}
	e := Entry{Kind: KindComplaintAnswered, AppID: complaint.AppID, TradeNo: complaint.TradeNo,
		Key: complaint.EventID, Reason: string(q.FeedbackCode) + " " + string(q.Content)}
	if _, err := s.record(e); err != nil {
		return nil, unavailable()
	}
	return struct{}{}, nil
}

func (s *Server) findComplaint(c *call) (complaintRequest, *Complaint, *failure) {
	var q complaintRequest
	if fail := c.decode(&q); fail != nil {
		return q, nil, fail
	}
	complaint := s.world.complaints[string(q.EventID)]
	if complaint == nil || complaint.AppID != c.app.AppID {
		return q, nil, refused("COMPLAIN_EVENT_NOT_EXIST", "投诉单不存在")
	}
	return q, complaint, nil
}

// openComplaint is a buyer who complains. Callers hold s.mu.
func (s *Server) openComplaint(t *Trade, reason string) (string, *failure) {
	if reason == "" {
		reason = "没有收到货"
	}
	id := s.numbers.token("complaint", s.world.turn+1)
	complaint := &Complaint{EventID: id, AppID: t.Order.AppID, TradeNo: t.TradeNo, Reason: reason,
		Content: reason, Status: "MERCHANT_PROCESSING"}
	if _, err := s.record(t.entry(Entry{Kind: KindComplaintOpened, Key: id, Complaint: complaint})); err != nil {
		return "", unavailable()
	}
	return id, nil
}

// pushMessage sends an application-gateway message to an app. Callers hold s.mu.
func (s *Server) pushMessage(app *application, method, tradeNo string, content map[string]string) (string, error) {
	if app.GatewayURL == "" {
		return "", badControl("this app has no application gateway")
	}
	biz, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	fields := map[string]string{
		"utc_timestamp": strconv.FormatInt(s.now(), 10), "msg_method": method, "app_id": app.AppID,
		"msg_type": "sys", "version": "1.1", "charset": "UTF-8", "biz_content": string(biz),
	}
	return s.queueMessage(Notice{AppID: app.AppID, TradeNo: tradeNo, Event: method, URL: app.GatewayURL,
		Charset: "utf-8", Fields: fields, Message: true}), nil
}
