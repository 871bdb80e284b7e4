package command

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

func newMigrate(streams Streams) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database to this version's schema",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(file, streams)
			if err != nil {
				return err
			}
			opened, err := store.Open(cmd.Context(), app.StoreConfig(c.DB))
			if err != nil {
				return err
			}
			if err := errors.Join(opened.Migrate(cmd.Context()), opened.Close()); err != nil {
				return err
			}
			say(streams.Out, "the %s database is up to date", c.DB.Driver)
			return nil
		},
	}
	configFlag(cmd, &file)
	return cmd
}
