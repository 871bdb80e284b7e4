package command

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/web/app"
)

func newKeysApp(streams Streams) *cobra.Command {
	var gateway string
	cmd := &cobra.Command{
		Use:   "app FILE",
		Short: "Make an application's RSA pair: the private key into FILE (mode 0600), the public one to paste into the gateway's console",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := registered(app.Gateways(), gateway)
			if err != nil {
				return misused(cmd, err)
			}
			pair := at.Pair(args[0])
			key, err := rsa.GenerateKey(streams.Random, pair.Bits)
			if err != nil {
				return fmt.Errorf("make the pair: %w", err)
			}
			private, err := x509.MarshalPKCS8PrivateKey(key)
			if err != nil {
				return fmt.Errorf("write the private key: %w", err)
			}
			public, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
			if err != nil {
				return fmt.Errorf("write the public key: %w", err)
			}
			if err := writeSecret(args[0], string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))); err != nil {
				return err
			}
			say(streams.Err, "%s is made; it never leaves this machine. %s", args[0], pair.Public)
			say(streams.Err, "")
			say(streams.Err, "%s", base64.StdEncoding.EncodeToString(public))
			say(streams.Err, "")
			say(streams.Out, "%s", pair.Settings)
			return nil
		},
	}
	cmd.Flags().StringVar(&gateway, "gateway", "", "whose application it is; needed where there are several gateways")
	return cmd
}

// registered finds a gateway by its id; the only one needs no id.
func registered(all []adapters.Registration, id string) (adapters.Registration, error) {
	var ids []string
	for _, one := range all {
		if string(one.ID()) == id || id == "" && len(all) == 1 {
			return one, nil
		}
		ids = append(ids, string(one.ID()))
	}
	return nil, fmt.Errorf("--gateway must be one of %s", strings.Join(ids, ", "))
}

// writeSecret writes a file that only its owner may read, and replaces none.
func writeSecret(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("no file is replaced: %w", err)
	case err != nil: // such as a folder that is not there
		return fmt.Errorf("no file is made: %w", err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

// handOver gives a secret to whoever made it, and never to where lines of YAML go: into a file of
// its own, or to the terminal.
func handOver(streams Streams, out, secret, advice string) error {
	if out != "" {
		if err := writeSecret(out, secret+"\n"); err != nil {
			return err
		}
		say(streams.Err, "The secret is in %s (mode 0600): %s", out, advice)
		return nil
	}
	say(streams.Err, "The secret, shown this once: %s", advice)
	say(streams.Err, "%s", secret)
	return nil
}

// yamlText is a text as YAML takes it, whatever is in it.
func yamlText(text string) string { return fmt.Sprintf("%q", text) }
