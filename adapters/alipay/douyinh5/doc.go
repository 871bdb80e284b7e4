// Package douyinh5 takes Alipay's money from buyers who come from Douyin: the buyer opens our
// hand-off page in an outside browser, and that page posts a signed alipay.trade.wap.pay.
//
// It knows how such an order is signed and that it must hold physical goods only; what happens to a
// trade afterwards is alipaytrade's. It must not know the store or the pages. The rulebook forbids
// virtual goods and services on Douyin before an attempt exists; here the same ban is held once
// more at the last moment, because a signed order cannot be called back.
package douyinh5
