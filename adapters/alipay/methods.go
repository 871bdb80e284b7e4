package alipay

// API names, as sent in the "method" parameter.
const (
	MethodOAuthToken          = "alipay.system.oauth.token"
	MethodCreate              = "alipay.trade.create"
	MethodPay                 = "alipay.trade.pay"
	MethodPrecreate           = "alipay.trade.precreate"
	MethodWapPay              = "alipay.trade.wap.pay"
	MethodAppPay              = "alipay.trade.app.pay"
	MethodPagePay             = "alipay.trade.page.pay"
	MethodQuery               = "alipay.trade.query"
	MethodClose               = "alipay.trade.close"
	MethodCancel              = "alipay.trade.cancel"
	MethodRefund              = "alipay.trade.refund"
	MethodRefundQuery         = "alipay.trade.fastpay.refund.query"
	MethodSettle              = "alipay.trade.order.settle"
	MethodSettleQuery         = "alipay.trade.order.settle.query"
	MethodRelationBind        = "alipay.trade.royalty.relation.bind"
	MethodRelationUnbind      = "alipay.trade.royalty.relation.unbind"
	MethodBillDownloadURL     = "alipay.data.dataservice.bill.downloadurl.query"
	MethodAgreementSign       = "alipay.user.agreement.page.sign"
	MethodAgreementQuery      = "alipay.user.agreement.query"
	MethodAgreementUnsign     = "alipay.user.agreement.unsign"
	MethodComplaintQuery      = "alipay.merchant.tradecomplain.query"
	MethodComplaintFeedback   = "alipay.merchant.tradecomplain.feedback.submit"
	MethodCertificateDownload = "alipay.open.app.alipaycert.download"
)
