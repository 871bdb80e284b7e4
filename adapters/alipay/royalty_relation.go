package alipay

import "context"

// RoyaltyReceiver is one account that shares may be paid to.
type RoyaltyReceiver struct {
	Type    string `json:"type"` // "userId", "openId" or "loginName"
	Account string `json:"account"`
	// Name: checked against the account when given; required for loginName
	Name string `json:"name,omitzero"`
	Memo string `json:"memo,omitzero"`
}

// RelationRequest binds receivers to the merchant or unbinds them, at most 20 at a time.
type RelationRequest struct {
	Receivers    []RoyaltyReceiver `json:"receiver_list"`
	OutRequestNo string            `json:"out_request_no"`
}

// relationResponse says whether the whole list was taken.
type relationResponse struct {
	ResultCode string `json:"result_code"` // "SUCCESS" or "FAIL"
}

// RelationBind calls alipay.trade.royalty.relation.bind, which order.settle needs first.
func (a *App) RelationBind(ctx context.Context, request RelationRequest) Result {
	return a.relation(ctx, MethodRelationBind, request)
}

// RelationUnbind calls alipay.trade.royalty.relation.unbind.
func (a *App) RelationUnbind(ctx context.Context, request RelationRequest) Result {
	return a.relation(ctx, MethodRelationUnbind, request)
}

func (a *App) relation(ctx context.Context, method string, request RelationRequest) Result {
	var l limits
	l.number("out_request_no", request.OutRequestNo)
	l.optional("out_request_no", request.OutRequestNo, 32)
	l.check(len(request.Receivers) >= 1 && len(request.Receivers) <= 20, "receiver_list", "must have 1 to 20 entries")
	for _, receiver := range request.Receivers {
		l.oneOf("receiver_list.type", receiver.Type, "userId", "openId", "loginName")
		l.required("receiver_list.account", receiver.Account, 128)
		l.check(receiver.Type != "loginName" || receiver.Name != "", "receiver_list.name", "must be given with loginName")
		l.optional("receiver_list.name", receiver.Name, 64)
		l.optional("receiver_list.memo", receiver.Memo, 128)
	}
	if err := l.result(); err != nil {
		return invalid(err)
	}
	response, result := fetch[relationResponse](ctx, a, Call{Method: method, Biz: &request})
	if result.Class != Done {
		return result
	}
	switch response.ResultCode {
	case "SUCCESS":
	case "FAIL":
		result.Class = FinalMerchant
	default:
		return result.unknown(ErrUnknownTradeOutcome)
	}
	return result
}
