// Package demoshop is a small shop in three phones: a person picks a platform, buys, pays at the
// simulated cashier, and watches the order become paid.
//
// It is an ordinary merchant: it calls the API over HTTP with an API key, keeps no books of its
// own, and shows what the API answers, refusals included. What a phone would do through the host
// app (my.getAuthCode, my.tradePay, another browser's user agent) it does through [Host]. It must
// not know the gateway's wire, the rules of platforms, or anything about orders that the API does
// not tell.
//
// Reading order: shop.go (routes), goods.go (what is sold, and where), api.go (the API's client),
// buy.go and order.go (what the buttons do), inapp.go (the hand-off page as an in-app browser gets
// it), pages.go with templates/ (what is shown).
package demoshop
