// Package channeltest is what "channel" means: the suite that every core.PaymentChannel passes,
// together with the core.Gateway that receives its messages.
//
// It knows core's contract and nothing of any gateway. A Control moves the money, breaks the wire
// and forges messages on the gateway's side; what a message looks like, what of it is signed and
// what does not matter is the Control's to know, and the Harness says in words of no protocol which
// forgeries there can be (Harness.Forges), what is never told (Harness.Silent), and what the
// channel claims (Harness.Want). The suite must not know a protocol, an adapter or a store.
//
// Want lists the optional capabilities; it must equal what core finds, so that no part of the suite
// is left out by accident. A channel without Closer is held to the end of its trades instead.
package channeltest
