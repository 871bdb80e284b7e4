// Package adapters says what a gateway registers with the program.
//
// Each folder below is a gateway: its wire, and below that its channels. What the program asks of
// one beside taking money (core asks that, of core.PaymentChannel and core.Gateway) is a
// Registration: how its part of the configuration becomes applications, and what its exchanges and
// certificates mean to the people who run it. It knows no gateway by name.
package adapters
