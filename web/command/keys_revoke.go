package command

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web"
	"github.com/paymux/paymux/web/app"
)

func newKeysRevoke(streams Streams) *cobra.Command {
	var file, actor, reason string
	cmd := &cobra.Command{
		Use:   "revoke ID",
		Short: "Take an API key back, on every node within seconds and for good",
		Long: "Revoke writes into the database that the key answers no more. Every node reads that each second, and it wins over any configuration file,\n" +
			"whatever else is wrong in it: only the database's address is read from the file, or PAYMUX_DB_DSN. There is no way back: make a key of\n" +
			"another name.",
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r := store.Revocation{KeyID: strings.TrimSpace(args[0]), Actor: strings.TrimSpace(actor), Reason: strings.TrimSpace(reason), At: streams.Now()}
			if r.KeyID == "" || r.Actor == "" || r.Reason == "" {
				return misused(cmd, errors.New("the key's id, --actor and --reason must say something"))
			}
			// a database may take another text for the id that was meant, which then stays good
			if !config.IsID(r.KeyID) {
				return misused(cmd, fmt.Errorf("%q is no key's id, which has a-z, 0-9, _ and -: paymux keys list shows them", r.KeyID))
			}
			db, doubt, err := config.Database(file, streams.Environ)
			if doubt != nil {
				say(streams.Err, "%s is not as it should be, which does not stop this: %v", file, doubt)
			}
			if err != nil {
				return err
			}
			opened, err := openReady(cmd.Context(), db)
			if err != nil {
				return err
			}
			first, err := opened.RevokeKey(cmd.Context(), r, app.RowID(streams.Now, streams.Random))
			if err = errors.Join(err, opened.Close()); err != nil {
				return err
			}
			if !first {
				say(streams.Out, "%s was revoked before; nothing is changed", r.KeyID)
				return nil
			}
			say(streams.Out, "✓ %s is revoked: every node answers it 401 within seconds", r.KeyID)
			if c, err := config.Load(file, streams.Environ, app.Dialects()...); err == nil && !hasKey(c, r.KeyID) {
				say(streams.Out, "! no key of this name is in %s: look whether it is spelt rightly (paymux keys list --config %s)", file, file)
			}
			return nil
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().StringVar(&actor, "actor", "", "who takes it back")
	cmd.Flags().StringVar(&reason, "reason", "", "why; kept in the audit log")
	_ = cmd.MarkFlagRequired("actor") // fails only for a flag that does not exist
	_ = cmd.MarkFlagRequired("reason")
	return cmd
}

func hasKey(c *config.Config, id string) bool {
	return slices.ContainsFunc(keysOf(c), func(k listedKey) bool { return k.id == id })
}

// listedKey is a key of a configuration as people see it.
type listedKey struct {
	id, merchant, mode, role, actor string
	ends                            time.Time // zero for never
}

// keysOf are the keys of merchants, and those of whoever runs paymux, which are of no merchant.
func keysOf(c *config.Config) []listedKey {
	var keys []listedKey
	for _, m := range c.Merchants {
		for _, k := range m.APIKeys {
			keys = append(keys, listedKey{k.ID, m.ID, k.Mode, k.Role, k.Actor, k.Expires})
		}
	}
	for _, o := range c.Operators {
		keys = append(keys, listedKey{o.ID, "-", o.Mode, string(web.RoleOperator), o.Actor, o.Expires})
	}
	return keys
}

func newKeysList(streams Streams) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the keys of merchants and operators, and those that are revoked; never a secret",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, wrong := load(file, streams)
			db, _, err := config.Database(file, streams.Environ)
			var list []store.Revocation
			if err == nil {
				list, err = revocationsOf(cmd, db)
			}
			if err != nil {
				err = fmt.Errorf("which keys are revoked cannot be read: %w", err)
			}
			writeKeys(streams, c, list, err == nil)
			return errors.Join(wrong, err)
		},
	}
	configFlag(cmd, &file)
	return cmd
}

func revocationsOf(cmd *cobra.Command, db config.DB) ([]store.Revocation, error) {
	opened, err := openReady(cmd.Context(), db)
	if err != nil {
		return nil, err
	}
	list, err := opened.Revocations(cmd.Context())
	return list, errors.Join(err, opened.Close())
}

// writeKeys writes a line for each key of the file, and for each revoked one that no file has.
func writeKeys(streams Streams, c *config.Config, list []store.Revocation, known bool) {
	revoked := map[string]store.Revocation{}
	for _, r := range list {
		revoked[r.KeyID] = r
	}
	table := tabwriter.NewWriter(streams.Out, 0, 0, 2, ' ', 0)
	say(table, "ID\tMERCHANT\tMODE\tROLE\tACTOR\tENDS\tREVOKED")
	word := func(id string) string {
		r, is := revoked[id]
		switch {
		case is:
			return fmt.Sprintf("%s by %s: %s", r.At.UTC().Format(time.RFC3339), r.Actor, r.Reason)
		case known:
			return "no"
		}
		return "unknown"
	}
	if c != nil {
		for _, k := range keysOf(c) {
			ends := "never"
			if !k.ends.IsZero() {
				ends = k.ends.UTC().Format(time.RFC3339)
			}
			sayCells(table, []string{k.id, k.merchant, k.mode, k.role, k.actor, ends, word(k.id)})
		}
	}
	for _, r := range list {
		if c == nil || !hasKey(c, r.KeyID) {
			sayCells(table, []string{r.KeyID, "-", "-", "-", "-", "-", word(r.KeyID)})
		}
	}
	_ = table.Flush()
}
