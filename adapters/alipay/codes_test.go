package alipay

import (
	"strings"
	"testing"
)

// officialCodes are the business codes of each API as its error list names
// them, with the class each must have. G06.
func officialCodes() []struct {
	method string
	class  Class
	codes  string
} {
	return []struct {
		method string
		class  Class
		codes  string
	}{
		{MethodQuery, Unknown, "SYSTEM_ERROR"},
		{MethodQuery, FinalMerchant, "INVALID_PARAMETER ENTERPRISE_PAY_BIZ_ERROR"},
		{MethodQuery, NotExist, "TRADE_NOT_EXIST"},
		{MethodClose, Unknown, "SYSTEM_ERROR"},
		{MethodClose, FinalMerchant, "INVALID_PARAMETER"},
		{MethodClose, NotExist, "TRADE_NOT_EXIST"},
		{MethodClose, DoneElsewhere, "TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID REASON_ILLEGAL_STATUS"},
		{MethodCancel, Unknown, "SYSTEM_ERROR"},
		{MethodCancel, FinalMerchant, "INVALID_PARAMETER"},
		{MethodCancel, FinalRefund, `SELLER_BALANCE_NOT_ENOUGH REASON_TRADE_BEEN_FREEZEN TRADE_HAS_FINISHED TRADE_CANCEL_TIME_OUT
			REASON_TRADE_REFUND_FEE_ERR CANCEL_NOT_ALLOWED`},
		{MethodCreate, Unknown, "SYSTEM_ERROR"},
		{MethodCreate, NewNumber, "CONTEXT_INCONSISTENT TRADE_HAS_CLOSE"},
		{MethodCreate, DoneElsewhere, "TRADE_HAS_SUCCESS"},
		{MethodCreate, FinalUser, `BUYER_ENABLE_STATUS_FORBID BUYER_NOT_EXIST BUYER_SELLER_EQUAL CUSTOMER_VALIDATE_ERROR
			ERROR_BUYER_CERTIFY_LEVEL_LIMIT NOT_SUPPORT_PAYMENT_INST PAYER_UNMATCHED TRADE_BUYER_NOT_MATCH USER_LOGONID_DUP`},
		{MethodCreate, FinalMerchant, `BEYOND_PER_RECEIPT_SINGLE_RESTRICTION 
			DEFAULT_SETTLE_RULE_NOT_EXIST ERROR_SELLER_CERTIFY_LEVEL_LIMIT EXIST_FORBIDDEN_WORD ILLEGAL_ARGUMENT INVALID_PARAMETER
			INVALID_RECEIVE_ACCOUNT INVALID_STORE_ID MERCHANT_PERM_RECEIPT_DAY_LIMIT MERCHANT_PERM_RECEIPT_SINGLE_LIMIT
			MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT MERCHANT_STATUS_NOT_NORMAL NOW_TIME_AFTER_EXPIRE_TIME_ERROR OPEN_ID_NOT_TINY_APP
			RISK_MERCHANT_IP_NOT_EXIST
			SECONDARY_MERCHANT_ALIPAY_ACCOUNT_INVALID SECONDARY_MERCHANT_CARD_ALIAS_NO_INVALID SECONDARY_MERCHANT_ID_BLANK
			SECONDARY_MERCHANT_ID_INVALID SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT SECONDARY_MERCHANT_NOT_MATCH
			SECONDARY_MERCHANT_STATUS_ERROR SELLER_BEEN_BLOCKED SELLER_NOT_EXIST STORE_INFO_INVALID SUB_GOODS_SIZE_MAX_COUNT
			SUB_MERCHANT_CREATE_FAIL SUB_MERCHANT_TYPE_INVALID TOTAL_FEE_EXCEED TRADE_SETTLE_ERROR `},
		{MethodCreate, Misconfigured, `ACCESS_FORBIDDEN BIZ_PRODUCT_NOT_ALLOWED PARTNER_ERROR PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID
			PRODUCT_NOT_SUPPORT_IN_TINY_APP UNBOUND_APPLICATION`},
		{MethodPay, Misconfigured, "UN_SUPPORT_TRADE_SCENE MERCHANT_AGREEMENT_INVALID MERCHANT_AGREEMENT_NOT_EXIST"},
		{MethodRefund, Misconfigured, "ACCESS_FORBIDDEN PARTNER_ERROR"},
		{MethodSettle, Misconfigured, "ACCESS_FORBIDDEN"},
		{MethodPrecreate, FinalMerchant, "APPLY_PC_MERCHANT_CODE_ERROR BEYOND_PER_RECEIPT_RESTRICTION BEYOND_PER_RECEIPT_DAY_RESTRICTION"},
		{MethodPrecreate, FinalUser, "BEYOND_PAY_RESTRICTION BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR"},
		{MethodPay, DoneElsewhere, "TRADE_HAS_SUCCESS TRADE_STATUS_ERROR"},
		{MethodPay, FinalUser, `PAYMENT_AUTH_CODE_INVALID PAYMENT_FAIL PAYMENT_REQUEST_HAS_RISK PULL_MOBILE_CASHIER_FAIL
			BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH ERROR_BALANCE_PAYMENT_DISABLE MOBILE_PAYMENT_SWITCH_OFF
			USER_FACE_PAYMENT_SWITCH_OFF NO_PAYMENT_INSTRUMENTS_AVAILABLE NOT_CERTIFIED_USER CERT_EXPIRED REQUEST_AMOUNT_EXCEED
			AUTH_AMOUNT_NOT_ENOUGH BUYER_UNSUPPORT_ADVANCE ORDER_UNSUPPORT_ADVANCE ZM_AUTH_AMOUNT_EXCEED ZM_AUTH_RULE_LIMIT ZM_CREDIT_AUTH_FAIL`},
		{MethodPay, FinalMerchant, `SMILE_PAY_MERCHANT_NOT_MATCH PRODUCT_AMOUNT_LIMIT_ERROR
			RESTRICTED_MERCHANT_INDUSTRY AUTH_NO_ERROR AUTH_ORDER_HAS_CLOSED AUTH_ORDER_HAS_FINISHED AUTH_ORDER_NOT_PAID
			AUTH_TOKEN_IS_NOT_EXIST AGREEMENT_ERROR AGREEMENT_INVALID AGREEMENT_NOT_EXIST AGREEMENT_STATUS_NOT_NORMAL
			CYCLE_PAY_DATE_NOT_MATCH CYCLE_PAY_SINGLE_FEE_EXCEED
			CYCLE_PAY_TOTAL_FEE_EXCEED CYCLE_PAY_TOTAL_TIMES_EXCEED OVER_DEDUCT_PERIOD OVER_MAX_DEDUCT_COUNT
			OVER_MAX_UNDER_WAY_DEDUCT_COUNT OVER_MERCHANT_DAILY_DEDUCT_AMOUNT MERCHANT_UNSUPPORT_ADVANCE`},
		{MethodRefund, Unknown, "SYSTEM_ERROR"},
		{MethodRefund, NotExist, "TRADE_NOT_EXIST"},
		{MethodRefund, FinalMerchant, "INVALID_PARAMETER ENTERPRISE_PAY_BIZ_ERROR"},
		{MethodRefund, FinalUser, "CUSTOMER_VALIDATE_ERROR"},
		{MethodRefund, FinalRefund, `TRADE_STATUS_ERROR TRADE_HAS_FINISHED TRADE_HAS_CLOSE TRADE_NOT_ALLOW_REFUND
			DISCORDANT_REPEAT_REQUEST REFUND_FEE_ERROR REASON_TRADE_REFUND_FEE_ERR REASON_TRADE_STATUS_INVALID REFUND_AMT_NOT_EQUAL_TOTAL
			NOT_ALLOW_PARTIAL_REFUND ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND SELLER_BALANCE_NOT_ENOUGH REASON_TRADE_BEEN_FREEZEN
			REFUND_ACCOUNT_NOT_EXIST REFUND_CHARGE_ERROR REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST REFUNDALLOC_UNAUTH_LIMIT
			ALLOC_AMOUNT_VALIDATE_ERROR TRADE_SETTLE_ERROR BUYER_ERROR BUYER_NOT_EXIST BUYER_ENABLE_STATUS_FORBID USER_NOT_MATCH_ERR
			CURRENCY_NOT_SUPPORT OVERDRAFT_AGREEMENT_NOT_MATCH OVERDRAFT_ASSIGN_ACCOUNT_INVALID`},
		{MethodRefundQuery, NotExist, "TRADE_NOT_EXIST"},
		{MethodRefundQuery, Unknown, "SYSTEM_ERROR"},
		{MethodSettle, Throttled, "FREQUENCY_LIMITED"},
		{MethodSettle, NotExist, "TRADE_NOT_EXIST"},
		{MethodSettle, FinalMerchant, `ALLOC_AMOUNT_VALIDATE_ERROR ALLOC_REFUSE_AFTER_REFUND ALLOC_REFUSE_BEFORE_SETTLE
			ALREADY_FINISH_ALLOC ASYNC_ALLOC_NOT_SUPPORT_IN_PERIOD DISCORDANT_REPEAT_REQUEST DUP_OUT_REQUEST_NO ILLEGAL_REQUEST
			ILLEGAL_SETTLE_STATE INVALID_REPLENISH_AMOUNT MERCHANT_RISK_LIMIT MUST_ALLOC_FROM_ROOT_ACCOUNT NOT_SUPPORT_ROYALTY
			ROYALTY_ACCOUNT_NOT_EXIST ROYALTY_ACCOUNTS_EQUAL ROYALTY_PAYER_ERROR ROYALTY_RECEIVER_INVALID REPLENISH_ACCOUNT_INVALID
			TRADE_STATUS_ERROR TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH USER_ACCOUNT_HAD_FREEZEN`},
		{MethodAgreementQuery, NotExist, "USER_AGREEMENT_NOT_EXIST"},
		{MethodAgreementQuery, DoneElsewhere, "AGREEMENT_HAS_UNSIGNED"},
		{MethodAgreementUnsign, NotExist, "AGREEMENT_NOT_EXIST AGREEMENT_NOT_EXSIT"},
		{MethodAgreementUnsign, DoneElsewhere, "USER_AGREEMENT_STATUS_NOT_NORMAL"},
		{MethodAgreementUnsign, FinalMerchant, "USER_AGREEMENT_UNSIGN_FAIL ASYNC_UNSIGN_CAN_NOT_REJECT"},
	}
}

