package alipay

import "context"

// ComplaintQueryRequest names one complaint.
type ComplaintQueryRequest struct {
	ComplainEventID string `json:"complain_event_id"`
}

// ComplaintQueryResponse is a buyer's complaint. It holds personal data.
type ComplaintQueryResponse struct {
	ComplainEventID string `json:"complain_event_id"`
	// Status: MERCHANT_PROCESSING, MERCHANT_FEEDBACKED, FINISHED, CANCELLED, PLATFORM_PROCESSING, …
	Status           string           `json:"status"`
	TradeNo          string           `json:"trade_no"`
	MerchantOrderNo  string           `json:"merchant_order_no"`
	ComplainReason   string           `json:"complain_reason"`
	Content          string           `json:"content"`
	Images           []string         `json:"images"`
	PhoneNo          string           `json:"phone_no"`
	TradeAmount      Amount           `json:"trade_amount"`
	GmtCreate        Time             `json:"gmt_create"`
	GmtModified      Time             `json:"gmt_modified"`
	GmtFinished      Time             `json:"gmt_finished"`
	LeafCategoryName string           `json:"leaf_category_name"`
	TargetID         string           `json:"target_id"`
	TargetType       string           `json:"target_type"` // APPID, PUBLICID or PID
	Replies          []ComplaintReply `json:"reply_detail_infos"`
}

// ComplaintReply is one turn of the conversation.
type ComplaintReply struct {
	ReplierName string   `json:"replier_name"`
	ReplierRole string   `json:"replier_role"`
	GmtCreate   Time     `json:"gmt_create"`
	Content     string   `json:"content"`
	Images      []string `json:"images"`
}

// ComplaintQuery calls alipay.merchant.tradecomplain.query. The pushed message
// alipay.merchant.tradecomplain.changed says only that there is something to ask.
func (a *App) ComplaintQuery(ctx context.Context, request ComplaintQueryRequest) (ComplaintQueryResponse, Result) {
	var l limits
	l.required("complain_event_id", request.ComplainEventID, 64)
	if err := l.result(); err != nil {
		return ComplaintQueryResponse{}, invalid(err)
	}
	response, result := fetch[ComplaintQueryResponse](ctx, a, Call{Method: MethodComplaintQuery, Biz: &request})
	if result.Class == Done && response.ComplainEventID != request.ComplainEventID {
		return ComplaintQueryResponse{}, result.unknown(ErrAnswerMismatch)
	}
	return response, result
}

// Feedback codes of a complaint.
const (
	FeedbackRefunded      = "02" // refunded by other means
	FeedbackShipped       = "03"
	FeedbackOther         = "04"
	FeedbackAfterSaleDone = "05"
	FeedbackNotOurs       = "06"
)

// ComplaintFeedbackRequest answers a complaint, which ends the merchant's turn.
type ComplaintFeedbackRequest struct {
	ComplainEventID string `json:"complain_event_id"`
	FeedbackCode    string `json:"feedback_code"`
	FeedbackContent string `json:"feedback_content"`
	FeedbackImages  string `json:"feedback_images,omitzero"` // ids joined by commas
	Operator        string `json:"operator,omitzero"`
}

// ComplaintFeedback calls alipay.merchant.tradecomplain.feedback.submit.
func (a *App) ComplaintFeedback(ctx context.Context, request ComplaintFeedbackRequest) Result {
	var l limits
	l.required("complain_event_id", request.ComplainEventID, 64)
	l.oneOf("feedback_code", request.FeedbackCode, FeedbackRefunded, FeedbackShipped, FeedbackOther, FeedbackAfterSaleDone, FeedbackNotOurs)
	l.required("feedback_content", request.FeedbackContent, 200)
	l.optional("operator", request.Operator, 64)
	if err := l.result(); err != nil {
		return invalid(err)
	}
	return a.Do(ctx, Call{Method: MethodComplaintFeedback, Biz: &request}, nil)
}
