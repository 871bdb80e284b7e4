package core

// Party is whose matter a refusal is: who can do something about it.
type Party string

// The parties.
const (
	PartyCaller   Party = "caller"   // the program that sent the request
	PartyBuyer    Party = "buyer"    // who pays
	PartyMerchant Party = "merchant" // whose account at the gateway it is
	PartyOperator Party = "operator" // who runs paymux: keys, contracts, settings, hosts
	PartyGateway  Party = "gateway"  // the gateway itself
	PartyNobody   Party = "nobody"   // a state that nobody has done wrong
)

// The classes of what a gateway refuses. They are codes like all others, and the set is closed: a
// channel gives each refusal that its gateway documents one of them. A refusal that has none is
// CodeChannelRefused.
const (
	// CodeBuyerBalance: the buyer's money, credit or limit with one means of payment does not
	// suffice.
	CodeBuyerBalance Code = "buyer_balance"
	// CodeBuyerAccount: the buyer's account may not pay so, or cannot be found.
	CodeBuyerAccount Code = "buyer_account"
	// CodeBuyerLimit: the amount is over what this buyer may pay, once or in a period.
	CodeBuyerLimit Code = "buyer_limit"
	// CodePayerMismatch: the buyer named is not the one who may pay, or is the seller.
	CodePayerMismatch Code = "payer_mismatch"
	// CodeSellerBalance: the merchant's account has too little for what goes back.
	CodeSellerBalance Code = "seller_balance"
	// CodeSellerAccount: the merchant's account may not receive this, or not so much.
	CodeSellerAccount Code = "seller_account"
	CodeRiskRefused   Code = "risk_refused"  // the gateway's risk control stopped it
	CodeGoodsRefused  Code = "goods_refused" // the goods or their lines
	CodeTextRefused   Code = "text_refused"  // a word of the subject, the goods or the reason
	// CodeRequestRefused: another field: the gateway finds it missing, wrong, or against the
	// trade's terms.
	CodeRequestRefused Code = "request_refused"
	// CodeMisconfigured: ours: signature, key, certificate, application, permission, contract,
	// encryption.
	CodeMisconfigured Code = "misconfigured"
	CodeTradeState    Code = "trade_state" // the trade has moved on, or is over
	// CodeNumberUsed: the gateway holds another or a closed trade under this number.
	CodeNumberUsed Code = "number_used"
	// CodeThrottled: the gateway wants fewer calls; nothing was executed.
	CodeThrottled Code = "throttled"
	// CodeUndecided: the gateway itself does not know, or said something that no document lists.
	CodeUndecided Code = "outcome_unknown"
)

// Repeat tells what sending the same request again can do.
type Repeat string

// What a repeat can do.
const (
	RepeatNever  Repeat = "never"  // the same request is refused again
	RepeatMended Repeat = "mended" // it may pass once the party concerned has done something
	RepeatLater  Repeat = "later"  // it may pass after a pause
	RepeatAsked  Repeat = "asked"  // paymux asks and repeats by itself until it knows
)

// Fault is one class of a gateway's refusals: whose matter it is, what a repeat can do, what is to
// be done, and what a shop may tell its buyer.
type Fault struct {
	Code   Code
	Party  Party
	Repeat Repeat
	// Mend says what happened and what to do, to those who run shop and server. It and Buyer have
	// places for the gateway's name: see Words.Naming.
	Mend Words
	// Buyer may be shown to the buyer; the neutral sentence where the matter is not the buyer's.
	Buyer Words
}

// neutral is what a buyer hears about what is not theirs to mend.
func neutral() Words {
	return Words{ZH: "这笔订单暂时无法完成，请稍后再试，或联系商家。", EN: "This order cannot be completed at the moment. Please try again later, or ask the shop."}
}

// Faults lists the classes, each once: the one table of whose matter a refusal is.
func Faults() []Fault { return append(append(buyersFaults(), sellersFaults()...), gatewaysFaults()...) }

func buyersFaults() []Fault {
	return []Fault{
		{
			CodeBuyerBalance, PartyBuyer, RepeatMended,
			Words{ZH: "买家的余额、银行卡或额度不足。请买家换一种付款方式，再发同一请求。", EN: "the buyer's balance, card or credit is not enough: let the buyer choose another way to pay, then send the same request again"},
			Words{ZH: "余额或可用额度不足，请换一种付款方式后再试。", EN: "The balance or credit is not enough. Please choose another way to pay."},
		}, {
			CodeBuyerAccount, PartyBuyer, RepeatMended,
			Words{ZH: "买家的{网关}账户不存在，或当前状态不能这样付款或收款。请买家在{支付应用}中处理，或换一个账户。", EN: "the buyer's {gateway} account does not exist or may not pay or be paid so: the buyer looks at it in {the payment app}, or takes another account"},
			Words{ZH: "您的{支付平台}账户暂时不能用于这笔付款，请在{支付应用}中查看账户状态，或换一个账户。", EN: "Your {gateway} account cannot be used for this payment. Please check it in {the payment app}, or use another account."},
		}, {
			CodeBuyerLimit, PartyBuyer, RepeatMended,
			Words{ZH: "金额超出买家的单笔或累计限额。请买家减少金额、换一种付款方式，或改日再付。", EN: "the amount is over what this buyer may pay, once or in a period: a smaller amount, another way to pay, or another day"},
			Words{ZH: "金额超出您的付款限额，请减少金额，或换一种付款方式。", EN: "The amount is over your payment limit. Please pay less at once, or choose another way to pay."},
		}, {
			CodePayerMismatch, PartyBuyer, RepeatMended,
			Words{ZH: "付款人与请求中的买家不符，或就是卖家本人，或标识属于另一个应用。请核对 payer，并用下单的账户付款。", EN: "the payer is not the buyer of the request, or is the seller, or the id belongs to another app: check payer, and pay with the account that placed the order"},
			Words{ZH: "请使用下单时的{支付平台}账户付款；商家本人不能购买自己的商品。", EN: "Please pay with the {gateway} account that placed the order. A seller cannot buy from themselves."},
		}, {
			CodeRiskRefused, PartyBuyer, RepeatMended,
			Words{ZH: "{网关}的风控拦截了这笔交易。不要重复提交；请买家换一种付款方式或稍后再试。", EN: "{the gateway}'s risk control stopped it: do not insist; the buyer may choose another way to pay, or come again later"},
			Words{ZH: "为了保障资金安全，{支付平台}没有通过这笔付款。请稍后再试，或换一种付款方式。", EN: "For the safety of your money, {the gateway} did not let this payment pass. Please try again later, or choose another way to pay."},
		},
	}
}

