// Package web speaks HTTP: the merchant's API, the gateways' notifications, the buyer's hand-off
// pages, and the machine's health and metrics.
//
// It knows routes, keys, permissions, strict JSON, problem documents and templates. It must not
// know what a signature of a gateway looks like, what a platform permits, or how an order moves: it
// hands requests to the use cases of core and renders their answers. Echo stays inside this
// package.
//
// Read routes.go first: one table holds every route with its permission. openapi.yaml describes the
// same routes for people and programs, and a test holds the two against each other. Then:
//
//	server.go headers.go observe.go     what happens to every request; tracing.go: its span;
//	                                    admin.go: the private listener
//	key.go auth.go sign.go              who calls: bearer keys, and requests that merchants sign
//	call.go strictjson.go request.go    one call: the body read strictly, the use case, the
//	                                    answer; permission.go: who may
//	payments.go refunds.go …            the handlers, one file for each kind of object
//	webhooks.go                         what merchants ask about deliveries; they are signed and
//	                                    sent by core/outbox
//	notify.go limiter.go                what gateways send
//	handoff.go pages.go                 the buyer's pages
//	problem.go                          error codes, their statuses and titles
package web
