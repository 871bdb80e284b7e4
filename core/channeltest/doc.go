// Package channeltest is what "channel" means: the suite that every core.PaymentChannel passes, together with the core.Gateway that receives its
// messages.
//
// It knows core's contract and nothing of any gateway: a Control, made of built-in types only, moves the money and breaks the wire on the gateway's
// side, so that a simulator can implement it without importing core. It must not know a protocol, an adapter or a store.
//
// Run takes a Harness. Its Want lists the optional capabilities the channel claims; it must equal what core finds, so that no part of the suite is
// left out by accident.
package channeltest
