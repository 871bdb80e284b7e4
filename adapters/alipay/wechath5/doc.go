// Package wechath5 takes Alipay's money from buyers who come from WeChat: WeChat's browser lets no
// Alipay page in, so the buyer opens our hand-off page in an outside browser, and that page posts a
// signed alipay.trade.wap.pay.
//
// It knows how such an order is signed and nothing else; what happens to a trade afterwards is
// alipaytrade's. It must not know the store, the rules or the pages: that WeChat permits no
// instalments, and which licence a merchant needs, is data in the rulebook.
package wechath5
