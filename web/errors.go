package web

import (
	"maps"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// ErrorEntry is one code of the API as the guides explain it: whose matter it is, what to do, and
// what a shop may tell its buyer.
type ErrorEntry struct {
	Code   core.Code
	Status int
	Party  core.Party
	Mend   core.Words
	Buyer  core.Words
}

// Errors lists every code of the API by status and name. A test writes docs/errors.md from it.
func Errors() []ErrorEntry {
	var list []ErrorEntry
	advice := adviceByCode()
	for code, k := range kinds() {
		e := ErrorEntry{Code: code, Status: k.status, Party: advice[code].party, Mend: advice[code].mend, Buyer: core.BuyerWords(code)}
		if f, ok := core.FaultOf(code); ok {
			e.Party, e.Mend = f.Party, f.Mend
		}
		if !advice[code].buyer.Empty() {
			e.Buyer = advice[code].buyer
		}
		e.Mend, e.Buyer = e.Mend.Naming(core.Words{}), e.Buyer.Naming(core.Words{})
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b ErrorEntry) int {
		if a.Status != b.Status {
			return a.Status - b.Status
		}
		return strings.Compare(string(a.Code), string(b.Code))
	})
	return list
}

// advice is what to do about a code that is no class of the gateway's refusals; buyer is empty
// where the neutral sentence serves.
type advice struct {
	party core.Party
	mend  core.Words
	buyer core.Words
}

func words(zh, en string) core.Words { return core.Words{ZH: zh, EN: en} }

func adviceByCode() map[core.Code]advice {
	all := requestAdvice()
	for _, more := range []map[core.Code]advice{stateAdvice(), rulesAdvice(), serverAdvice()} {
		maps.Copy(all, more)
	}
	return all
}

// requestAdvice is about requests that must be written otherwise.
func requestAdvice() map[core.Code]advice {
	const caller = core.PartyCaller
	return map[core.Code]advice{
		core.CodeInvalid:             {party: caller, mend: words("请求中有字段缺失或不合要求，field 指出是哪一个。修改后再发。", "a field is missing or out of range; field names it. Change it and send again")},
		codeUnauthenticated:          {party: caller, mend: words("密钥、签名或时间戳不对。检查密钥编号、密钥内容和本机时钟。", "key, signature or timestamp is wrong: check the key's id and secret, and this host's clock")},
		codeSignatureVersion:         {party: caller, mend: words("签名是旧版本的。按现行版本重新计算。", "the signature is of an older version: compute it by the present one")},
		core.CodeReplayedNonce:       {party: caller, mend: words("这个签名请求用过了。每次请求换新的随机数重新签名。", "this signed request was used: sign each request with a new nonce")},
		core.CodeForbidden:           {party: caller, mend: words("密钥的角色不允许。换有权限的密钥。", "the key's role does not permit it: use a key with the needed role")},
		core.CodeSameActor:           {party: caller, mend: words("发起人不能审批自己的退款。换另一个人审批。", "who asked may not approve: let somebody else decide")},
		core.CodeOverLimit:           {party: caller, mend: words("金额超过一个人能决定的上限。款项继续保留，或退回。", "one person may not decide about so much: the money stays held, or goes back")},
		core.CodeNotFound:            {party: caller, mend: words("没有这个对象，或属于别的商户。核对编号。", "there is no such object, or it is another merchant's: check the id")},
		core.CodeNotConfigured:       {party: core.PartyOperator, mend: words("这里没有这个网关或账户。核对路径或配置。", "there is no such gateway or account here: check the path, or the configuration")},
		codeMethodNotAllowed:         {party: caller, mend: words("该地址不接受这个方法。", "the address does not take this method")},
		codeTooLarge:                 {party: caller, mend: words("请求体超过 64 KiB。", "the body is over 64 KiB")},
		codeMediaType:                {party: caller, mend: words("请求体必须是 application/json。", "the body must be application/json")},
		core.CodeAmountMismatch:      {party: caller, mend: words("amount_fen 必须等于商品金额之和。", "amount_fen must be the goods' total")},
		core.CodeIdempotencyMismatch: {party: caller, mend: words("同一个键或单号带来了不同的请求。查明原因，不要只换一个新键。", "the key or number came with another request: find out why, do not just draw a new one")},
		core.CodeArchived:            {party: core.PartyCaller, mend: words("支付单早已完结并归档，不能再操作。需要查账时，向 paymux 的运维要归档文件。", "the payment was final for long and has been archived: ask whoever runs paymux for it")},
		core.CodeOrderExists:         {party: caller, mend: words("这个订单号已被另一请求使用，payment_id 是它的支付单。", "another request used this order number; payment_id names its payment")},
		core.CodeRefundExceedsPaid:   {party: caller, mend: words("最多退 refundable_fen，处理中的退款也占用额度。", "ask for refundable_fen at most; refunds under way count")},
		core.CodeReturnURL:           {party: caller, mend: words("return_url 不在登记的前缀之内。先登记。", "return_url does not begin with a registered prefix: register it")},
		core.CodeUnknownPlatform:     {party: caller, mend: words("不认识这个平台。可用的见 GET /v1/platforms。", "the platform is not known: GET /v1/platforms lists them")},
		core.CodeLoginFailed:         {party: core.PartyBuyer, mend: words("授权码无效或用过了。在小程序中重新获取。", "the authorisation code is wrong or used: get a new one in the mini-program"), buyer: words("登录已失效，请重新授权。", "The login is no longer valid. Please authorise again.")},
		codeTooManyRequests:          {party: caller, mend: words("请求过于频繁。按 Retry-After 等待。", "too many requests: wait as Retry-After says")},
		core.CodePageBusy:            {party: core.PartyBuyer, mend: words("付款页打开次数过多。稍后再试。", "the page was opened too often: wait"), buyer: words("操作太频繁，请稍后再试。", "Too many tries. Please wait a moment.")},
	}
}

