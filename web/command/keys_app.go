package command

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

// appKeyBits is what gateways ask of an application's RSA key.
const appKeyBits = 2048

func newKeysApp(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "app FILE",
		Short: "Make an application's RSA pair: the private key into FILE (mode 0600), the public one to paste into the gateway's console",
		Args:  exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			key, err := rsa.GenerateKey(streams.Random, appKeyBits)
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
			say(streams.Err, "%s is made; it never leaves this machine. Paste this public key (应用公钥, RSA2) into the gateway's console,", args[0])
			say(streams.Err, "and put the gateway's own public key (支付宝公钥), which the console then shows, into a file:")
			say(streams.Err, "")
			say(streams.Err, "%s", base64.StdEncoding.EncodeToString(public))
			say(streams.Err, "")
			say(streams.Out, "- version: v1\n  use: current\n  private_key_file: %s\n  alipay_public_key_file: alipay.pub", yamlText(args[0]))
			return nil
		},
	}
}

// writeSecret writes a file that only its owner may read, and replaces none.
func writeSecret(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("no file is replaced: %w", err)
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
