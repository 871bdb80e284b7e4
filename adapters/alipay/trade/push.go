package alipaytrade

import (
	"errors"
	"strings"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// riskMethods is how the names of risk messages begin; Alipay has several families of them.
const riskMethods = "alipay.security.risk."

// readPush verifies a message of the application gateway: complaints, risk warnings, refunds that
// reached a bank card. The older risk push names a seller instead of an app and is tried when that
// is the only thing amiss.
func readPush(app *alipay.App, m core.Message) ([]core.Notice, string, error) {
	unverified, err := alipay.ParseNotification(m.Body, m.Get("Content-Type"))
	if errors.Is(err, alipay.ErrFieldMissing) {
		push, pushErr := app.VerifyRiskPush(m.Body, m.Get("Content-Type"))
		if pushErr != nil {
			return nil, "", pushErr
		}
		return riskNotices(app.ID(), push), push.KeyVersion, nil
	}
	if err != nil {
		return nil, "", err
	}
	message, err := app.VerifyGatewayMessage(unverified)
	if err != nil {
		return nil, "", err
	}
	return []core.Notice{pushNotice(app.ID(), message)}, message.KeyVersion, nil
}

// pushNotice translates a verified message. None of them moves money by itself: what they say about
// a trade is asked of the gateway.
func pushNotice(appID string, message *alipay.GatewayMessage) core.Notice {
	notice := core.Notice{Kind: core.NoticeOther, ID: message.NotifyID, AppID: appID, At: message.SentAt}
	switch {
	case message.Method == alipay.MessageComplaintChanged:
		notice.Kind = core.NoticeComplaint
	case strings.HasPrefix(message.Method, riskMethods):
		notice.Kind = core.NoticeRisk
	case isAgreement(message.Method):
		notice.Kind = core.NoticeAgreement
	case message.Method == alipay.MessageDepositBack:
		describeDepositBack(message, &notice)
	}
	return notice
}

// describeDepositBack tells of a refund to a bank card. That it arrived changes nothing. One that
// the bank sent back does, and so may one that cannot be read: without a number it is nobody's, and
// a person looks.
func describeDepositBack(message *alipay.GatewayMessage, notice *core.Notice) {
	var content alipay.DepositBackCompleted
	if message.Decode(&content) != nil {
		notice.Kind = core.NoticeReturned
		return
	}
	notice.Trade.OutTradeNo, notice.Trade.TradeNo, notice.OutRequestNo = content.OutTradeNo, content.TradeNo, content.OutRequestNo
	if content.Status == alipay.DepositBackFailed {
		notice.Kind, notice.ReturnedFen = core.NoticeReturned, core.Fen(content.Amount)
	}
}

// riskNotices makes one notice for each trade that a risk push names, or a single one when it names
// none.
func riskNotices(appID string, push alipay.RiskPush) []core.Notice {
	warning := core.Notice{Kind: core.NoticeRisk, ID: push.ExternalID, AppID: appID, SellerID: push.PID}
	if len(push.TradeNos) == 0 {
		return []core.Notice{warning}
	}
	notices := make([]core.Notice, 0, len(push.TradeNos))
	for _, tradeNo := range push.TradeNos {
		warning.Trade.TradeNo = tradeNo
		notices = append(notices, warning)
	}
	return notices
}
