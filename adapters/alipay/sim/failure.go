package alipaysim

// failure is an answer other than success.
type failure struct {
	Code, SubCode, SubMsg string
	// unsigned leaves the answer without a signature, as the real gateway does
	// while it does not know whom it talks to.
	unsigned bool
	// extra are business fields that are present all the same.
	extra any
}

// The gateway's result codes.
const (
	codeSuccess      = "10000"
	codeWaiting      = "10003"
	codeUnavailable  = "20000"
	codePermission   = "20001"
	codeMissing      = "40001"
	codeInvalid      = "40002"
	codeConditions   = "40003"
	codeBusiness     = "40004"
	codeLimited      = "40005"
	codeInsufficient = "40006"
)

func codeMessage(code string) string {
	switch code {
	case codeSuccess:
		return "Success"
	case codeUnavailable:
		return "Service Currently Unavailable"
	case codePermission:
		return "Insufficient Token Permissions"
	case codeMissing:
		return "Missing Required Arguments"
	case codeInvalid:
		return "Invalid Arguments"
	case codeConditions:
		return "Insufficient Conditions"
	case codeLimited:
		return "Call Limited"
	case codeInsufficient:
		return "Insufficient Permissions"
	default:
		return "Business Failed"
	}
}

func missing(subCode, subMsg string) *failure {
	return &failure{Code: codeMissing, SubCode: subCode, SubMsg: subMsg}
}

func invalid(subCode, subMsg string) *failure {
	return &failure{Code: codeInvalid, SubCode: subCode, SubMsg: subMsg}
}

func refused(subCode, subMsg string) *failure {
	return &failure{Code: codeBusiness, SubCode: subCode, SubMsg: subMsg}
}

// unavailable is the unknown outcome: the caller cannot tell whether it was executed.
func unavailable() *failure {
	return &failure{Code: codeUnavailable, SubCode: "isp.unknow-error", SubMsg: "系统繁忙"}
}

func invalidParameter(what string) *failure {
	return refused("ACQ.INVALID_PARAMETER", "参数无效:"+what)
}

func tradeNotExist() *failure { return refused("ACQ.TRADE_NOT_EXIST", "交易不存在") }

// refusalText is the sub_msg of the business codes that the simulator gives by itself.
func refusalText(subCode string) string {
	texts := map[string]string{
		"ACQ.TRADE_HAS_SUCCESS":                "交易已被支付",
		"ACQ.TRADE_HAS_CLOSE":                  "交易已经关闭",
		"ACQ.TRADE_HAS_FINISHED":               "交易已完结",
		"ACQ.TRADE_STATUS_ERROR":               "交易状态不合法",
		"ACQ.REASON_TRADE_STATUS_INVALID":      "交易状态异常",
		"ACQ.CONTEXT_INCONSISTENT":             "交易信息被篡改",
		"ACQ.DISCORDANT_REPEAT_REQUEST":        "请求信息不一致",
		"ACQ.REASON_TRADE_REFUND_FEE_ERR":      "退款金额超限",
		"ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR": "当前时间已超过允许支付的时间",
		"ACQ.TRADE_BUYER_NOT_MATCH":            "交易买家不匹配",
		"ACQ.INVALID_RECEIVE_ACCOUNT":          "卖家账户无效",
		"ACQ.UNBOUND_APPLICATION":              "应用未绑定",
		"ACQ.SELLER_BALANCE_NOT_ENOUGH":        "卖家余额不足",
		"ACQ.BUYER_BALANCE_NOT_ENOUGH":         "买家余额不足",
		"ACQ.SYSTEM_ERROR":                     "接口返回错误",
		"AQC.SYSTEM_ERROR":                     "系统错误",
		"ACQ.PAYMENT_AUTH_CODE_INVALID":        "支付失败，获取顾客账户信息失败，请顾客刷新付款码后重新收款",
		"ACQ.TRADE_NOT_EXIST":                  "交易不存在",
	}
	if text, ok := texts[subCode]; ok {
		return text
	}
	return "业务处理失败"
}

func refuse(subCode string) *failure { return refused(subCode, refusalText(subCode)) }
