// Package gopay lets a second client library, gopay v1.5.123, judge both ends of
// the wire: adapters/alipay and adapters/alipay/sim. It holds tests only.
//
// It is a module of its own, so that gopay and what it needs stay out of the
// server's dependencies. gopay has no setting for the classic gateway's address;
// here its HTTP client gets a transport that leads every call to the simulator.
//
// CASES=… SEED=… go test . repeats a run. limits_test.go pins down what gopay
// itself cannot do, so that the list in docs/simulator.md stays true.
package gopay
