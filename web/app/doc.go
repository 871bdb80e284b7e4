// Package app is the program as a value: made by New, run by Run, ended by Close. Nothing of it is
// global, so that a process may run many.
//
// It is where the parts meet: it opens the store, makes the merchants and their
// applications of the configuration, wires channels and gateways to the cashier, mounts the web
// server, and starts the jobs. It decides nothing about money, rules or the wire; where an if about
// those seems needed here, it belongs elsewhere. It knows no command line.
//
//	app.go wire.go listen.go                    the program; which part is handed to which
//	gateways.go                                 the gateways, each by one registration
//	settings.go tenants.go apikeys.go check.go  what the parts are handed of the settings; what a
//	                                            reload replaces
//	reload.go pins.go                           what a reload changes, and what never does
//	webhooks.go hints.go                        what goes out to merchants, and what makes jobs
//	                                            punctual
//	vault.go ids.go clock.go concerned.go       what core wants from outside, filled in
//	watch.go alarms.go standing.go              what is counted, and what people are told
//	scrape.go                                   what a server's metrics say stands wrong
//	tracing.go collector.go version.go          spans of what is done, and where they are sent
//	unwritable.go                               a database that takes nothing, and for how long
//	inspect.go neighbours.go                    what a server looks at by itself: its books, and
//	                                            who else works on them
package app
