package web

import (
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/paymux/paymux/core"
)

// call is one request on its way through a handler: checked as far as the route's line in the table
// says.
type call struct {
	echo.Context
	key  Key // of the caller; zero on routes without a key
	body []byte
	// received says that the body was read, or that there is none.
	received bool
	// idempotencyKey is "" when none was sent.
	idempotencyKey string
	// keyWrong is what is wrong with the header, where a body is read: decode tells it with all
	// else that is wrong, and never lets it pass.
	keyWrong error
	// proof is of a signed request, whose nonce is spent before anything is done; nil for others.
	proof *proof
	// held is what is given back at the end: a place, the room for the body.
	held []func()
}

// hold gives something back at the call's end.
func (c *call) hold(giveBack func()) { c.held = append(c.held, giveBack) }

func (c *call) leave() {
	for _, giveBack := range slices.Backward(c.held) {
		giveBack()
	}
	c.held = nil
}

// ctx ends when the use case's time is over.
func (c *call) ctx() context.Context { return c.Request().Context() }

// caller names who asks, for core.
func (c *call) caller() core.Caller {
	return core.Caller{MerchantID: c.key.MerchantID, KeyID: c.key.ID, Actor: c.key.Actor}
}

// serve makes a handler of a route: admitted, body within limits, key proven, permission held,
// idempotency key well-formed; only then the route's own code.
func (s *Server) serve(r route) echo.HandlerFunc {
	return func(ec echo.Context) error {
		c := &call{Context: ec}
		defer c.leave()
		if err := s.admit(c, r); err != nil {
			return c.cut(err)
		}
		ctx := ec.Request().Context()
		if changes(r.method) {
			// A client that hangs up must not cut a gateway call in two: what was begun is
			// finished, within its own time.
			ctx = context.WithoutCancel(ctx)
		}
		ctx, cancel := context.WithTimeout(ctx, useTimeout)
		defer cancel()
		ec.SetRequest(ec.Request().WithContext(ctx))
		if c.proof != nil {
			if err := s.spend(ctx, c.key, c.proof); err != nil {
				return err
			}
		}
		if err := checkBody(ec.Request(), r.body, c.body); err != nil {
			return err
		}
		var err error
		if c.idempotencyKey, err = idempotencyKey(ec.Request(), r.key); err != nil && r.body != bodyJSON {
			return err
		}
		c.keyWrong = err
		return r.handle(c)
	}
}

// cut ends the connection of a request that is refused without its body: net/http would otherwise
// wait for the body before it sends the answer. A refused key's is ended after its body too, so
// that what was wrong with it does not show. Who only came too often may stay.
func (c *call) cut(err error) error {
	code := core.CodeOf(err)
	if c.Request().ContentLength != 0 && code != codeTooManyRequests && (!c.received || code == codeUnauthenticated) {
		c.Response().Header().Set("Connection", "close")
	}
	return err
}

// checkBody refuses a body that is not of the type the route takes. Where none is taken, "{}"
// passes as none. A gateway's message is judged by its grammar and its signature, whatever headers
// say of its type or coding: gateways send types that are none, and one that was compressed is no
// form.
func checkBody(r *http.Request, rule bodyRule, body []byte) error {
	const wanted = "application/json"
	switch {
	case rule == bodyIgnored || rule == bodyNone && len(body) == 0:
		return nil
	case rule == bodyNone && string(body) != "{}":
		return &core.Error{Code: core.CodeInvalid, Message: "this request takes no body"}
	case rule == bodyMessage:
		return nil
	case rule == bodyJSON && len(body) == 0:
		return &core.Error{Code: core.CodeInvalid, Message: "this request needs a JSON body"}
	}
	types := r.Header.Values("Content-Type")
	if len(types) != 1 || r.Header.Get("Content-Encoding") != "" {
		return &core.Error{Code: codeMediaType, Message: "the body must be " + wanted + ", not encoded"}
	}
	if got, _, err := mime.ParseMediaType(types[0]); err != nil || got != wanted {
		return &core.Error{Code: codeMediaType, Message: "the body must be " + wanted}
	}
	return nil
}

// idempotencyKey returns the header byte for byte: 1 to 255 visible ASCII characters, once (I07).
func idempotencyKey(r *http.Request, rule keyRule) (string, error) {
	values := r.Header.Values("Idempotency-Key")
	if rule == keyUnused {
		return "", nil
	}
	if len(values) == 0 {
		if rule == keyRequired {
			return "", invalidField("Idempotency-Key", "this request needs the header, so that a repeat is known as one")
		}
		return "", nil
	}
	key := values[0]
	good := len(values) == 1 && len(key) >= 1 && len(key) <= 255
	for i := range len(key) {
		good = good && key[i] > ' ' && key[i] < 0x7f
	}
	if !good {
		return "", invalidField("Idempotency-Key", "must be sent once, with 1 to 255 visible ASCII characters")
	}
	return key, nil
}

// pathName returns a path parameter that is a name of ours; anything else cannot exist, so it is
// not found without asking.
func (c *call) pathName(parameter string) (string, error) {
	value := c.Param(parameter)
	if len(value) > 64 || !isName(value) {
		return "", core.Errorf(core.CodeNotFound, "no such %s", parameter)
	}
	return value, nil
}

// json answers with a view.
func (s *Server) json(c *call, status int, view any) error {
	body, err := json.Marshal(view)
	if err != nil {
		return err
	}
	s.write(c, status, "application/json", body)
	return nil
}

func invalidField(field, message string) error {
	return &core.Error{Code: core.CodeInvalid, Field: field, Message: message}
}

// clip shortens text of the caller that is shown back to them.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
