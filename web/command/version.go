package command

import (
	"github.com/spf13/cobra"

	"github.com/paymux/paymux/web/app"
)

func newVersion(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print what this binary was built from",
		Args:  exactArgs(0),
		Run: func(*cobra.Command, []string) {
			say(streams.Out, "paymux %s", app.Version())
		},
	}
}
