// Command paymux takes Alipay money in three host platforms through one API. Run it with "help" to
// see what it can do.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/paymux/paymux/web/command"
)

func main() { os.Exit(run()) }

// run exists so that deferred calls happen before os.Exit.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return command.Run(ctx, os.Args[1:], command.OS())
}
