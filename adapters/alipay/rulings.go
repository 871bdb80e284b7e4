package alipay

// Rulings is the one table of sub codes. Source: the error lists of the APIs
// and of the gateway itself; the classes follow what each list advises.
func Rulings() []Ruling {
	return append(append(append(tradeRulings(), doorRulings()...), otherRulings()...), methodRulings()...)
}

// methodRulings are the codes whose meaning depends on what was asked.
func methodRulings() []Ruling {
	return []Ruling{
		// Only WAIT_BUYER_PAY can be closed: the trade is paid or closed already.
		{DoneElsewhere, FaultTradeState, MethodClose, "TRADE_STATUS_ERROR REASON_TRADE_STATUS_INVALID REASON_ILLEGAL_STATUS"},
		{DoneElsewhere, FaultTradeState, MethodPay, "TRADE_STATUS_ERROR"},
		{FinalRefund, FaultTradeState, MethodRefund, "TRADE_STATUS_ERROR TRADE_HAS_CLOSE"},
		{FinalRefund, FaultBuyerAccount, MethodRefund, "BUYER_ERROR BUYER_NOT_EXIST BUYER_ENABLE_STATUS_FORBID"},
		{FinalRefund, FaultPayerMismatch, MethodRefund, "USER_NOT_MATCH_ERR"},
		{FinalRefund, FaultSellerAccount, MethodRefund, "TRADE_SETTLE_ERROR ALLOC_AMOUNT_VALIDATE_ERROR"},
		{FinalRefund, FaultRequest, MethodRefund, "CURRENCY_NOT_SUPPORT"},
		{FinalMerchant, FaultTradeState, MethodSettle, "TRADE_STATUS_ERROR TRADE_SETTLE_ERROR"},
		{FinalMerchant, FaultNumberUsed, MethodSettle, "DISCORDANT_REPEAT_REQUEST"},
		// the second spelling is the gateway's
		{NotExist, FaultNotFound, MethodAgreementUnsign, "AGREEMENT_NOT_EXIST AGREEMENT_NOT_EXSIT"},
		{NotExist, FaultNotFound, MethodAgreementQuery, "AGREEMENT_NOT_EXIST AGREEMENT_NOT_EXSIT"},
		{DoneElsewhere, FaultTradeState, MethodAgreementUnsign, "AGREEMENT_HAS_UNSIGNED USER_AGREEMENT_STATUS_NOT_NORMAL"},
		{DoneElsewhere, FaultTradeState, MethodAgreementQuery, "AGREEMENT_HAS_UNSIGNED USER_AGREEMENT_STATUS_NOT_NORMAL"},
		// A new my.getAuthCode in the buyer's hands mends all of these.
		{FinalUser, FaultBuyerAccount, MethodOAuthToken, "code-invalid refresh-token-invalid refresh-token-time-out refreshed-token-invalid"},
	}
}

// doorRulings are refusals of the gateway itself, before any API has looked:
// signature, application, certificate, encryption, permission.
func doorRulings() []Ruling {
	return []Ruling{
		{Misconfigured, FaultOurs, "", `invalid-method invalid-format invalid-signature-type invalid-signature invalid-app-id invalid-timestamp
			invalid-charset invalid-encrypt-type illegal-json forbidden-api missing-app-cert-sn missing-alipay-root-cert-sn
			invalid-alipay-root-cert-sn app-cert-expired app-cert-not-exist alipay-cert-not-exist not-online-app grant-type-invalid
			unmatched-app-id invalid-content-type invalid-digest invalid-encrypt decryption-error-not-valid-encrypt-type
			decryption-error-not-valid-encrypt-key not-support-app-auth invalid-token`},
		// The same under the names of 40001, 40003 and 40006, and of 20001, for a gateway that puts
		// them under another code.
		{Misconfigured, FaultOurs, "", `missing-method missing-signature missing-signature-type missing-signature-key missing-app-id
			missing-timestamp missing-version decryption-error-missing-encrypt-type missing-signature-config decryption-error-unknown
			invalid-auth-relations insufficient-isv-permissions insufficient-user-permissions self-invoke-forbidden
			aop.invalid-auth-token aop.auth-token-time-out aop.invalid-app-auth-token aop.invalid-app-auth-token-no-api
			aop.app-auth-token-time-out aop.no-product-reg-by-partner`},
		// What the APIs say when the contract or the binding of the application lacks something.
		{Misconfigured, FaultOurs, "", `ACCESS_FORBIDDEN PARTNER_ERROR UNBOUND_APPLICATION BIZ_PRODUCT_NOT_ALLOWED
			PRODUCT_NOT_SUPPORT_IN_TINY_APP UN_SUPPORT_TRADE_SCENE MERCHANT_AGREEMENT_INVALID MERCHANT_AGREEMENT_NOT_EXIST
			PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID OPENID_APPID_NOT_MATCH PRODUCT_CODE_NOT_SUPPORTED_ERROR`},
		// the third is spelt so
		{FinalMerchant, FaultRequest, "", "invalid-parameter INVALID_PARAMETER ILLEGAL_ARGUMENT INVAILID_ARGUMENTS ILLEGAL_REQUEST"},
		{FinalMerchant, FaultText, "", "suspected-attack EXIST_FORBIDDEN_WORD"},
		{FinalMerchant, FaultBuyerAccount, "", "code-invalid"},
		{Throttled, FaultThrottled, "", "FREQUENCY_LIMITED SYSTEM_RATE_LIMIT USER_RATE_LIMIT app-call-limited method-call-limited isv.app-call-limited isv.method-call-limited"},
		// the second is trade.cancel's spelling
		{Unknown, FaultUndecided, "", "SYSTEM_ERROR AQC.SYSTEM_ERROR isp.unknow-error aop.unknow-error UNKNOWN_ERROR"},
	}
}

