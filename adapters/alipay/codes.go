package alipay

import "strings"

// Gateway codes, the "code" of an answer.
const (
	codeSuccess   = "10000"
	codePending   = "10003"
	codeUnknown   = "20000"
	codeToken     = "20001"
	codeMissing   = "40001"
	codeInvalid   = "40002"
	codeCondition = "40003"
	codeBusiness  = "40004"
	codeLimited   = "40005"
	codeForbidden = "40006"
)

// Classify is the one table of codes: it maps a verified answer to what it
// proves. Source: the official error lists of each API. A code that is not
// listed is Unknown, whatever its name suggests.
func Classify(method, code, subCode string) Class {
	switch code {
	case codeSuccess:
		return Done
	case codePending:
		return Pending
	case codeLimited:
		return Throttled
	case codeToken, codeMissing, codeCondition, codeForbidden:
		return FinalMerchant
	case codeInvalid, codeBusiness:
		return classifySubCode(method, strings.TrimPrefix(subCode, "ACQ."))
	}
	return Unknown
}

func classifySubCode(method, sub string) Class {
	if class := classifyByMethod(method, sub); class != Unknown {
		return class
	}
	switch {
	case isSystemError(sub):
		return Unknown
	case isThrottle(sub):
		return Throttled
	case isUserRefusal(sub):
		return FinalUser
	case isRefundRefusal(sub):
		return FinalRefund
	case isMerchantRefusal(sub), isSetUpMistake(sub), isSplitRefusal(sub), isQueryRefusal(sub):
		return FinalMerchant
	}
	switch sub {
	case "TRADE_NOT_EXIST", "USER_AGREEMENT_NOT_EXIST", "NO_BILL_DATA", "BILL_NOT_EXIST":
		return NotExist
	case "TRADE_HAS_SUCCESS":
		return DoneElsewhere
	case "TRADE_HAS_CLOSE", "CONTEXT_INCONSISTENT":
		return NewNumber
	}
	return Unknown
}

// classifyByMethod holds the codes whose meaning depends on what was asked.
func classifyByMethod(method, sub string) Class {
	switch method {
	case MethodClose:
		switch sub {
		// Only WAIT_BUYER_PAY can be closed: the trade is paid or closed already.
		case "TRADE_STATUS_ERROR", "REASON_TRADE_STATUS_INVALID", "REASON_ILLEGAL_STATUS":
			return DoneElsewhere
		}
	case MethodPay:
		if sub == "TRADE_STATUS_ERROR" {
			return DoneElsewhere
		}
	case MethodRefund:
		switch sub {
		case "TRADE_STATUS_ERROR", "TRADE_HAS_CLOSE", "BUYER_ERROR", "BUYER_NOT_EXIST", "BUYER_ENABLE_STATUS_FORBID",
			"USER_NOT_MATCH_ERR", "TRADE_SETTLE_ERROR", "CURRENCY_NOT_SUPPORT", "ALLOC_AMOUNT_VALIDATE_ERROR":
			return FinalRefund
		}
	case MethodSettle:
		switch sub {
		case "TRADE_STATUS_ERROR", "DISCORDANT_REPEAT_REQUEST", "TRADE_SETTLE_ERROR":
			return FinalMerchant
		}
	case MethodAgreementUnsign, MethodAgreementQuery:
		switch sub {
		case "AGREEMENT_NOT_EXIST", "AGREEMENT_NOT_EXSIT": // the second spelling is the gateway's
			return NotExist
		case "AGREEMENT_HAS_UNSIGNED", "USER_AGREEMENT_STATUS_NOT_NORMAL":
			return DoneElsewhere
		}
	case MethodOAuthToken:
		switch strings.TrimPrefix(sub, "isv.") { // v3 writes them without
		// A new my.getAuthCode in the buyer's hands mends all of these.
		case "code-invalid", "refresh-token-invalid", "refresh-token-time-out", "refreshed-token-invalid":
			return FinalUser
		}
	}
	return Unknown
}

func isSystemError(sub string) bool {
	switch sub {
	case "SYSTEM_ERROR", "AQC.SYSTEM_ERROR", // the second spelling is trade.cancel's
		"isp.unknow-error", "aop.unknow-error", "UNKNOWN_ERROR":
		return true
	}
	return false
}

func isThrottle(sub string) bool {
	switch sub {
	case "FREQUENCY_LIMITED", "SYSTEM_RATE_LIMIT", "USER_RATE_LIMIT", "isv.app-call-limited", "isv.method-call-limited":
		return true
	}
	return false
}

