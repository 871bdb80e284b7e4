// Package outbox delivers events to merchants: signed, again and again until they are taken, and
// listed when they are not.
//
// It knows webhooks: how a try is signed (Standard Webhooks), which addresses may be dialled, what
// an answer means, and when the next try is. It must not know what an event says, who may ask for a
// replay, or how jobs are found: rows come due, and whoever finds them calls.
//
// Where to look:
//
//	courier.go          one delivery: claim the row, send one try, write down what came of it
//	schedule.go         when the next try is
//	attempt.go sign.go  the request, its signatures, and what an answer means
//	address.go guard.go which URLs and which resolved addresses are refused
//	client.go           the HTTP client that obeys them
//	lanes.go            each endpoint in a lane of its own, so that a slow merchant delays nobody
//	                    else
//	lane.go             when an endpoint is left alone, how it is probed, how its backlog goes
//
// The database is the truth: a process that dies between any two steps leaves a row that comes due
// again, and the merchant may then get the same event twice, with the same webhook-id and the same
// bytes.
package outbox
