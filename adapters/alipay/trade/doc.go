// Package alipaytrade is what all Alipay trades share, however the buyer came to pay: query, close,
// refund and its query, login, and the messages that Alipay sends on its own accord.
//
// It translates between core's words and Alipay's, in both directions, and judges what an answer
// proves: outcome.go is the one table of that. It knows neither the store nor the rules, keeps no
// state, and never repeats a call. It must not know how a trade is opened: that is what makes a
// channel, and lives in alipaymini, wechath5 and douyinh5, which embed Trades.
//
// Reading order: app.go (whose keys), outcome.go (what an answer proves), query.go, close.go,
// refund.go, login.go (the calls), goods.go and funding.go (what every order says about its basket
// and its means), page.go (orders paid in a browser), gateway.go, notice.go and push.go (what comes
// in).
package alipaytrade
