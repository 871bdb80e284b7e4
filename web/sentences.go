package web

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// speech says in Chinese what core and web say of a request in English: their messages are English
// because logs and programs' traces are. A test reads the sources and finds every message here, so
// that no buyer of the API is answered in half a language.
type speech struct {
	plain map[string]string
	forms []form
}

// form is a sentence with places in it.
type form struct {
	english *regexp.Regexp
	chinese string
}

func newSpeech() speech {
	s := speech{plain: map[string]string{}}
	list := sentences()
	// What says more is tried first: "must be 1 to %s fen" before "must be %s to %s".
	slices.SortStableFunc(list, func(a, b core.Words) int { return len(b.EN) - len(a.EN) })
	for _, w := range list {
		if !strings.Contains(w.EN, "%s") {
			s.plain[w.EN] = w.ZH
			continue
		}
		parts := strings.Split(w.EN, "%s")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		s.forms = append(s.forms, form{regexp.MustCompile(`^(?s)` + strings.Join(parts, `(.*?)`) + `$`), w.ZH})
	}
	return s
}

// say returns a message in both languages. What is known in one language only, such as a reason
// that somebody gave, is said in it.
func (s speech) say(message string) core.Words {
	if chinese, ok := s.plain[message]; ok {
		return core.Words{ZH: chinese, EN: message}
	}
	for _, f := range s.forms {
		if found := f.english.FindStringSubmatch(message); found != nil {
			values := make([]any, len(found)-1)
			for i, text := range found[1:] {
				values[i] = text
			}
			return core.Words{ZH: fmt.Sprintf(f.chinese, values...), EN: message}
		}
	}
	return core.Words{ZH: message, EN: message}
}

// sentences are all messages about requests; %s stands for a value, in the same order in both
// languages.
func sentences() []core.Words {
	return slices.Concat(sentencesOfOrders(), sentencesOfFields(), sentencesOfBodies())
}

