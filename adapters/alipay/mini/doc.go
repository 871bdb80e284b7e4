// Package alipaymini takes Alipay's money inside Alipay's own mini-program: alipay.trade.create
// makes the trade, my.tradePay pays it. Accounts that say so get the order string of
// alipay.trade.app.pay instead, which my.tradePay takes as well, though Alipay's page about it does
// not say so.
//
// It knows how such a trade is opened and nothing else; what happens to a trade afterwards is
// alipaytrade's. It must not know the store, the rules or the pages. Alipay demands an enterprise
// mini-program, and a contract for JSAPI_PAY that the mini-program (op_app_id) is bound to.
package alipaymini
