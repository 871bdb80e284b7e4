package command

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

// serverTools is what backup and restore say of a database that is no file.
const serverTools = "the database is a server of its own, whose tool is mariadb-dump or mysqldump: the commands to use stand in docs/operations.md, under Backups"

func newBackup(streams Streams) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Copy the SQLite database into a new file, beside a running server · 备份数据库",
		Long: "Backup writes FILE as one moment left the database, with mode 0600, and verifies it before it appears: sound pages, the schema, the number of orders,\n" +
			"the audit chain up to the head that the database had. Nothing is ever written over. The master key is not in it: keep a copy of that elsewhere.\n" +
			"A database of MySQL or MariaDB is dumped by its own tool: docs/operations.md has the commands.",
		Example: "  paymux backup --config paymux.yaml /var/backups/paymux-$(date +%F).db",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.database(cmd, streams)
			if err != nil {
				return err
			}
			made, err := backUp(cmd.Context(), c.DB, args[0])
			if err != nil {
				return fmt.Errorf("no backup was made: %w", err)
			}
			say(streams.Out, "✓ %s: %s", args[0], contents(made))
			return nil
		},
	}
	f.register(cmd)
	return cmd
}

func newRestore(streams Streams) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a backup where the configured SQLite database is missing, and verify it · 恢复备份",
		Long: "Restore verifies FILE and puts it where the configuration says that the database is. It refuses where there is one, and a backup of a later version.\n" +
			"Then it checks every order, as verify does. What was open when the backup was made is asked for at the gateway by the next serve; what was made\n" +
			"after it is not in the books any more: docs/operations.md says how to find it.",
		Example: "  paymux restore --config paymux.yaml /var/backups/paymux-2026-11-28.db",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := f.database(cmd, streams)
			if err != nil {
				return err
			}
			found, err := store.Restore(cmd.Context(), args[0], app.StoreConfig(c.DB))
			if err != nil {
				return fmt.Errorf("nothing was restored: %w", err)
			}
			say(streams.Out, "✓ %s: %s", app.DatabaseFile(c.DB), contents(found))
			return f.verifyRestored(cmd.Context(), streams)
		},
	}
	f.register(cmd)
	return cmd
}

// register adds the flags by which a command finds its database. A gateway's book is of no use to
// it: the gateway went on since.
func (f *verifyFlags) register(cmd *cobra.Command) {
	f.booksAlone = true
	cmd.Flags().StringVar(&f.config, "config", "", "configuration file of the server")
	cmd.Flags().StringVar(&f.data, "data", "", "a demo's data folder")
}

// database reads the configuration of an SQLite database.
func (f *verifyFlags) database(cmd *cobra.Command, streams Streams) (*config.Config, error) {
	if (f.config == "") == (f.data == "") {
		return nil, misused(cmd, errors.New("either --config or --data is needed"))
	}
	c, err := f.load(streams)
	if err == nil && c.DB.Driver != store.DriverSQLite {
		err = errors.New(serverTools)
	}
	return c, err
}

func backUp(ctx context.Context, db config.DB, file string) (made store.Copy, err error) {
	if _, err := os.Stat(app.DatabaseFile(db)); err != nil { // opening would make an empty one
		return made, fmt.Errorf("the database file: %w", err)
	}
	opened, err := store.Open(ctx, app.StoreConfig(db))
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return opened.Backup(ctx, file)
}

// verifyRestored checks the orders of a database that was just restored; one of an older schema
// waits for migrate.
func (f *verifyFlags) verifyRestored(ctx context.Context, streams Streams) error {
	report, err := verifyOnce(ctx, *f, streams)
	if err != nil {
		return fmt.Errorf("it is restored and not verified: %w", err)
	}
	report.write(streams)
	if n := report.broken(); n > 0 {
		return fmt.Errorf("it is restored, and %d %s broken", n, plural(n, "invariant"))
	}
	return nil
}

// contents says what a copy holds, in one line.
func contents(c store.Copy) string {
	return fmt.Sprintf("%d orders, %d ledger entries, %d audit rows under %d seals and %d not yet sealed, schema %d, %d bytes",
		c.Orders, c.Entries, c.Audit.Rows, c.Audit.Seals, c.Audit.Unsealed, c.Schema, c.Bytes)
}
