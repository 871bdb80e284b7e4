package alipay

import "context"

// RoyaltyPart is one share of a settlement: an amount or a percentage, not both.
type RoyaltyPart struct {
	RoyaltyType      string `json:"royalty_type,omitzero"` // "transfer" (default) or "replenish"
	TransOut         string `json:"trans_out,omitzero"`
	TransOutType     string `json:"trans_out_type,omitzero"`
	TransIn          string `json:"trans_in"`
	TransInType      string `json:"trans_in_type"` // "userId", "loginName", "cardAliasNo", "openId"
	TransInName      string `json:"trans_in_name,omitzero"`
	Amount           Amount `json:"amount,omitzero"`
	AmountPercentage int    `json:"amount_percentage,omitzero"` // 1 to 100
	Desc             string `json:"desc,omitzero"`
	// RoyaltyScene: 达人佣金, 平台服务费, 技术服务费, 其他
	RoyaltyScene string `json:"royalty_scene,omitzero"`
}

// SettleRequest splits a paid trade among receivers. OutRequestNo identifies
// this settlement: a repeat must be the same in every part.
type SettleRequest struct {
	OutRequestNo string        `json:"out_request_no"`
	TradeNo      string        `json:"trade_no"` // out_trade_no is not accepted here
	Royalties    []RoyaltyPart `json:"royalty_parameters,omitzero"`
	ExtendParams *SettleFinish `json:"extend_params,omitzero"`
	RoyaltyMode  string        `json:"royalty_mode,omitzero"` // "sync" (default) or "async"
	OperatorID   string        `json:"operator_id,omitzero"`
}

// SettleFinish ends the splitting of a trade and frees the rest.
type SettleFinish struct {
	RoyaltyFinish       string `json:"royalty_finish,omitzero"` // "true"
	RoyaltyFinishAmount Amount `json:"royalty_finish_amount,omitzero"`
}

// SettleResponse names the settlement.
type SettleResponse struct {
	TradeNo  string `json:"trade_no"`
	SettleNo string `json:"settle_no"`
}

// Settle calls alipay.trade.order.settle. An asynchronous settlement is Pending.
func (a *App) Settle(ctx context.Context, request SettleRequest) (SettleResponse, Result) {
	var l limits
	l.number("out_request_no", request.OutRequestNo)
	l.required("trade_no", request.TradeNo, 64)
	l.check(len(request.Royalties) > 0 || request.ExtendParams != nil, "royalty_parameters", "must not be empty unless the splitting ends")
	l.oneOf("royalty_mode", request.RoyaltyMode, "", "sync", "async")
	for _, part := range request.Royalties {
		l.oneOf("royalty_parameters.royalty_type", part.RoyaltyType, "", "transfer", "replenish")
		l.required("royalty_parameters.trans_in", part.TransIn, 64)
		l.oneOf("royalty_parameters.trans_in_type", part.TransInType, "userId", "loginName", "cardAliasNo", "openId")
		l.check((part.Amount > 0) != (part.AmountPercentage > 0), "royalty_parameters.amount", "give either amount or amount_percentage")
		l.check(part.AmountPercentage >= 0 && part.AmountPercentage <= 100, "royalty_parameters.amount_percentage", "must be 1 to 100")
		l.check(part.Amount >= 0 && part.Amount <= MaxAmount, "royalty_parameters.amount", "must be at most 100000000.00 yuan")
		l.optional("royalty_parameters.desc", part.Desc, 1000)
	}
	l.optional("operator_id", request.OperatorID, 64)
	if err := l.result(); err != nil {
		return SettleResponse{}, invalid(err)
	}
	response, result := fetch[SettleResponse](ctx, a, Call{Method: MethodSettle, Biz: &request, Echo: Echo{TradeNo: request.TradeNo}})
	if result.Class == Done && request.RoyaltyMode == "async" {
		result.Class = Pending
	}
	return response, result
}

// SettleQueryRequest names a settlement by its own number, or by trade and request.
type SettleQueryRequest struct {
	SettleNo     string `json:"settle_no,omitzero"`
	TradeNo      string `json:"trade_no,omitzero"`
	OutRequestNo string `json:"out_request_no,omitzero"`
}

// SettleQueryResponse lists what became of each share.
type SettleQueryResponse struct {
	OutRequestNo string          `json:"out_request_no"`
	OperationDt  Time            `json:"operation_dt"`
	Details      []RoyaltyDetail `json:"royalty_detail_list"`
}

// RoyaltyDetail is one share; State is "SUCCESS", "FAIL" or "PROCESSING".
type RoyaltyDetail struct {
	OperationType string `json:"operation_type"`
	ExecuteDt     Time   `json:"execute_dt"`
	TransOut      string `json:"trans_out"`
	TransOutType  string `json:"trans_out_type"`
	TransIn       string `json:"trans_in"`
	TransInType   string `json:"trans_in_type"`
	TransInOpenID string `json:"trans_in_open_id"`
	Amount        Amount `json:"amount"`
	State         string `json:"state"`
	ErrorCode     string `json:"error_code"`
	ErrorDesc     string `json:"error_desc"`
	DetailID      string `json:"detail_id"`
}

// SettleQuery calls alipay.trade.order.settle.query.
func (a *App) SettleQuery(ctx context.Context, request SettleQueryRequest) (SettleQueryResponse, Result) {
	var l limits
	l.check(request.SettleNo != "" || (request.TradeNo != "" && request.OutRequestNo != ""),
		"settle_no", "give settle_no, or trade_no and out_request_no")
	l.optional("settle_no", request.SettleNo, 64)
	l.optional("trade_no", request.TradeNo, 64)
	l.optional("out_request_no", request.OutRequestNo, 64)
	if err := l.result(); err != nil {
		return SettleQueryResponse{}, invalid(err)
	}
	return fetch[SettleQueryResponse](ctx, a, Call{
		Method: MethodSettleQuery, Biz: &request, Echo: Echo{OutRequestNo: request.OutRequestNo},
	})
}