// tradeRulings are refusals of the APIs of a trade.
func tradeRulings() []Ruling {
	return []Ruling{
		{NotExist, FaultNotFound, "", "TRADE_NOT_EXIST"},
		{DoneElsewhere, FaultTradeState, "", "TRADE_HAS_SUCCESS"},
		{NewNumber, FaultNumberUsed, "", "TRADE_HAS_CLOSE CONTEXT_INCONSISTENT"},

		{FinalUser, FaultBuyerBalance, "", `BUYER_BALANCE_NOT_ENOUGH BUYER_BANKCARD_BALANCE_NOT_ENOUGH NO_PAYMENT_INSTRUMENTS_AVAILABLE
			AUTH_AMOUNT_NOT_ENOUGH ZM_AUTH_AMOUNT_EXCEED`},
		{FinalUser, FaultBuyerAccount, "", `BUYER_ENABLE_STATUS_FORBID BUYER_NOT_EXIST ERROR_BALANCE_PAYMENT_DISABLE
			ERROR_BUYER_CERTIFY_LEVEL_LIMIT MOBILE_PAYMENT_SWITCH_OFF USER_FACE_PAYMENT_SWITCH_OFF NOT_CERTIFIED_USER
			NOT_SUPPORT_PAYMENT_INST CERT_EXPIRED PAYMENT_AUTH_CODE_INVALID PULL_MOBILE_CASHIER_FAIL USER_LOGONID_DUP
			CUSTOMER_VALIDATE_ERROR BUYER_UNSUPPORT_ADVANCE ORDER_UNSUPPORT_ADVANCE ZM_CREDIT_AUTH_FAIL PAYMENT_FAIL`},
		{FinalUser, FaultBuyerLimit, "", `BUYER_PAYMENT_AMOUNT_DAY_LIMIT_ERROR BUYER_PAYMENT_AMOUNT_MONTH_LIMIT_ERROR BEYOND_PAY_RESTRICTION
			REQUEST_AMOUNT_EXCEED ZM_AUTH_RULE_LIMIT`},
		{FinalUser, FaultPayerMismatch, "", "BUYER_SELLER_EQUAL PAYER_UNMATCHED TRADE_BUYER_NOT_MATCH"},
		{FinalUser, FaultRisk, "", "PAYMENT_REQUEST_HAS_RISK"},

		{FinalMerchant, FaultSellerAccount, "", `BEYOND_PER_RECEIPT_SINGLE_RESTRICTION BEYOND_PER_RECEIPT_RESTRICTION
			BEYOND_PER_RECEIPT_DAY_RESTRICTION MERCHANT_PERM_RECEIPT_DAY_LIMIT MERCHANT_PERM_RECEIPT_SINGLE_LIMIT
			MERCHANT_PERM_RECEIPT_SUSPEND_LIMIT DEFAULT_SETTLE_RULE_NOT_EXIST ERROR_SELLER_CERTIFY_LEVEL_LIMIT INVALID_RECEIVE_ACCOUNT
			INVALID_STORE_ID STORE_INFO_INVALID MERCHANT_STATUS_NOT_NORMAL SELLER_BEEN_BLOCKED SELLER_NOT_EXIST
			SECONDARY_MERCHANT_ALIPAY_ACCOUNT_INVALID SECONDARY_MERCHANT_CARD_ALIAS_NO_INVALID SECONDARY_MERCHANT_ID_BLANK
			SECONDARY_MERCHANT_ID_INVALID SECONDARY_MERCHANT_ISV_PUNISH_INDIRECT SECONDARY_MERCHANT_NOT_MATCH
			SECONDARY_MERCHANT_STATUS_ERROR SUB_MERCHANT_CREATE_FAIL SUB_MERCHANT_TYPE_INVALID TOTAL_FEE_EXCEED
			PRODUCT_AMOUNT_LIMIT_ERROR RESTRICTED_MERCHANT_INDUSTRY TRADE_SETTLE_ERROR APPLY_PC_MERCHANT_CODE_ERROR
			SMILE_PAY_MERCHANT_NOT_MATCH OVER_MERCHANT_DAILY_DEDUCT_AMOUNT MERCHANT_UNSUPPORT_ADVANCE`},
		{FinalMerchant, FaultPayerMismatch, "", "OPEN_ID_NOT_TINY_APP"},
		{FinalMerchant, FaultBuyerAccount, "", "ENTERPRISE_PAY_BIZ_ERROR"},
		{FinalMerchant, FaultGoods, "", "SUB_GOODS_SIZE_MAX_COUNT"},
		{FinalMerchant, FaultRequest, "", "NOW_TIME_AFTER_EXPIRE_TIME_ERROR RISK_MERCHANT_IP_NOT_EXIST CURRENCY_NOT_SUPPORT"},

		{FinalRefund, FaultSellerBalance, "", "SELLER_BALANCE_NOT_ENOUGH"},
		{FinalRefund, FaultNumberUsed, "", "DISCORDANT_REPEAT_REQUEST"},
		{FinalRefund, FaultTradeState, "", `TRADE_HAS_FINISHED TRADE_NOT_ALLOW_REFUND REASON_TRADE_STATUS_INVALID REASON_TRADE_BEEN_FREEZEN
			REFUND_FEE_ERROR REASON_TRADE_REFUND_FEE_ERR REFUND_AMT_NOT_EQUAL_TOTAL NOT_ALLOW_PARTIAL_REFUND
			ONLINE_TRADE_VOUCHER_NOT_ALLOW_REFUND TRADE_CANCEL_TIME_OUT CANCEL_NOT_ALLOWED`},
		{FinalRefund, FaultSellerAccount, "", `REFUND_ACCOUNT_NOT_EXIST REFUND_CHARGE_ERROR REFUND_ROYALTY_PAYEE_ACCOUNT_NOT_EXIST
			REFUNDALLOC_UNAUTH_LIMIT OVERDRAFT_AGREEMENT_NOT_MATCH OVERDRAFT_ASSIGN_ACCOUNT_INVALID`},
	}
}