func isUserRefusal(sub string) bool {
	switch sub {
	case "BUYER_BALANCE_NOT_ENOUGH", "BUYER_BANKCARD_BALANCE_NOT_ENOUGH", "BUYER_ENABLE_STATUS_FORBID",
		"BUYER_NOT_EXIST", "BUYER_SELLER_EQUAL", "BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR",
		"BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR", "BEYOND_PAY_RESTRICTION", "ERROR_BALANCE_PAYMENT_DISABLE",
		"ERROR_BUYER_CERTIFY_LEVEL_LIMIT", "MOBILE_PAYMENT_SWITCH_OFF", "USER_FACE_PAYMENT_SWITCH_OFF",
		"NO_PAYMENT_INSTRUMENTS_AVAILABLE", "NOT_CERTIFIED_USER", "NOT_SUPPORT_PAYMENT_INST", "CERT_EXPIRED",
		"PAYER_UNMATCHED", "PAYMENT_AUTH_CODE_INVALID", "PAYMENT_FAIL", "PAYMENT_REQUEST_HAS_RISK",
		"PULL_MOBILE_CASHIER_FAIL", "REQUEST_AMOUNT_EXCEED", "TRADE_BUYER_NOT_MATCH", "USER_LOGONID_DUP",
		"CUSTOMER_VALIDATE_ERROR", "AUTH_AMOUNT_NOT_ENOUGH", "BUYER_UNSUPPORT_ADVANCE", "ORDER_UNSUPPORT_ADVANCE",
		"ZM_AUTH_AMOUNT_EXCEED", "ZM_AUTH_RULE_LIMIT", "ZM_CREDIT_AUTH_FAIL":
		return true
	}
	return false
}

func isRefundRefusal(sub string) bool {
	switch sub {
	case "TRADE_HAS_FINISHED", "TRADE_NOT_ALLOW_REFUND", "DISCORDANT_REPEAT_REQUEST", "REFUND_FEE_ERROR",
		"REASON_TRADE_REFUND_FEE_ERR", "REASON_TRADE_STATUS_INVALID", "REFUND_AMT_NOT_EQUAL_TOTAL",
		"NOT_ALLOW_PARTIAL_REFUND", "ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND", "SELLER_BALANCE_NOT_ENOUGH",
		"REASON_TRADE_BEEN_FREEZEN", "REFUND_ACCOUNT_NOT_EXIST", "REFUND_CHARGE_ERROR",
		"REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST", "REFUNDALLOC_UNAUTH_LIMIT", "OVERDRAFT_AGREEMENT_NOT_MATCH",
		"OVERDRAFT_ASSIGN_ACCOUNT_INVALID", "TRADE_CANCEL_TIME_OUT", "CANCEL_NOT_ALLOWED":
		return true
	}
	return false
}

func isMerchantRefusal(sub string) bool {
	switch sub {
	case "ACCESS_FORBIDDEN", "INVALID_PARAMETER", "ILLEGAL_ARGUMENT", "PARTNER_ERROR", "EXIST_FORBIDDEN_WORD",
		"BEYOND_PER_RECEIPT_SINGLE_RESTRICTION", "BEYOND_PER_RECEIPT_RESTRICTION", "BEYOND_PER_RECEIPT_DAY_RESTRICTION",
		"BIZ_PRODUCT_NOT_ALLOWED", "DEFAULT_SETTLE_RULE_NOT_EXIST", "ERROR_SELLER_CERTIFY_LEVEL_LIMIT",
		"INVALID_RECEIVE_ACCOUNT", "INVALID_STORE_ID", "STORE_INFO_INVALID", "MERCHANT_PERM_RECEIPT_DAY_LIMIT",
		"MERCHANT_PERM_RECEIPT_SINGLE_LIMIT", "MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT", "MERCHANT_STATUS_NOT_NORMAL",
		"NOW_TIME_AFTER_EXPIRE_TIME_ERROR", "OPEN_ID_NOT_TINY_APP", "PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID",
		"PRODUCT_NOT_SUPPORT_IN_TINY_APP", "RISK_MERCHANT_IP_NOT_EXIST", "SELLER_BEEN_BLOCKED", "SELLER_NOT_EXIST",
		"SECONDARY_MERCHANT_ALIPAY_ACCOUNT_INVALID", "SECONDARY_MERCHANT_CARD_ALIAS_NO_INVALID",
		"SECONDARY_MERCHANT_ID_BLANK", "SECONDARY_MERCHANT_ID_INVALID", "SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT",
		"SECONDARY_MERCHANT_NOT_MATCH", "SECONDARY_MERCHANT_STATUS_ERROR", "SUB_GOODS_SIZE_MAX_COUNT",
		"SUB_MERCHANT_CREATE_FAIL", "SUB_MERCHANT_TYPE_INVALID", "TOTAL_FEE_EXCEED", "TRADE_SETTLE_ERROR",
		"UNBOUND_APPLICATION", "APPLY_PC_MERCHANT_CODE_ERROR", "SMILE_PAY_MERCHANT_NOT_MATCH",
		"UN_SUPPORT_TRADE_SCENE", "PRODUCT_AMOUNT_LIMIT_ERROR", "RESTRICTED_MERCHANT_INDUSTRY",
		"AUTH_NO_ERROR", "AUTH_ORDER_HAS_CLOSED", "AUTH_ORDER_HAS_FINISHED", "AUTH_ORDER_NOT_PAID",
		"AUTH_TOKEN_IS_NOT_EXIST", "AGREEMENT_ERROR", "AGREEMENT_INVALID", "AGREEMENT_NOT_EXIST",
		"AGREEMENT_STATUS_NOT_NORMAL", "MERCHANT_AGREEMENT_INVALID", "MERCHANT_AGREEMENT_NOT_EXIST",
		"CYCLE_PAY_DATE_NOT_MATCH", "CYCLE_PAY_SINGLE_FEE_EXCEED", "CYCLE_PAY_TOTAL_FEE_EXCEED",
		"CYCLE_PAY_TOTAL_TIMES_EXCEED", "OVER_DEDUCT_PERIOD", "OVER_MAX_DEDUCT_COUNT",
		"OVER_MAX_UNDER_WAY_DEDUCT_COUNT", "OVER_MERCHANT_DAILY_DEDUCT_AMOUNT", "MERCHANT_UNSUPPORT_ADVANCE",
		"ENTERPRISE_PAY_BIZ_ERROR", "CURRENCY_NOT_SUPPORT":
		return true
	}
	return false
}

