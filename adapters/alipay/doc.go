// Package alipay is the wire to Alipay's open platform and nothing else.
//
// It knows keys and certificates, how a request is signed, how an answer and a
// notification are verified, what the gateway's codes mean, the documented
// limits of each API, and the shape of a bill. It must not know orders,
// merchants, stores or platforms: it imports nothing of this module.
//
// Reading order: keys.go and sign.go (who signs), canonical.go (what is
// signed), app.go (one application and its key ring), client.go and
// envelope.go (one exchange), outcome.go and codes.go (what an answer proves),
// notification.go (what the gateway tells us), then one file per API.
//
// Three rules run through all of it. A key is parsed once, never per call. What
// cannot be verified proves nothing, neither success nor failure: its class is
// Unknown. Money is integer fen; yuan text lives on the wire only.
package alipay
