// Package alipaysim is a hostile Alipay gateway for tests and demos.
//
// It answers gateway.do with real RSA2 signatures, shows buyers a cashier page,
// sends signed notifications on Alipay's own schedule and, when asked to, lies,
// loses, repeats, delays and tampers. Anything that speaks Alipay's protocol,
// in any language and through any SDK, can be pointed at it.
//
// What it knows: the wire protocol as seen from the gateway's side, trades and
// their states, buyers, money in fen. What it must not know: paymux. It imports
// none of paymux's packages and verifies with code of its own, so that a
// mistake on one side cannot hide behind the same mistake on the other.
//
// Reading order:
//
//	config.go    what a simulator is made of       server.go    starting and stopping
//	clock.go     scaled, advanceable time          agenda.go    what happens later
//	book.go      the append-only truth             world.go     the state rebuilt from it
//	request.go → admit.go → operation.go → reply.go   the way of one gateway request
//	create.go, query.go, close.go, refund.go, …    one file per API family
//	cashier.go   the buyer's page                  notice.go    what is told to the merchant
//	fault.go     what goes wrong on purpose        control.go   the /sim/ API
//
// All state follows from the book: every change is appended (and fsynced before
// any answer leaves) and then applied, and a restart replays it. Identifiers
// depend only on the seed and on how much happened before.
package alipaysim