// isSetUpMistake lists the 40002 family: code or configuration must change.
func isSetUpMistake(sub string) bool {
	switch strings.TrimPrefix(sub, "isv.") {
	case "invalid-parameter", "invalid-method", "invalid-format", "invalid-signature-type", "invalid-signature",
		"invalid-app-id", "invalid-timestamp", "invalid-charset", "invalid-encrypt-type", "illegal-json",
		"suspected-attack", "forbidden-api", "code-invalid", "missing-app-cert-sn", "missing-alipay-root-cert-sn",
		"invalid-alipay-root-cert-sn", "app-cert-expired", "app-cert-not-exist", "alipay-cert-not-exist",
		"not-online-app", "grant-type-invalid", "unmatched-app-id":
		return true
	}
	return false
}

// isSplitRefusal lists order.settle and the royalty relations. The families
// are documented by prefix only.
func isSplitRefusal(sub string) bool {
	switch sub {
	case "ALLOC_AMOUNT_VALIDATE_ERROR", "ALLOC_REFUSE_AFTER_REFUND", "ALLOC_REFUSE_BEFORE_SETTLE",
		"ALREADY_FINISH_ALLOC", "ASYNC_ALLOC_NOT_SUPPORT_IN_PERIOD", "DUP_OUT_REQUEST_NO", "ILLEGAL_REQUEST",
		"ILLEGAL_SETTLE_STATE", "INVALID_REPLENISH_AMOUNT", "MERCHANT_RISK_LIMIT", "MUST_ALLOC_FROM_ROOT_ACCOUNT",
		"NOT_SUPPORT_ROYALTY", "ROYALTY_ACCOUNTS_EQUAL", "REPLENISH_ACCOUNT_INVALID",
		"TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH", "USER_ACCOUNT_HAD_FREEZEN":
		return true
	}
	for _, family := range [...]string{"ROYALTY_ACCOUNT_", "ROYALTY_PAYER_", "ROYALTY_RECEIVER_"} {
		if strings.HasPrefix(sub, family) {
			return true
		}
	}
	return false
}

// isQueryRefusal lists bills, settlement queries and agreement queries.
func isQueryRefusal(sub string) bool {
	switch sub {
	case "INVAILID_ARGUMENTS", "TYPE_NOT_SUPPORTED", "BILL_DATE_BEFORE_REGISTRATION", // the first is spelt so
		"MERCHANT_TRADE_NOT_MATCH", "OPENID_APPID_NOT_MATCH", "USER_NOT_EXIST_ERROR", "USER_NOT_EXSIT_ERROR",
		"PRODUCT_CODE_NOT_SUPPORTED_ERROR", "MERCHANT_STATUS_IS_NOT_NORMAL", "LOGONID_IS_REPEATED",
		"AUTHOREE_IS_NOT_MATCH", "USER_AGREEMENT_UNSIGN_FAIL", "ASYNC_UNSIGN_CAN_NOT_REJECT":
		return true
	}
	return false
}
