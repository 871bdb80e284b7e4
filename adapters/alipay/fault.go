package alipay

// Fault is whose matter a refusal is. The names are those that programs see; the zero value is for
// answers that are no refusal.
type Fault string

// The faults. What they mean to a shop and to its buyer is decided elsewhere.
const (
	FaultBuyerBalance Fault = "buyer_balance" // the buyer's balance, card or credit
	// FaultBuyerAccount: the buyer's account, its state or its agreement with the merchant.
	FaultBuyerAccount  Fault = "buyer_account"
	FaultBuyerLimit    Fault = "buyer_limit"     // over a limit of the buyer's
	FaultPayerMismatch Fault = "payer_mismatch"  // another buyer than the one named, or the seller
	FaultSellerBalance Fault = "seller_balance"  // the merchant's balance, for what goes back
	FaultSellerAccount Fault = "seller_account"  // the merchant's account, its state or its limits
	FaultRisk          Fault = "risk_refused"    // risk control
	FaultGoods         Fault = "goods_refused"   // the goods
	FaultText          Fault = "text_refused"    // words
	FaultRequest       Fault = "request_refused" // another parameter of the request
	// FaultOurs: signature, key, certificate, application, permission, contract, encryption.
	FaultOurs       Fault = "misconfigured"
	FaultTradeState Fault = "trade_state"     // the trade has moved on or is over
	FaultNumberUsed Fault = "number_used"     // the number belongs to another or a closed trade
	FaultThrottled  Fault = "throttled"       // too many calls
	FaultUndecided  Fault = "outcome_unknown" // the gateway does not know itself
	// FaultNotFound: the gateway knows no such trade, bill or agreement.
	FaultNotFound Fault = "not_found"
)

// Faults lists them.
func Faults() []Fault {
	return []Fault{
		FaultBuyerBalance, FaultBuyerAccount, FaultBuyerLimit, FaultPayerMismatch, FaultSellerBalance, FaultSellerAccount, FaultRisk, FaultGoods,
		FaultText, FaultRequest, FaultOurs, FaultTradeState, FaultNumberUsed, FaultThrottled, FaultUndecided, FaultNotFound,
	}
}