// G06: every listed code has its class, with the prefix of the classic gateway
// and without; one that is not listed is unknown.
func TestG06_businessCodes(t *testing.T) {
	for _, row := range officialCodes() {
		for code := range strings.FieldsSeq(row.codes) {
			for _, sub := range []string{"ACQ." + code, code} {
				if got, _ := Classify(row.method, codeBusiness, sub); got != row.class {
					t.Errorf("%s %s is %s, want %s", row.method, sub, got, row.class)
				}
			}
		}
		for _, unlisted := range []string{"", "ACQ.", "ACQ.NEVER_HEARD_OF", "acq.trade_not_exist", "ACQ.ACQ.TRADE_NOT_EXIST"} {
			if got, _ := Classify(row.method, codeBusiness, unlisted); got != Unknown {
				t.Errorf("%s %q is %s, want unknown", row.method, unlisted, got)
			}
		}
	}
	for code, class := range map[string]Class{
		"NO_BILL_DATA": NotExist, "BILL_NOT_EXIST": NotExist, "INVAILID_ARGUMENTS": FinalMerchant, "TYPE_NOT_SUPPORTED": FinalMerchant,
		"BILL_DATE_BEFORE_REGISTRATION": FinalMerchant, "UNKNOWN_ERROR": Unknown, "SYSTEM_RATE_LIMIT": Throttled, "USER_RATE_LIMIT": Throttled,
		"AQC.SYSTEM_ERROR": Unknown, "USER_NOT_EXSIT_ERROR": FinalMerchant, "MERCHANT_TRADE_NOT_MATCH": FinalMerchant,
	} {
		if got, _ := Classify(MethodBillDownloadURL, codeBusiness, code); got != class {
			t.Errorf("%s is %s, want %s", code, got, class)
		}
	}
}

