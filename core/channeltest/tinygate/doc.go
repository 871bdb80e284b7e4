// Package tinygate is a gateway for tests, as unlike the first one as can be: bodies are JSON, what
// is signed stands in headers with a time, nothing is ever closed, a trade has no number before it
// is paid, a refund wants the trade's total again and is not done when it is answered, and nothing
// is told of a trade that nobody paid.
//
// It shows that the seams hold: the adapter (Channel, Receiver) is written by adapters/README.md
// and passes core/channeltest, and web and core take an order through its whole life by it. Gate is
// the other side, in memory. Only tests import it; it must not know another gateway, nor what is
// above core.
package tinygate