// stateAdvice is about what has happened meanwhile.
func stateAdvice() map[core.Code]advice {
	const nobody = core.PartyNobody
	return map[core.Code]advice{
		core.CodeInProgress:      {party: nobody, mend: words("同一请求正在处理。按 Retry-After 再发。", "the same request is being worked on: repeat after Retry-After"), buyer: words("正在处理，请稍候。", "It is being worked on. Please wait.")},
		core.CodeAttemptInFlight: {party: nobody, mend: words("上一次支付仍可付款，暂时关不掉。让买家付它，或按 Retry-After 再发。", "the older attempt can still be paid: pay it, or repeat after Retry-After"), buyer: words("上一次付款还没有结束，请先完成它，或稍后再试。", "The earlier payment has not ended yet. Please finish it, or try again later.")},
		core.CodeAlreadyPaid:     {party: nobody, mend: words("已经付款。发货，或退款。", "it is paid: ship, or refund"), buyer: words("订单已付款。", "The order is paid.")},
		core.CodePaymentClosed:   {party: nobody, mend: words("支付单已关闭。重新下单。", "the payment is closed: make a new order"), buyer: words("订单已关闭，请重新下单。", "The order is closed. Please order again.")},
		core.CodePaymentExpired:  {party: nobody, mend: words("剩余时间不够付款。重新下单。", "too little time is left: make a new order"), buyer: words("订单已超时，请重新下单。", "The order has expired. Please order again.")},
		core.CodeNotRefundable:   {party: nobody, mend: words("还没有付款，或没有可退的款项。", "nothing was paid yet, or nothing is left to send back")},
		core.CodeNotPending:      {party: nobody, mend: words("退款不在待审批状态，已有人决定。", "somebody has decided already")},
		core.CodeWrongState:      {party: nobody, mend: words("当前状态不允许。先查询对象。", "the state does not permit it: look at the object")},
		core.CodeTooMany:         {party: core.PartyCaller, mend: words("一个支付单最多 100 笔退款、20 次支付。", "a payment may have 100 refunds and 20 attempts")},
		core.CodeChannelRefused:  {party: core.PartyGateway, mend: words("网关最终拒绝，但没有归入任何一类；gateway 中有它的原话。", "the gateway refused for good, for a reason without a class; gateway has its words")},
	}
}

// rulesAdvice is about what the rules refuse.
func rulesAdvice() map[core.Code]advice {
	const merchant = core.PartyMerchant
	layers := words("规则不允许；refusals 列出每一层的原因，remedy 说明怎样才能允许。", "the rules refuse it: refusals names every layer that said no, and remedy what would change it")
	buyer := words("这里暂时不能购买这些商品，请联系商家。", "These goods cannot be bought here at the moment. Please ask the shop.")
	all := map[core.Code]advice{}
	for _, code := range []core.Code{
		core.CodeRefused, core.CodeGoodsCategoryForbidden, core.CodeLicenceMissing, core.CodePermissionMissing, core.CodeInstalmentsNotSupported,
		core.CodeFeatureOff, core.CodeRuleUnspecified, core.CodeChannelMissing,
	} {
		all[code] = advice{merchant, layers, buyer}
	}
	return all
}

// serverAdvice is about ourselves.
func serverAdvice() map[core.Code]advice {
	const operator = core.PartyOperator
	return map[core.Code]advice{
		core.CodeInternal:           {party: operator, mend: words("paymux 自身的故障。重发同一请求是安全的；把 request_id 交给运维。", "a fault of ours: the same request again is safe; give request_id to whoever runs paymux")},
		core.CodeContended:          {party: operator, mend: words("写入冲突过多，什么也没有改变。重发同一请求。", "too many writers at once, nothing was changed: repeat the same request")},
		core.CodeUnavailable:        {party: operator, mend: words("数据库没有应答，结果可能未知。重发同一请求即可查明。", "the database does not answer: whether it was done, the same request again finds out")},
		core.CodeChannelUnavailable: {party: core.PartyGateway, mend: words("没有发到网关。重发同一请求。", "nothing was sent to the gateway: repeat the same request")},
		codeLoop:                    {party: core.PartyMerchant, mend: words("某个 webhook 地址又指回了 paymux。修改地址。", "a webhook endpoint leads back to paymux: change its address")},
	}
}
