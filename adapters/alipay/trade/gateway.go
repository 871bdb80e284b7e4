package alipaytrade

import (
	"context"
	"net/http"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// CodeAccountUnknown refuses a message for an account that has no application here.
const CodeAccountUnknown core.Code = "account_unknown"

// Gateway turns what Alipay sends on its own accord into notices.
type Gateway struct {
	Apps Apps
}

// ID names the gateway.
func (Gateway) ID() core.GatewayID { return GatewayAlipay }

// Receive checks the cheap things first and the signature last (C37), with the keys of the account
// that the path named and by the algorithm of our own configuration. Alipay stops sending on HTTP
// 200 with the seven bytes "success" and nothing else (C39); both replies are prepared, core
// chooses.
func (g Gateway) Receive(_ context.Context, account core.Account, m core.Message) core.Receipt {
	receipt := core.Receipt{Accept: reply(alipay.NotifySuccess), Refuse: reply(alipay.NotifyFailure)}
	if err := alipay.CheckDelivery(m.Method, m.RawQuery); err != nil {
		return refuse(receipt, err)
	}
	app, ok := appOf(g.Apps, account)
	if !ok {
		receipt.Code, receipt.Detail = CodeAccountUnknown, "no application for the account"
		return receipt
	}
	read := readTrade
	if m.Kind == core.MessageApp {
		read = readPush
	}
	notices, keyVersion, err := read(app, m)
	if err != nil {
		app.NoteRefused(err)
		return refuse(receipt, err)
	}
	receipt.Verified, receipt.KeyVersion, receipt.Notices = true, keyVersion, notices
	return receipt
}

// readTrade verifies a message of the payment path.
func readTrade(app *alipay.App, m core.Message) ([]core.Notice, string, error) {
	unverified, err := alipay.ParseNotification(m.Body, m.Get("Content-Type"))
	if err != nil {
		return nil, "", err
	}
	verified, err := app.VerifyNotification(unverified)
	if err != nil {
		return nil, "", err
	}
	return tradeNotices(verified), verified.KeyVersion, nil
}

func reply(body string) core.Reply {
	return core.Reply{Status: http.StatusOK, ContentType: "text/plain", Body: []byte(body)}
}

func refuse(r core.Receipt, err error) core.Receipt {
	r.Code, r.Detail = core.Code(alipay.RefusalCode(err)), err.Error()
	if r.Code == "" {
		r.Code = core.CodeInvalid
	}
	return r
}
