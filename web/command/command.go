package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/web/app"
)

// Streams is the world as a command sees it, so that tests can give it another.
type Streams struct {
	Out, Err io.Writer
	// Environ is "NAME=value", as os.Environ gives it.
	Environ []string
	Now     func() time.Time
	Random  io.Reader
}

// OS is the real world.
func OS() Streams {
	return Streams{Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), Now: time.Now, Random: rand.Reader}
}

// The exit codes of the program.
const (
	exitOK    = 0
	exitFault = 1 // it was tried and failed
	exitUsage = 2 // the command line makes no sense, or verify could not check
)

// Run runs one command line until it is done or ctx ends, and returns the exit code.
func Run(ctx context.Context, args []string, streams Streams) int {
	root := newRoot(streams)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage usageError
	var unchecked uncheckedError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.As(err, &unchecked):
		_, _ = fmt.Fprintf(streams.Err, "paymux: %v\n", err)
		return exitUsage
	default:
		_, _ = fmt.Fprintf(streams.Err, "paymux: %v\n", err)
		return exitFault
	}
}

// usageError marks what the person at the keyboard can mend by typing something else.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func newRoot(streams Streams) *cobra.Command {
	root := &cobra.Command{
		Use:           "paymux",
		Short:         "Alipay money in WeChat, Alipay and Douyin, through one API · 一套接口，三个平台收支付宝",
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       app.Version(),
		Args:          exactArgs(0),
		RunE:          help,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return misused(cmd, cmd.ValidateRequiredFlags())
		},
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n") // as the command says it
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetOut(streams.Out)
	root.SetErr(streams.Err)
	root.SetFlagErrorFunc(misused)
	root.AddCommand(
		newDemo(streams), newServe(streams), newSimulate(streams), newMigrate(streams), newConfig(streams), newCheck(streams), newVerify(streams),
		newFind(streams), newList(streams), newStatus(streams), newBackup(streams), newRestore(streams), newArchive(streams), newProbe(streams),
		newCall(streams), newDoctor(streams), newCertificate(streams), newKeys(streams), newVersion(streams),
	)
	return root
}

// misused marks what cobra says of a command line, and points to the help.
func misused(cmd *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return usageError{fmt.Errorf("%w (see %q)", err, cmd.CommandPath()+" --help")}
}

// exactArgs is cobra.ExactArgs with our exit code. Where none are taken, an argument is most likely
// a command that does not exist.
func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if n == 0 {
			return misused(cmd, cobra.NoArgs(cmd, args))
		}
		if len(args) == n {
			return nil
		}
		wants := strings.Join(strings.Fields(cmd.Use)[1:], " ")
		return misused(cmd, fmt.Errorf("wants %s and has %d %s", wants, len(args), plural(len(args), "argument")))
	}
}

func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// say prints one line for people.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format+"\n", args...) }
