package alipaytrade

import (
	"context"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// Login exchanges login codes. It stands apart from Trades because only a mini-program inside
// Alipay has such codes: a channel that embeds Login says so.
type Login struct {
	Apps Apps
}

// Authorize calls alipay.system.oauth.token with the code of my.getAuthCode, which serves once.
// Older apps are told the buyer's user_id, newer ones an open_id that means something to this app
// alone.
func (l Login) Authorize(ctx context.Context, account core.Account, code string) core.AuthorizeResult {
	app, missing, ok := find(l.Apps, account)
	if !ok {
		return core.AuthorizeResult{Answer: missing}
	}
	response, result := app.OAuthToken(ctx, alipay.OAuthTokenRequest{Code: code})
	a := answer(opLogin, result, app.KeyVersion())
	switch a.Outcome {
	case core.OutcomeSucceeded:
		return core.AuthorizeResult{Answer: a, Payer: core.Payer{UserID: response.UserID, OpenID: response.OpenID}}
	case core.OutcomeFailed:
		a.Code = core.CodeLoginFailed
	}
	return core.AuthorizeResult{Answer: a}
}
