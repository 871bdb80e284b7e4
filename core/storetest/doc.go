// Package storetest says what a store is: Run is the suite that every core.Store passes, Limits is
// what every store must hold, and Memory is the in-memory store that passes it, for the tests of
// core and for simulations in seeded order.
//
// It knows the contract in core/store.go and nothing of SQL. It must not know how any store keeps
// its rows, nor what the use cases do with them.
package storetest
