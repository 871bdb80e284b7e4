package command_test

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/paymux/paymux/web/command"
)

// asProgram makes the test binary be the program itself: the same code under another process id, so
// that tests can kill it.
const asProgram = "PAYMUX_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	var code int
	if os.Getenv(asProgram) != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		code = command.Run(ctx, os.Args[1:], command.OS())
		stop()
	} else {
		code = m.Run()
	}
	os.Exit(code) //nolint:forbidigo // a TestMain is a main
}
