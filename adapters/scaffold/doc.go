// Command scaffold begins a channel: it writes the folder of a new one at a known gateway, which
// compiles, and whose test fails at everything that is still to be written.
//
//	go run ./adapters/scaffold channel taobao_h5
//
// It writes that folder and nothing else, and says which two files name a channel besides. It must
// not import what it scaffolds.
package main