// otherRulings are refusals of agreements, authorisations, profit sharing and bills.
func otherRulings() []Ruling {
	return []Ruling{
		{NotExist, FaultNotFound, "", "USER_AGREEMENT_NOT_EXIST NO_BILL_DATA BILL_NOT_EXIST"},
		{FinalMerchant, FaultTradeState, "", "AUTH_NO_ERROR AUTH_ORDER_HAS_CLOSED AUTH_ORDER_HAS_FINISHED AUTH_ORDER_NOT_PAID"},
		{FinalMerchant, FaultBuyerAccount, "", `AUTH_TOKEN_IS_NOT_EXIST AGREEMENT_ERROR AGREEMENT_INVALID AGREEMENT_NOT_EXIST
			AGREEMENT_STATUS_NOT_NORMAL USER_NOT_EXIST_ERROR USER_NOT_EXSIT_ERROR LOGONID_IS_REPEATED AUTHOREE_IS_NOT_MATCH
			USER_AGREEMENT_UNSIGN_FAIL ASYNC_UNSIGN_CAN_NOT_REJECT`},
		{FinalMerchant, FaultBuyerLimit, "", `CYCLE_PAY_DATE_NOT_MATCH CYCLE_PAY_SINGLE_FEE_EXCEED CYCLE_PAY_TOTAL_FEE_EXCEED
			CYCLE_PAY_TOTAL_TIMES_EXCEED OVER_DEDUCT_PERIOD OVER_MAX_DEDUCT_COUNT OVER_MAX_UNDER_WAY_DEDUCT_COUNT`},
		{FinalMerchant, FaultRequest, "", "TYPE_NOT_SUPPORTED BILL_DATE_BEFORE_REGISTRATION"},
		{FinalMerchant, FaultSellerAccount, "", "MERCHANT_TRADE_NOT_MATCH MERCHANT_STATUS_IS_NOT_NORMAL"},
		// Profit sharing; the families are documented by prefix only.
		{FinalMerchant, FaultSellerAccount, "", `ALLOC_AMOUNT_VALIDATE_ERROR ASYNC_ALLOC_NOT_SUPPORT_IN_PERIOD INVALID_REPLENISH_AMOUNT
			MUST_ALLOC_FROM_ROOT_ACCOUNT NOT_SUPPORT_ROYALTY ROYALTY_ACCOUNT_* ROYALTY_ACCOUNTS_EQUAL ROYALTY_PAYER_* ROYALTY_RECEIVER_*
			REPLENISH_ACCOUNT_INVALID USER_ACCOUNT_HAD_FREEZEN`},
		{FinalMerchant, FaultSellerBalance, "", "TXN_RESULT_ACCOUNT_BALANCE_NOT_ENOUGH"},
		{FinalMerchant, FaultRisk, "", "MERCHANT_RISK_LIMIT"},
		{FinalMerchant, FaultTradeState, "", "ALLOC_REFUSE_AFTER_REFUND ALLOC_REFUSE_BEFORE_SETTLE ALREADY_FINISH_ALLOC ILLEGAL_SETTLE_STATE"},
		{FinalMerchant, FaultNumberUsed, "", "DUP_OUT_REQUEST_NO"},
	}
}
