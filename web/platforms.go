package web

import (
	"net/http"
	"slices"

	"github.com/paymux/paymux/core"
)

func (s *Server) listPlatforms(c *call) error {
	offers, err := s.Cashier.Offers(c.key.MerchantID)
	if err != nil {
		return err
	}
	l := speak(c)
	views := []platformView{}
	for _, o := range offers {
		views = append(views, platformView{Offer: o.In(l), Accounts: s.accountsOf(c.key.MerchantID, o.Channels)})
	}
	return s.json(c, http.StatusOK, list[platformView]{Data: views})
}

// platformView is what a platform offers, and how the accounts stand that would serve it.
type platformView struct {
	core.Offer
	Accounts []standingView `json:"accounts"`
}

// standingView tells whether the gateway takes an account's calls, as far as the last ones have
// shown.
type standingView struct {
	ID       string        `json:"id"`
	Ready    bool          `json:"ready"`
	Troubles []troubleView `json:"troubles"`
}

type troubleView struct {
	Code  core.Code `json:"code"`
	Cause string    `json:"cause"`
	Since string    `json:"since"`
}

// accountsOf lists the merchant's active accounts that serve any of the channels.
func (s *Server) accountsOf(merchantID string, channels []core.ChannelID) []standingView {
	views := []standingView{}
	for _, a := range s.Cashier.Accounts(merchantID) {
		if !slices.ContainsFunc(channels, a.Serves) {
			continue
		}
		view := standingView{ID: a.ID, Ready: true, Troubles: []troubleView{}}
		if s.Troubles != nil {
			for _, t := range s.Troubles(a.ID) {
				view.Ready = false
				view.Troubles = append(view.Troubles, troubleView{core.CodeMisconfigured, t.Cause, core.Stamp(t.Since)})
			}
		}
		views = append(views, view)
	}
	return views
}

// checkPlatform gives the answer that create would give, yes or no, and stores nothing.
func (s *Server) checkPlatform(c *call) error {
	platform, err := c.pathName("platform")
	if err != nil {
		return err
	}
	var body checkPlatform
	if err := s.decode(c, &body, func() core.Request { return body.basket(platform) }); err != nil {
		return err
	}
	ask, err := body.checkout(platform)
	if err != nil {
		return err
	}
	decision, err := s.Cashier.Check(c.key.MerchantID, ask)
	if err != nil {
		return err
	}
	if !decision.Allowed {
		return &core.Error{Code: core.CodeRefused, Message: "the rules refuse this basket", Refusals: decision.Refusals}
	}
	return s.json(c, http.StatusOK, decision.In(speak(c)))
}

// channelView is what one channel can do.
type channelView struct {
	ID           core.ChannelID `json:"id"`
	Gateway      core.GatewayID `json:"gateway"`
	Door         core.Door      `json:"door"`
	Capabilities []string       `json:"capabilities"`
	// Periods: numbers of instalments that the gateway knows
	Periods []int `json:"periods,omitempty"`
}

func (s *Server) listChannels(c *call) error {
	views := []channelView{}
	for _, one := range s.Channels.List() {
		view := channelView{ID: one.Channel.ID(), Gateway: one.Channel.Gateway(), Door: one.Channel.Door(), Capabilities: one.Names()}
		if one.Instalments != nil {
			view.Periods = one.Instalments.Periods()
		}
		views = append(views, view)
	}
	return s.json(c, http.StatusOK, list[channelView]{Data: views})
}

func (s *Server) login(c *call) error {
	channel, err := c.pathName("channel")
	if err != nil {
		return err
	}
	return s.loginBy(c, core.ChannelID(channel))
}

// loginOld answers by the path that logins had before there was a channel in it.
func (s *Server) loginOld(c *call) error { return s.loginBy(c, "alipay_mini") }

func (s *Server) loginBy(c *call, channel core.ChannelID) error {
	var body login
	asked := func() core.LoginAsk {
		return core.LoginAsk{Channel: channel, AccountID: body.Account, AuthCode: body.AuthCode}
	}
	if err := s.decode(c, &body, func() core.Request { return asked() }); err != nil {
		return err
	}
	payer, err := s.Cashier.Login(c.ctx(), c.caller(), asked())
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, payer)
}
