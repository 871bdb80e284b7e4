// Package command makes one program of all the packages and gives it a command line.
//
// It is the only place that knows every package: it opens the store, parses the merchants' keys, wires channels and gateways to the cashier, mounts the
// web server, and starts the jobs. It decides nothing about money, rules or the wire; where an if about those seems needed here, it belongs elsewhere.
//
// Reading order:
//
//	command.go   the command line and its streams     app.go       the program as a value: NewApp, Run, Close
//	wire.go      which part is handed to which        tenants.go   merchants, accounts and keys as one immutable value
//	gateways.go  our end of the line to each gateway
//	webhooks.go hints.go reload.go pins.go            what goes out to merchants, what makes jobs punctual, what a reload changes and what never does
//	vault.go ids.go clock.go watch.go alarms.go       what core wants from outside, filled in
//	tracing.go collector.go                           spans of what is done, and where they are sent
//	inspect.go neighbours.go                          what a server looks at by itself: its books, and who else works on them
//	serve.go demo.go simulate.go migrate.go check.go call.go doctor.go certificate.go keys.go version.go   one file per command
package command
