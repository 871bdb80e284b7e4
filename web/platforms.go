package web

import (
	"net/http"

	"github.com/paymux/paymux/core"
)

func (s *Server) listPlatforms(c *call) error {
	offers, err := s.Cashier.Offers(c.key.MerchantID)
	if err != nil {
		return err
	}
	if offers == nil {
		offers = []core.Offer{}
	}
	return s.json(c, http.StatusOK, list[core.Offer]{Data: offers})
}

// checkPlatform gives the answer that create would give, yes or no, and stores nothing.
func (s *Server) checkPlatform(c *call) error {
	platform, err := c.pathName("platform")
	if err != nil {
		return err
	}
	var body checkPlatform
	if err := s.decode(c.body, &body); err != nil {
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
	return s.json(c, http.StatusOK, decision)
}

// channelView is what one channel can do.
type channelView struct {
	ID           core.ChannelID `json:"id"`
	Gateway      core.GatewayID `json:"gateway"`
	Door         core.Door      `json:"door"`
	Capabilities []string       `json:"capabilities"`
	Periods      []int          `json:"periods,omitempty"` // numbers of instalments that the gateway knows
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
	var body login
	if err := s.decode(c.body, &body); err != nil {
		return err
	}
	payer, err := s.Cashier.Login(c.ctx(), c.caller(), body.Account, body.AuthCode)
	if err != nil {
		return err
	}
	return s.json(c, http.StatusOK, payer)
}
