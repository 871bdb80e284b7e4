package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
	alipaysetup "github.com/paymux/paymux/adapters/alipay/setup"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web/app"
)

func newCertificate(streams Streams) *cobra.Command {
	var file, account, serial, out string
	cmd := &cobra.Command{
		Use:   "certificate",
		Short: "Fetch and check the certificate that Alipay signs with now · 下载并校验支付宝当前证书",
		Long: "Certificate asks the gateway by one harmless call which certificate it signs with. If that one is not configured, it is downloaded, checked up to\n" +
			"the configured roots, and printed or written, together with the lines for the configuration. Run it when an alert says certificate_unknown, or by a\n" +
			"timer; no message from outside ever causes it.",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := load(file, streams)
			if err != nil {
				return err
			}
			line, err := certificateLine(c, account, streams)
			if err != nil {
				return err
			}
			return line.renew(cmd.Context(), serial, out, streams)
		},
	}
	configFlag(cmd, &file)
	flags := cmd.Flags()
	flags.StringVar(&account, "account", "", "the account; may be left out when one account alone has certificates")
	flags.StringVar(&serial, "serial", "", "serial (SN) to fetch, when it is known already")
	flags.StringVar(&out, "out", "", "file to write the certificate to; it must not exist yet")
	return cmd
}

// certificateAccount is an account in certificate mode with its line to the gateway.
type certificateAccount struct {
	id    string
	roots string // file of the current key's roots
	app   *alipay.App
	tape  *recorder
}

// ground is what a command's applications at a gateway are built on: it calls in its own name and
// prints its findings itself.
func ground(master *config.MasterKey, streams Streams) adapters.Ground {
	return adapters.Ground{
		Master: master, Now: streams.Now, Nonce: func() string { return app.Letters(streams.Random) }, Logger: silent(),
	}
}

func certificateLine(c *config.Config, account string, streams Streams) (certificateAccount, error) {
	master, err := config.OpenMasterKey(c.Secrets.MasterKeyFile, streams.Random)
	if err != nil {
		return certificateAccount{}, err
	}
	on := ground(master, streams)
	ends, err := alipaysetup.Lines(c, on)
	if err != nil {
		return certificateAccount{}, err
	}
	var found []config.Account
	var line certificateAccount
	for _, m := range c.Merchants {
		for _, a := range m.Accounts {
			if roots := rootsOf(a); roots != "" && (account == "" || a.ID == account) {
				found = append(found, a)
				line.id, line.roots = a.ID, roots
			}
		}
	}
	if len(found) != 1 {
		return line, usageError{errors.New("name by --account one account that is in certificate mode")}
	}
	end := ends[found[0].Gateway]
	line.tape = &recorder{next: end.Transport}
	end.Transport = line.tape
	line.app, err = end.App(found[0], on)
	return line, err
}

// rootsOf is the file of roots of an account in certificate mode, or "".
func rootsOf(a config.Account) string {
	for _, k := range alipaysetup.Settings(a).Keys {
		if k.Use == alipaysetup.Current {
			return k.AlipayRootCertFile
		}
	}
	return ""
}

// renew fetches what is not configured yet. What makes the certificate believable is its chain to
// the configured roots, never who named it.
func (l certificateAccount) renew(ctx context.Context, serial, out string, streams Streams) error {
	if serial == "" {
		_, result := l.app.Query(ctx, alipay.QueryRequest{OutTradeNo: "DOCTOR" + app.Letters(streams.Random)})
		if serial = l.tape.named; serial == "" {
			return fmt.Errorf("the gateway names no certificate (%w); %q says why", result.Err, "paymux doctor --online")
		}
	}
	for _, c := range l.app.Certificates() {
		if c.Kind == "alipay" && c.Serial == serial {
			say(streams.Out, "✓ %s 已配置（密钥 %s，有效期至 %s）· configured as key %s, good until %s", serial,
				c.Version, c.NotAfter.UTC().Format(time.DateOnly), c.Version, c.NotAfter.UTC().Format(time.DateOnly))
			return nil
		}
	}
	found, result := l.app.DownloadCertificate(ctx, serial)
	if result.Class != alipay.Done {
		return errors.Join(fmt.Errorf("certificate %s was not accepted: %s %s %s", serial, result.Class, result.Code, result.SubCode), result.Err)
	}
	if out == "" {
		say(streams.Out, "%s", found.Chain)
		out = "FILE"
	} else if err := writeNew(out, found.Chain); err != nil {
		return err
	}
	say(streams.Out, "# 证书链已校验到根证书。加到账户 %s 的 alipay.keys 下，原有密钥保留。", l.id)
	say(streams.Out, "# Its chain leads to the configured roots. Add it under alipay.keys of account %s, and keep the keys that are there:", l.id)
	say(streams.Out, "- version: cert_%s\n  use: verify_only\n  alipay_cert_file: %s\n  alipay_root_cert_file: %s", serial[:8], out, l.roots)
	return nil
}

// writeNew writes a file that is not there yet: a certificate in use must not be replaced by
// accident.
func writeNew(name, text string) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // certificates are public; the person at the keyboard names the file
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}
