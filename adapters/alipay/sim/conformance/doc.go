// Package conformance lets the official Node SDK judge both ends of the wire:
// adapters/alipay and adapters/alipay/sim. It holds tests only, behind the build
// tag conformance; it is the one place that sees both ends, and nothing may
// import it.
//
// judge.mjs is the SDK behind a pipe. A case draws random parameters, has them
// sent by the SDK and by our client, and compares what each of them and the
// simulator's book say. Seed and number of a failing case are printed, and
// SEED=… CASES=… repeat it. limits_test.go pins down where the SDK itself falls
// short, so that the list in docs/simulator.md stays true.
package conformance
