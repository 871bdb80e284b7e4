package web

import (
	"strings"

	"github.com/paymux/paymux/core"
)

// A gateway's message is handed on raw: no framework parses it, because its signature speaks of its bytes (C22, C25, C26). Core's reply goes back
// byte for byte, since the gateway compares it (C39).

func (s *Server) receiveTrade(c *call) error { return s.receive(c, core.MessageTrade) }

func (s *Server) receiveApp(c *call) error { return s.receive(c, core.MessageApp) }

func (s *Server) receive(c *call, kind core.MessageKind) error {
	gateway, err := c.pathName("gateway")
	if err != nil {
		return err
	}
	account, err := c.pathName("account")
	if err != nil {
		return err
	}
	r := c.Request()
	// A header that came twice is handed on whole: it is a hint for the charset and no more.
	contentType := strings.Join(r.Header.Values("Content-Type"), ", ")
	reply, err := s.Cashier.Receive(c.ctx(), core.GatewayID(gateway), account, core.Message{
		Method: r.Method, ContentType: contentType, RawQuery: r.URL.RawQuery, Body: c.body, Kind: kind,
	})
	if err != nil || reply.Refused {
		s.notifies.charge(c.RealIP(), s.Clock.Now())
	}
	if err != nil {
		return err
	}
	// Headers that the reply does not need would only invite a gateway to read it differently.
	head := c.Response().Header()
	head.Del("Content-Security-Policy")
	s.write(c.Context, reply.Status, reply.ContentType, reply.Body)
	return nil
}
