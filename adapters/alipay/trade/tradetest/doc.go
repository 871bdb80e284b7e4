// Package tradetest tries an Alipay channel by core/channeltest, with the simulator as the gateway
// and a wire between them that breaks on demand.
//
// It is test support, shared by the tests of the channels, and imported by nothing else. It knows
// the simulator and Alipay's envelope well enough to spoil an answer; it must not know a channel:
// each channel's test names its own.
package tradetest
