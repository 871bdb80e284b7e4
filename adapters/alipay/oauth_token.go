package alipay

import "context"

// OAuthTokenRequest exchanges my.getAuthCode's code, or a refresh token, for
// tokens and the buyer's id. Exactly one of the two must be given.
type OAuthTokenRequest struct {
	Code         string // single use
	RefreshToken string
}

// OAuthTokenResponse holds the buyer's id: UserID for older apps, OpenID for
// new ones, never to be confused with alipay_user_id, which is neither.
type OAuthTokenResponse struct {
	UserID       string  `json:"user_id"`
	OpenID       string  `json:"open_id"`
	UnionID      string  `json:"union_id"`
	AccessToken  string  `json:"access_token"`
	ExpiresIn    Seconds `json:"expires_in"`
	RefreshToken string  `json:"refresh_token"`
	ReExpiresIn  Seconds `json:"re_expires_in"`
	AuthStart    Time    `json:"auth_start"`
}

// OAuthToken calls alipay.system.oauth.token. A used or expired code is FinalUser:
// the mini-program asks for a new one.
func (a *App) OAuthToken(ctx context.Context, request OAuthTokenRequest) (OAuthTokenResponse, Result) {
	var l limits
	l.check((request.Code == "") != (request.RefreshToken == ""), "code", "give either code or refresh_token")
	l.optional("code", request.Code, 128)
	l.optional("refresh_token", request.RefreshToken, 128)
	if err := l.result(); err != nil {
		return OAuthTokenResponse{}, invalid(err)
	}
	params := map[string]string{"grant_type": "authorization_code", "code": request.Code}
	if request.RefreshToken != "" {
		params = map[string]string{"grant_type": "refresh_token", "refresh_token": request.RefreshToken}
	}
	response, result := fetch[OAuthTokenResponse](ctx, a, Call{Method: MethodOAuthToken, Params: params})
	if result.Class == Done && (response.AccessToken == "" || (response.UserID == "" && response.OpenID == "")) {
		return OAuthTokenResponse{}, result.unknown(ErrUnknownTradeOutcome)
	}
	return response, result
}