// sentencesOfOrders speak of payments, refunds and who works on them.
func sentencesOfOrders() []core.Words {
	return []core.Words{
		{EN: "the order is being created by another request", ZH: "另一个请求正在创建这笔订单"},
		{EN: "this key was used with another request", ZH: "这个幂等键已用于另一个请求"},
		{EN: "merchant_order_no was used before", ZH: "这个 merchant_order_no 已经用过"},
		{EN: "merchant_order_no was used before, by a payment that has been archived", ZH: "这个 merchant_order_no 已经用过，那笔支付单已归档"},
		{EN: "payment %s has been final for so long that it was moved to archive %s; nothing can be done with it any more", ZH: "支付单 %s 早已完结，已移入归档 %s，不能再对它做任何操作"},
		{EN: "merchant_order_no was used with another request", ZH: "这个 merchant_order_no 已用于另一个请求"},
		{EN: "merchant_refund_no was used with another request", ZH: "这个 merchant_refund_no 已用于另一个请求"},
		{EN: "the payment is paid; refund it instead", ZH: "订单已支付，请改为退款"},
		{EN: "the payment is paid", ZH: "订单已支付"},
		{EN: "the payment is closed", ZH: "订单已关闭"},
		{EN: "the payment has expired", ZH: "订单已超时"},
		{EN: "too little time is left to pay", ZH: "剩余时间不足以完成支付"},
		{EN: "no such channel", ZH: "没有这个渠道"},
		{EN: "no such delivery", ZH: "没有这次投递"},
		{EN: "no such endpoint", ZH: "没有这个接收地址"},
		{EN: "no such event", ZH: "没有这个事件"},
		{EN: "no such payment", ZH: "没有这笔订单"},
		{EN: "no such refund", ZH: "没有这笔退款"},
		{EN: "no such merchant", ZH: "没有这个商户"},
		{EN: "no such object", ZH: "没有这个对象"},
		{EN: "no such file", ZH: "没有这个文件"},
		{EN: "no such gateway account", ZH: "没有这个网关账户"},
		{EN: "no such %s", ZH: "没有这个对象：%s"},
		{EN: "the delivery is being written by another request", ZH: "另一个请求正在写这次投递"},
		{EN: "the endpoint's deliveries are being replayed by another request", ZH: "另一个请求正在重发这个接收地址的投递"},
		{EN: "must be later than %s", ZH: "必须晚于 %s"},
		{EN: "must be within %s days of from", ZH: "距 from 不能超过 %s 天"},
		{EN: "1 to %s goods lines are needed", ZH: "商品应有 1 到 %s 行"},
		{EN: "must be at least 1", ZH: "不能小于 1"},
		{EN: "must not be negative", ZH: "不能为负数"},
		{EN: "must begin with physical, virtual or service", ZH: "须以 physical、virtual 或 service 开头"},
		{EN: "the total exceeds %s fen", ZH: "总额超过 %s 分"},
		{EN: "the message would repeat a %s that another order holds", ZH: "这条消息中的 %s 属于另一笔订单"},
		{EN: "another request decides about the same money", ZH: "另一个请求正在处理同一笔款项"},
		{EN: "the payment holds no late money", ZH: "这笔订单没有待处理的迟到款项"},
		{EN: "too many refunds of the payment were rejected", ZH: "这笔订单被拒绝的退款过多"},
		{EN: "no late money of the payment is held", ZH: "这笔订单没有被留置的迟到款项"},
		{EN: "so much may not be kept by one person's decision", ZH: "金额过大，不能由一个人决定留下"},
		{EN: "another request has started an attempt", ZH: "另一个请求已经发起了支付"},
		{EN: "a payment may have %s attempts at most", ZH: "一笔订单最多发起 %s 次支付"},
		{EN: "a payment may have %s refunds at most", ZH: "一笔订单最多有 %s 笔退款"},
		{EN: "the same message is being taken", ZH: "同一条消息正在处理"},
		{EN: "channel %s is not wired", ZH: "渠道 %s 没有接通"},
		{EN: "account %s is not configured any more; put it back until its orders are done", ZH: "账户 %s 已不在配置中；请放回，直到它的订单全部完成"},
		{EN: "payment %s is %s: %s is impossible", ZH: "订单 %s 的状态是 %s，不能 %s"},
		{EN: "attempt %s is %s: it cannot become %s", ZH: "支付 %s 的状态是 %s，不能变为 %s"},
		{EN: "refund %s is %s: it cannot become %s", ZH: "退款 %s 的状态是 %s，不能变为 %s"},
		{EN: "the gateway's trade_no belongs to another order", ZH: "网关的 trade_no 属于另一笔订单"},
		{EN: "another request took the same %s", ZH: "另一个请求已经占用了同一个 %s"},
		{EN: "must be %s to %s", ZH: "须在 %s 到 %s 之间"},
	}
}