func sellersFaults() []Fault {
	return []Fault{
		{
			CodeSellerBalance, PartyMerchant, RepeatMended,
			Words{ZH: "商家的{网关}账户余额不足，款项退不出去。充值后重新发起退款。", EN: "the merchant's {gateway} account has too little to send back: top it up, then ask for a new refund"}, neutral(),
		}, {
			CodeSellerAccount, PartyMerchant, RepeatMended,
			Words{ZH: "商家的{网关}账户不能这样收款或退款：状态、限额、门店、结算或分账设置。请在商家后台处理。", EN: "the merchant's {gateway} account may not receive or send this: its state, a limit, store, settlement or profit sharing. Look into {the gateway}'s merchant centre"}, neutral(),
		}, {
			CodeGoodsRefused, PartyMerchant, RepeatNever,
			Words{ZH: "{网关}不接受这些商品明细。请修改 goods 后用新的订单号下单。", EN: "{the gateway} does not take these goods: change goods, under a new order number"}, neutral(),
		}, {
			CodeTextRefused, PartyMerchant, RepeatNever,
			Words{ZH: "标题、商品名或原因中有{网关}不允许的文字。请修改后用新的单号提交。", EN: "a word of the subject, the goods or the reason is not allowed at {the gateway}: change it, under a new number"}, neutral(),
		}, {
			CodeRequestRefused, PartyMerchant, RepeatNever,
			Words{ZH: "{网关}不接受请求中的某个字段，gateway 中有它的说明。请修改后用新的单号提交。", EN: "{the gateway} does not take a field of the request; gateway says which. Change it, under a new number"}, neutral(),
		}, {
			CodeMisconfigured, PartyOperator, RepeatMended,
			Words{ZH: "{网关}因为我们的签名、密钥、证书、应用、权限、签约或加密设置拒绝了调用，什么也没有发生。请通知运维处理；订单保留，稍后发同一请求。", EN: "{the gateway} turned the call away for our signature, key, certificate, application, permission, contract or encryption, and did nothing. Tell whoever runs paymux; the order is kept: send the same request again later"}, neutral(),
		},
	}
}

func gatewaysFaults() []Fault {
	return []Fault{
		{
			CodeTradeState, PartyNobody, RepeatNever,
			Words{ZH: "交易的状态不允许：已付、已关闭、已结束，或已退完。请查询后再决定。", EN: "the trade's state does not permit it: paid, closed, finished, or refunded already. Look at the payment before deciding"},
			Words{ZH: "订单状态已经变化，请刷新后查看。", EN: "The order has changed. Please reload to see where it stands."},
		}, {
			CodeNumberUsed, PartyNobody, RepeatAsked,
			Words{ZH: "{网关}已有同号的另一笔或已关闭的交易，正在查询。", EN: "{the gateway} holds another or a closed trade under this number; it is being asked"}, neutral(),
		}, {
			CodeThrottled, PartyGateway, RepeatLater,
			Words{ZH: "调用过于频繁，{网关}没有执行。请稍后发同一请求。", EN: "too many calls: {the gateway} did nothing. Send the same request again later"},
			Words{ZH: "{支付平台}繁忙，请稍后再试。", EN: "{The gateway} is busy. Please try again in a moment."},
		}, {
			CodeUndecided, PartyGateway, RepeatAsked,
			Words{ZH: "{网关}没有给出可以确认的结果，正在查询。不要当作失败。", EN: "{the gateway} gave no answer that proves anything; it is being asked. Do not take it for a failure"},
			Words{ZH: "正在向{支付平台}确认结果，请勿重复付款。", EN: "The result is being confirmed with {the gateway}. Please do not pay again."},
		},
	}
}

// FaultOf finds the class of a code; ok is false for a code that is no class.
func FaultOf(code Code) (fault Fault, ok bool) {
	for _, f := range Faults() {
		if f.Code == code {
			return f, true
		}
	}
	return Fault{}, false
}

// BuyerWords is what a buyer may be told about a refusal with the code: the class's sentence, or
// the neutral one.
func BuyerWords(code Code) Words {
	if f, ok := FaultOf(code); ok {
		return f.Buyer
	}
	return neutral()
}