// G06, G11: the gateway's own codes.
func TestG06_gatewayCodes(t *testing.T) {
	for _, c := range []struct {
		code, sub string
		class     Class
	}{
		{"10000", "", Done}, {"10003", "", Pending}, {"20000", "isp.unknow-error", Unknown}, {"20000", "", Unknown},
		{"20001", "aop.invalid-auth-token", Misconfigured}, {"40001", "isv.missing-method", Misconfigured},
		{"40002", "isv.invalid-signature", Misconfigured}, {"40002", "isv.app-cert-expired", Misconfigured},
		{"40002", "isv.never-heard-of", Unknown}, {"40003", "isv.decryption-error-unknown", Misconfigured},
		{"40005", "isv.app-call-limited", Throttled}, {"40006", "isv.insufficient-isv-permissions", Misconfigured},
		{"40002", "isv.invalid-parameter", FinalMerchant}, {"40006", "never.heard-of", Misconfigured},
		{"", "", Unknown}, {"0", "", Unknown}, {"10000 ", "", Unknown},
	} {
		if got, _ := Classify(MethodQuery, c.code, c.sub); got != c.class {
			t.Errorf("%s %s is %s, want %s", c.code, c.sub, got, c.class)
		}
	}
	for _, sub := range []string{"isv.code-invalid", "isv.refresh-token-invalid", "isv.refresh-token-time-out", "code-invalid", "refresh-token-invalid"} {
		if got, _ := Classify(MethodOAuthToken, "40002", sub); got != FinalUser {
			t.Errorf("%s is %s", sub, got)
		}
	}
}
