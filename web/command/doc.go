// Package command is the command line: one file per command, each of which calls a use case.
//
// It decides nothing about money, rules or the wire, and puts no parts together: that is web/app.
//
//	command.go failpoint.go                             the command line and its streams; where a
//	                                                    test kills the server
//	serve.go migrate.go check.go version.go             the server and its configuration
//	find.go list*.go status.go                          what people look up beside a server
//	call.go keys.go certificate.go                      calling it, and making and fetching keys
//	verify.go verify_book.go                            the books against their invariants and the
//	                                                    gateway's own
//	verify_witness.go backup.go probe.go                what verify remembers elsewhere; copies of
//	                                                    the database; a health check
//	doctor*.go                                          what is wrong with keys, a message or the
//	                                                    line to the gateway
//	demo*.go simulate*.go folder*.go                    the demo, the simulated gateway, and the
//	                                                    folders they keep
package command