// sentencesOfFields speak of amounts, goods, buyers and keys.
func sentencesOfFields() []core.Words {
	return []core.Words{
		{EN: "must be 1 to %s fen", ZH: "须为 1 到 %s 分"},
		{EN: "must be 1 fen at least", ZH: "至少 1 分"},
		{EN: "the goods add up to %s fen, not to amount_fen", ZH: "商品合计 %s 分，与 amount_fen 不一致"},
		{EN: "is used twice", ZH: "重复使用"},
		{EN: "at most %s entries", ZH: "最多 %s 项"},
		{EN: "must be valid UTF-8 of at most %s bytes", ZH: "须为合法的 UTF-8，最多 %s 字节"},
		{EN: "must be valid UTF-8 of 1 to %s visible characters", ZH: "须为合法的 UTF-8，1 到 %s 个可见字符"},
		{EN: "must begin with one of the merchant's registered return_urls", ZH: "须以商户登记的某个 return_urls 开头"},
		{EN: "the rules do not allow this payment", ZH: "规则不允许这笔支付"},
		{EN: "platform %s needs the buyer's user_id or open_id", ZH: "平台 %s 需要买家的 user_id 或 open_id"},
		{EN: "no active account serves platform %s", ZH: "没有启用的账户服务于平台 %s"},
		{EN: "channel %s exchanges no authorisation codes", ZH: "渠道 %s 不能换取授权码"},
		{EN: "no account of the merchant can exchange authorisation codes", ZH: "商户没有可以换取授权码的账户"},
		{EN: "the authorisation code was refused; get a new one", ZH: "授权码被拒绝，请重新获取"},
		{EN: "the gateway gave no answer; get a new code and try again", ZH: "网关没有响应，请重新获取授权码后再试"},
		{EN: "this request was seen before", ZH: "这个请求已经用过"},
		{EN: "the refund is being made by another request", ZH: "另一个请求正在创建这笔退款"},
		{EN: "the payment is %s: nothing can be refunded", ZH: "订单的状态是 %s，没有可退的款项"},
		{EN: "only %s fen can still be refunded; refunds under way count", ZH: "最多还能退 %s 分，进行中的退款已计入"},
		{EN: "refunds are switched off for this platform", ZH: "这个平台的退款已被关闭"},
		{EN: "the same refund is being worked on", ZH: "同一笔退款正在处理"},
		{EN: "the refund is %s", ZH: "退款的状态是 %s"},
		{EN: "who asked for a refund may not decide on it", ZH: "申请退款的人不能审批这笔退款"},
		{EN: "the gateway cannot be reached; the same request may be sent again", ZH: "网关无法连接，可以再发同一请求"},
		{EN: "the gateway refused the payment: %s", ZH: "网关拒绝了这笔支付：%s"},
		{EN: "the same request is being worked on", ZH: "同一请求正在处理"},
		{EN: "must have 1 to %s characters", ZH: "须有 1 到 %s 个字符"},
		{EN: "may hold only ASCII letters, digits, - and _", ZH: "只能有英文字母、数字、- 和 _"},
		{EN: "must not hold %s", ZH: "不能含有 %s"},
		{EN: "the older attempt can still be paid and could not be closed; pay it, or come again when it has ended", ZH: "上一次发起的支付仍可付款且未能关闭；请支付它，或在它结束后再来"},
		{EN: "one Authorization header is needed", ZH: "需要且只能有一个 Authorization 头"},
		{EN: "the Authorization scheme is not Bearer or %s", ZH: "Authorization 须为 Bearer 或 %s"},
		{EN: "a signed request needs key, ts, nonce and sign, each once", ZH: "签名请求须各有一个 key、ts、nonce 和 sign"},
		{EN: "a signed request has each of %s at most once", ZH: "签名请求中 %s 各最多出现一次"},
		{EN: "the signature is of version 1, which does not cover Idempotency-Key and Content-Type; begin the text with the line PMX2, and put the values of content-type and idempotency-key between nonce and body hash", ZH: "签名是第 1 版，不包含 Idempotency-Key 和 Content-Type；请让待签文本以 PMX2 一行开头，并在 nonce 与正文哈希之间加入 content-type 和 idempotency-key 的值"},
		{EN: "ts is more than 300 seconds away from the server's clock", ZH: "ts 与服务器时钟相差超过 300 秒"},
		{EN: "the key has expired", ZH: "密钥已过期"},
		{EN: "the key is unknown or has ended, or the request does not prove it", ZH: "密钥不存在或已失效，或请求不能证明持有它"},
		{EN: "is not a pseudonym", ZH: "不是有效的假名"},
		{EN: "is a time such as 2026-11-20T16:30:00+08:00, and a + in a query is percent-encoded", ZH: "须为时间，如 2026-11-20T16:30:00+08:00；查询参数中的加号须按百分号编码"},
		{EN: "user_id or open_id is needed", ZH: "须给出 user_id 或 open_id"},
		{EN: "no number of ours or of a gateway looks like this", ZH: "我方和网关都没有这种样子的号码"},
		{EN: "nothing of ours has this number", ZH: "我方没有任何记录使用这个号码"},
		{EN: "is needed: this is of one merchant", ZH: "必填：这项查询只针对一个商户"},
		{EN: "is not a state of messages", ZH: "不是消息的状态"},
		{EN: "no order of ours has this message's number; it can only be dismissed", ZH: "我方没有使用这条消息中号码的订单，只能忽略这条消息"},
		{EN: "nothing of the refund came back", ZH: "这笔退款没有被退回过"},
		{EN: "only a parked message is decided about", ZH: "只能处理被搁置的消息"},
		{EN: "is not an id", ZH: "不是有效的标识"},
		{EN: "too many refused messages from this address", ZH: "来自这个地址的被拒消息过多"},
		{EN: "the key that is named lacks the permission %s", ZH: "所指的密钥没有权限 %s"},
		{EN: "a key of role %s lacks the permission %s", ZH: "角色为 %s 的密钥没有权限 %s"},
		{EN: "a body may have 65,536 bytes", ZH: "请求体最多 65,536 字节"},
		{EN: "the body could not be read", ZH: "请求体无法读取"},
	}
}

