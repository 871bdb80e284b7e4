package alipaysim

// The API methods the simulator knows.
const (
	methodOAuthToken   = "alipay.system.oauth.token"
	methodCreate       = "alipay.trade.create"
	methodPay          = "alipay.trade.pay"
	methodPrecreate    = "alipay.trade.precreate"
	methodWapPay       = "alipay.trade.wap.pay"
	methodPagePay      = "alipay.trade.page.pay"
	methodAppPay       = "alipay.trade.app.pay"
	methodQuery        = "alipay.trade.query"
	methodClose        = "alipay.trade.close"
	methodCancel       = "alipay.trade.cancel"
	methodRefund       = "alipay.trade.refund"
	methodRefundQuery  = "alipay.trade.fastpay.refund.query"
	methodSettle       = "alipay.trade.order.settle"
	methodSettleQuery  = "alipay.trade.order.settle.query"
	methodRelationBind = "alipay.trade.royalty.relation.bind"
	methodRelationDrop = "alipay.trade.royalty.relation.unbind"
	methodBillURL      = "alipay.data.dataservice.bill.downloadurl.query"
	methodAgreementAsk = "alipay.user.agreement.page.sign"
	methodAgreement    = "alipay.user.agreement.query"
	methodUnsign       = "alipay.user.agreement.unsign"
	methodComplaint    = "alipay.merchant.tradecomplain.query"
	methodFeedback     = "alipay.merchant.tradecomplain.feedback.submit"
	methodCertificate  = "alipay.open.app.alipaycert.download"
)

// operation is what a method does. run is called with the server's lock held
// and gives the business fields of the answer, or a failure.
type operation struct {
	run func(*Server, *call) (any, *failure)
	// page marks methods that a browser opens and that answer with a page.
	page bool
	// oldErrors marks APIs older than the response nodes: they refuse under error_response.
	oldErrors bool
}

func operations() map[string]operation {
	return map[string]operation{
		methodOAuthToken:   {run: (*Server).oauthToken, oldErrors: true},
		methodCreate:       {run: (*Server).create},
		methodPay:          {run: (*Server).pay},
		methodPrecreate:    {run: (*Server).precreate},
		methodWapPay:       {run: (*Server).preparePage, page: true},
		methodPagePay:      {run: (*Server).preparePage, page: true},
		methodAppPay:       {run: (*Server).preparePage, page: true},
		methodQuery:        {run: (*Server).query},
		methodClose:        {run: (*Server).closeTrade},
		methodCancel:       {run: (*Server).cancel},
		methodRefund:       {run: (*Server).refund},
		methodRefundQuery:  {run: (*Server).refundQuery},
		methodSettle:       {run: (*Server).orderSettle},
		methodSettleQuery:  {run: (*Server).orderSettleQuery},
		methodRelationBind: {run: (*Server).relationBind},
		methodRelationDrop: {run: (*Server).relationUnbind},
		methodBillURL:      {run: (*Server).billURL},
		methodAgreementAsk: {run: (*Server).prepareAgreement, page: true},
		methodAgreement:    {run: (*Server).agreementQuery},
		methodUnsign:       {run: (*Server).agreementUnsign},
		methodComplaint:    {run: (*Server).complaintQuery},
		methodFeedback:     {run: (*Server).complaintFeedback},
		methodCertificate:  {run: (*Server).certificateDownload},
	}
}

// isPage tells page APIs, whose failures are pages too.
func (s *Server) isPage(c *call) bool { return s.methods[c.method].page }
