package command

import (
	"errors"
	"fmt"
	"os"
	"regexp"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

func newKeysRewrap(streams Streams) *cobra.Command {
	var file string
	var leave bool
	cmd := &cobra.Command{
		Use:   "rewrap OLD NEW",
		Short: "Move the database and the configuration's sealed texts to another master key",
		Long: "Rewrap seals anew, under the master key in file NEW, what the database holds sealed under the one in file OLD, looks at all of it once more, and\n" +
			"prints the configuration with its *_sealed texts sealed anew. Every server must be stopped; none starts until it is done. Killed half way, it is\n" +
			"finished by running it again. Pseudonyms stay what they are. Then name NEW in secrets.master_key_file.",
		Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			old, err := config.OpenMasterKey(args[0], streams.Random)
			if err != nil {
				return err
			}
			next, err := config.OpenMasterKey(args[1], streams.Random)
			if err != nil {
				return err
			}
			if old.Fingerprint() == next.Fingerprint() {
				return usageError{errors.New("OLD and NEW hold the same key")}
			}
			db, doubt, err := config.Database(file, streams.Environ)
			if err = errors.Join(doubt, err); err != nil {
				return err
			}
			release, err := holdDatabase(db, "paymux keys rewrap", streams)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, release()) }()
			opened, err := openReady(cmd.Context(), db)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, opened.Close()) }()
			if db.Driver != store.DriverSQLite {
				if err := app.NobodyServes(cmd.Context(), opened, streams.Now()); err != nil {
					return err
				}
			}
			done, err := app.Rewrap(cmd.Context(), opened, old, next, leave)
			if err != nil {
				return err
			}
			say(streams.Err, "✓ the database is under the key of %s (%d texts sealed anew, %d readable by neither key)", args[1], done.Sealed, done.Unreadable)
			return rewrapFile(streams, file, old, next)
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&leave, "leave-unreadable", false, "finish although texts open under neither key: they are lost")
	return cmd
}

var sealedInFile = regexp.MustCompile(`\bv1\.[A-Za-z0-9_-]{20,}`)

// rewrapFile prints the configuration with its sealed texts under the new key. What is sealed under
// it already stays.
func rewrapFile(streams Streams, file string, old, next *config.MasterKey) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	lost := 0
	fresh := sealedInFile.ReplaceAllStringFunc(string(text), func(sealed string) string {
		for _, purpose := range []string{config.PurposeAPIKey, config.PurposePrivateKey, config.PurposeWebhook} {
			if _, err := next.Open(purpose, sealed); err == nil {
				return sealed
			}
			plain, err := old.Open(purpose, sealed)
			if err != nil {
				continue
			}
			again, err := next.Seal(purpose, plain)
			if err != nil {
				continue
			}
			return again
		}
		lost++
		return sealed
	})
	_, _ = fmt.Fprint(streams.Out, fresh)
	if lost > 0 {
		return fmt.Errorf("%d sealed texts of %s open under neither key and stand as they were", lost, file)
	}
	say(streams.Err, "✓ standard output is %s with its sealed texts under the new key; set secrets.master_key_file to it", file)
	return nil
}