// sentencesOfBodies speak of bodies, headers and parameters.
func sentencesOfBodies() []core.Words {
	return []core.Words{
		{EN: "this request takes no body", ZH: "这个请求不需要请求体"},
		{EN: "the body must be %s, not encoded", ZH: "请求体须为 %s，不能编码"},
		{EN: "this request needs a JSON body", ZH: "这个请求需要 JSON 请求体"},
		{EN: "is true, or left out", ZH: "须为 true，或不传"},

		{EN: "the open_id belongs to an app that account %s does not pay for", ZH: "open_id 属于另一个应用，账户 %s 不能用它付款"},
		{EN: "the body must be %s", ZH: "请求体须为 %s"},
		{EN: "this request needs the header, so that a repeat is known as one", ZH: "这个请求需要此头，以便识别重复请求"},
		{EN: "must be sent once, with 1 to 255 visible ASCII characters", ZH: "须出现一次，为 1 到 255 个可见 ASCII 字符"},
		{EN: "is not well-formed", ZH: "格式不正确"},
		{EN: "is given twice", ZH: "出现了两次"},
		{EN: "is empty; leave out what has no value", ZH: "是空的；没有值就不要传"},
		{EN: "is not a parameter of this request", ZH: "不是这个请求的参数"},
		{EN: "is not the next_cursor of an earlier page of this list", ZH: "不是此列表前一页的 next_cursor"},
		{EN: "the page was opened too often; wait a moment", ZH: "页面打开过于频繁，请稍候"},
		{EN: "is not a status", ZH: "不是有效的状态"},
		{EN: "is not a status of refunds", ZH: "不是退款的有效状态"},
		{EN: "has 1 to 64 ASCII letters, digits, - and _", ZH: "须为 1 到 64 个英文字母、数字、- 或 _"},
		{EN: "must be 1 to 100", ZH: "须在 1 到 100 之间"},
		{EN: "the rules refuse this basket", ZH: "规则不允许这些商品"},
		{EN: "the body must be one JSON object", ZH: "请求体须为一个 JSON 对象"},
		{EN: "the body is empty", ZH: "请求体为空"},
		{EN: "the body is nested too deeply", ZH: "请求体嵌套过深"},
		{EN: "the body is not well-formed JSON in UTF-8", ZH: "请求体不是格式正确的 UTF-8 JSON"},
		{EN: "is null; leave out what has no value", ZH: "是 null；没有值就不要传"},
		{EN: "is not a field of this request; names are in lower case", ZH: "不是这个请求的字段；字段名为小写"},
		{EN: "must be an integer: no fraction, no exponent, no quotes, and within range", ZH: "须为整数：不带小数、指数和引号，且在范围内"},
		{EN: "must be a string", ZH: "须为字符串"},
		{EN: "must be a list", ZH: "须为数组"},
		{EN: "must be an object", ZH: "须为对象"},
		{EN: "must be of another type", ZH: "类型不对"},
		{EN: "this is a webhook of paymux itself: the endpoint's address leads back to it", ZH: "这是 paymux 自己发出的通知：接收地址又指回了 paymux"},
		{EN: "is not a state of deliveries", ZH: "不是投递的有效状态"},
		{EN: "is missing, or zero", ZH: "缺失或为零"},
		{EN: "is missing", ZH: "缺失"},
		{EN: "must be at least %s characters", ZH: "至少 %s 个字符"},
		{EN: "must be at least %s entries", ZH: "至少 %s 项"},
		{EN: "must be at least %s", ZH: "不能小于 %s"},
		{EN: "must be at most %s characters", ZH: "最多 %s 个字符"},
		{EN: "must be at most %s entries", ZH: "最多 %s 项"},
		{EN: "must be at most %s", ZH: "不能大于 %s"},
		{EN: "must be one of: %s", ZH: "须为以下之一：%s"},
		{EN: "must be an IP address", ZH: "须为 IP 地址"},
		{EN: "give one of the two, not both and not neither", ZH: "两者须给且只给一个"},
		{EN: "has a form that is not accepted", ZH: "格式不被接受"},
		{EN: "the request is not valid", ZH: "请求无效"},
	}
}
