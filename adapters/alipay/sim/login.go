package alipaysim

import (
	"errors"
	"time"
)

// authCode is a buyer's code: from my.getAuthCode, or a bar code at a counter.
type authCode struct {
	AppID   string // the app a login code is for; empty for bar codes
	BuyerID string
	Due     int64
	Used    bool
	usedFor string // the order a bar code was scanned for, as outKey
}

// userToken is what a login code was exchanged for.
type userToken struct {
	AppID, BuyerID string
	Access         string
	Due            int64
}

const (
	authCodeLife = 5 * time.Minute
	accessLife   = 15 * 24 * time.Hour
	refreshLife  = 30 * 24 * time.Hour
)

func (w *world) applyLogin(e Entry) {
	switch e.Kind {
	case KindAuthCodeIssued:
		w.codes[e.Key] = &authCode{AppID: e.AppID, BuyerID: e.BuyerID, Due: e.Due}
	case KindAuthCodeUsed:
		if code := w.codes[e.Key]; code != nil {
			code.Used, code.usedFor = true, outKey(e.SellerID, e.OutTradeNo)
		}
	case KindTokenIssued:
		w.tokens[e.Key] = &userToken{AppID: e.AppID, BuyerID: e.BuyerID, Access: e.Reason, Due: e.Due}
	}
}

var errNoBuyer = errors.New("no such buyer or app")

// IssueAuthCode plays the buyer's part of my.getAuthCode: a code that the app
// exchanges once, within five simulated minutes. An empty userID is the first buyer.
func (s *Server) IssueAuthCode(appID, userID string) (string, error) {
	if userID == "" {
		userID = s.cfg.Buyers[0].UserID
	}
	if _, ok := s.buyers[userID]; !ok || s.apps[appID] == nil {
		return "", errNoBuyer
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	code := s.numbers.token("auth_code", s.world.turn+1)
	due := s.clock.Now().Add(authCodeLife).UnixMilli()
	_, err := s.record(Entry{Kind: KindAuthCodeIssued, AppID: appID, BuyerID: userID, Key: code, Due: due})
	return code, err
}

type oauthRequest struct {
	GrantType    scalar `json:"grant_type"`
	Code         scalar `json:"code"`
	RefreshToken scalar `json:"refresh_token"`
}

// oauthAnswer has neither code nor msg.
type oauthAnswer struct {
	AccessToken  string `json:"access_token"`
	AuthStart    string `json:"auth_start"`
	ExpiresIn    int64  `json:"expires_in"`
	OpenID       string `json:"open_id,omitempty"`
	ReExpiresIn  int64  `json:"re_expires_in"`
	RefreshToken string `json:"refresh_token"`
	UserID       string `json:"user_id,omitempty"`
}

func (oauthAnswer) headless() {}

// oauthToken is alipay.system.oauth.token.
func (s *Server) oauthToken(c *call) (any, *failure) {
	var q oauthRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	var buyerID string
	switch q.GrantType {
	case "authorization_code":
		code := s.world.codes[string(q.Code)]
		if code == nil || code.Used || code.AppID == "" || s.now() > code.Due {
			return nil, invalid("isv.code-invalid", "授权码code无效")
		}
		if code.AppID != c.app.AppID {
			return nil, invalid("isv.unmatched-app-id", "应用与授权码不匹配")
		}
		if _, err := s.record(Entry{Kind: KindAuthCodeUsed, AppID: c.app.AppID, Key: string(q.Code)}); err != nil {
			return nil, unavailable()
		}
		buyerID = code.BuyerID
	case "refresh_token":
		token := s.world.tokens[string(q.RefreshToken)]
		if token == nil || token.AppID != c.app.AppID {
			return nil, invalid("isv.refresh-token-invalid", "刷新令牌无效")
		}
		if s.now() > token.Due {
			return nil, invalid("isv.refresh-token-time-out", "刷新令牌过期")
		}
		buyerID = token.BuyerID
	default:
		return nil, invalid("isv.grant-type-invalid", "grant_type参数不正确")
	}
	return s.issueToken(c.app, buyerID)
}

func (s *Server) issueToken(app *application, buyerID string) (any, *failure) {
	turn := s.world.turn + 1
	access, refresh := s.numbers.token("access", turn), s.numbers.token("refresh", turn)
	now := s.clock.Now()
	_, err := s.record(Entry{Kind: KindTokenIssued, AppID: app.AppID, BuyerID: buyerID,
		Key: refresh, Reason: access, Due: now.Add(refreshLife).UnixMilli()})
	if err != nil {
		return nil, unavailable()
	}
	answer := oauthAnswer{
		AccessToken: access, RefreshToken: refresh, AuthStart: stamp(now.UnixMilli()),
		ExpiresIn: int64(accessLife / time.Second), ReExpiresIn: int64(refreshLife / time.Second),
	}
	if app.OpenIDMode {
		answer.OpenID = s.numbers.openID(app.AppID, buyerID)
	} else {
		answer.UserID = buyerID
	}
	return answer, nil
}
