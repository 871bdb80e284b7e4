package command

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web"
	"github.com/paymux/paymux/web/app"
)

func newKeys(streams Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "keys",
		Short: "Make, seal, list and revoke keys and secrets",
		Args:  exactArgs(0),
		RunE:  help,
	}
	cmd.AddCommand(newKeysMaster(streams), newKeysAPI(streams), newKeysWebhook(streams), newKeysSeal(streams),
		newKeysApp(streams), newKeysRewrap(streams), newKeysRevoke(streams), newKeysList(streams))
	return cmd
}

func newKeysMaster(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "master FILE",
		Short: "Make the master key file (mode 0600), under which other secrets are sealed",
		Args:  exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if _, err := config.CreateMasterKey(args[0], streams.Random); err != nil {
				return err
			}
			say(streams.Out, "%s is made. Name it in secrets.master_key_file, and keep a copy where the server is not: what is sealed under it", args[0])
			say(streams.Out, "cannot be opened without it.")
			return nil
		},
	}
}

func newKeysAPI(streams Streams) *cobra.Command {
	var id, actor, role, mode, master, out string
	var days int
	cmd := &cobra.Command{
		Use:   "api",
		Short: "Make an API key: prints the key once, and the lines for the configuration",
		Args:  exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			now := streams.Now().Truncate(time.Second)
			var secret, line string
			var err error
			switch mode {
			case config.Bearer:
				var hash string
				secret, hash, err = web.NewBearerKey(id, streams.Random)
				line = "secret_hash: " + hash
			case config.Signed:
				secret, line, err = sealedAPISecret(master, streams)
			default:
				return usageError{fmt.Errorf("--mode must be %s or %s", config.Bearer, config.Signed)}
			}
			if err != nil {
				return err
			}
			if err := handOver(streams, out, secret, "give it to "+actor+" and to nobody else."); err != nil {
				return err
			}
			say(streams.Out, "- id: %s\n  actor: %s\n  role: %s\n  mode: %s\n  %s\n  created: %s\n  expires: %s",
				id, yamlText(actor), role, mode, line, now.Format(time.RFC3339), now.AddDate(0, 0, days).Format(time.RFC3339))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&id, "id", "", "name of the key, unique over all merchants")
	flags.StringVar(&actor, "actor", "", "who will use it")
	flags.StringVar(&role, "role", string(web.RoleCashier), "admin, cashier, viewer or approver")
	flags.StringVar(&mode, "mode", config.Signed, "signed (requests carry a signature) or bearer (requests carry the key)")
	flags.StringVar(&master, "master-key", "", "master key file, for mode signed")
	flags.IntVar(&days, "days", 365, "days until it ends")
	flags.StringVar(&out, "out", "", "a new file for the secret, instead of showing it")
	_ = cmd.MarkFlagRequired("id") // fails only for a flag that does not exist
	_ = cmd.MarkFlagRequired("actor")
	return cmd
}

func sealedAPISecret(master string, streams Streams) (secret, line string, err error) {
	if master == "" {
		return "", "", usageError{errors.New("a signed key is sealed: name the master key file by --master-key")}
	}
	key, err := config.OpenMasterKey(master, streams.Random)
	if err != nil {
		return "", "", err
	}
	secret = app.NewSecret(streams.Random)
	sealed, err := key.Seal(config.PurposeAPIKey, []byte(secret))
	return secret, "secret_sealed: " + sealed, err
}

func newKeysWebhook(streams Streams) *cobra.Command {
	var id, master, out string
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Make a webhook secret: prints it once, and the lines for the configuration",
		Args:  exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			key, err := config.OpenMasterKey(master, streams.Random)
			if err != nil {
				return err
			}
			secret := "whsec_" + base64.StdEncoding.EncodeToString(app.Draw(streams.Random, app.SecretBytes))
			sealed, err := key.Seal(config.PurposeWebhook, []byte(secret))
			if err != nil {
				return err
			}
			if err := handOver(streams, out, secret, "give it to whoever verifies the webhooks."); err != nil {
				return err
			}
			say(streams.Out, "- id: %s\n  use: current\n  secret_sealed: %s", id, sealed)
			return nil
		},
	}
	cmd.Flags().StringVar(&id, "id", "", "name of the secret, unique within its endpoint")
	cmd.Flags().StringVar(&out, "out", "", "a new file for the secret, instead of showing it")
	cmd.Flags().StringVar(&master, "master-key", "", "master key file")
	_ = cmd.MarkFlagRequired("id") // fails only for a flag that does not exist
	_ = cmd.MarkFlagRequired("master-key")
	return cmd
}

func newKeysSeal(streams Streams) *cobra.Command {
	var purpose, master string
	cmd := &cobra.Command{
		Use:   "seal",
		Short: "Seal a secret read from standard input, for a *_sealed setting",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch purpose {
			case config.PurposeAPIKey, config.PurposePrivateKey, config.PurposeWebhook:
			default:
				return usageError{fmt.Errorf("--purpose must be %s, %s or %s", config.PurposeAPIKey, config.PurposePrivateKey, config.PurposeWebhook)}
			}
			key, err := config.OpenMasterKey(master, streams.Random)
			if err != nil {
				return err
			}
			plain, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maxStdin+1))
			if err != nil {
				return fmt.Errorf("standard input: %w", err)
			}
			if len(plain) == 0 || len(plain) > maxStdin {
				return usageError{fmt.Errorf("the secret on standard input must have 1 to %d bytes", maxStdin)}
			}
			sealed, err := key.Seal(purpose, plain)
			if err != nil {
				return err
			}
			say(streams.Out, "%s", sealed)
			return nil
		},
	}
	cmd.Flags().StringVar(&purpose, "purpose", "", "what it is: api_key, private_key or webhook_secret")
	cmd.Flags().StringVar(&master, "master-key", "", "master key file")
	_ = cmd.MarkFlagRequired("purpose") // fails only for a flag that does not exist
	_ = cmd.MarkFlagRequired("master-key")
	cmd.SetIn(os.Stdin)
	return cmd
}

const maxStdin = 16 << 10
