package web

import "github.com/paymux/paymux/core"

// A gateway's message is handed on raw, with all its headers: nothing here parses it or refuses it
// by its type, because its signature speaks of its bytes, and of headers at some gateways (C22,
// C25, C26). Core's reply goes back byte for byte, since the gateway compares it (C39).

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
	reply, err := s.Cashier.Receive(c.ctx(), core.GatewayID(gateway), account, core.Message{
		Method: r.Method, RawQuery: r.URL.RawQuery, Header: r.Header.Clone(), Body: c.body, Kind: kind,
	})
	if err != nil || reply.Refused {
		s.loads.forged.Inc()
	}
	if err != nil {
		return err
	}
	if reply.Reason != "" {
		c.Set(forgedOfLog, account+" "+string(reply.Reason))
	}
	// Headers that the reply does not need would only invite a gateway to read it differently.
	head := c.Response().Header()
	head.Del("Content-Security-Policy")
	s.write(c.Context, reply.Status, reply.ContentType, reply.Body)
	return nil
}
