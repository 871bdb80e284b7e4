package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/adapters/alipay"
	alipaysetup "github.com/paymux/paymux/adapters/alipay/setup"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web/app"
)

// doctorFlags is what the person asks of the doctor.
type doctorFlags struct {
	config, account            string
	notification, query        string
	response, method, sent     string
	received                   string
	online, probe              bool
	stdin                      io.Reader
	notificationText, respText string // of the named files
	sentText                   string
	receivedAt                 time.Time
}

func newDoctor(streams Streams) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say why a signature fails and how to mend it · 诊断验签失败的原因",
		Long: "诊断密钥、证书和网络；给出抓到的报文，则说明为什么验签失败、怎么改。\n\n" +
			"Doctor looks at an account's keys and certificates. Given a captured notification or answer it says why the signature fails, by undoing each known\n" +
			"mistake and trying again. With --online it makes one harmless call to the gateway, the query of a number that does not exist, and explains the answer.\n" +
			"With --probe it knocks at the account's own notification address. Without these two it calls nobody. It shows no key and changes nothing.\n\n" +
			"Exit code: 0 nothing found, 1 something found, 2 it could not look.",
		Example: "  paymux doctor --config config.yaml\n" +
			"  paymux doctor --config config.yaml --notification body.txt\n" +
			"  curl -i … > answer.txt; paymux doctor --config config.yaml --response answer.txt --method alipay.trade.query\n" +
			"  paymux doctor --config config.yaml --online --probe",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.stdin = cmd.InOrStdin()
			if err := f.read(); err != nil {
				return usageError{err}
			}
			d := &doctor{doctorFlags: f, streams: streams, report: &doctorReport{out: streams.Out}}
			if err := d.examine(cmd.Context()); err != nil {
				return err
			}
			return d.report.verdict()
		},
	}
	configFlag(cmd, &f.config)
	flags := cmd.Flags()
	flags.StringVar(&f.account, "account", "", "look at this account only")
	flags.StringVar(&f.notification, "notification", "", "file with the raw body of a notification, or the whole request; - is standard input")
	flags.StringVar(&f.query, "query", "", "what stood behind ? in the address the notification came to")
	flags.StringVar(&f.response, "response", "", "file with the raw body of a gateway's answer, or the whole answer (curl -i); - is standard input")
	flags.StringVar(&f.method, "method", "", "the API that gave the answer, such as alipay.trade.query")
	flags.StringVar(&f.sent, "sent", "", "file with the string that your request signed, when the gateway refused it")
	flags.StringVar(&f.received, "received", "", "when the answer came, by your clock (RFC 3339): held against its Date header")
	flags.BoolVar(&f.online, "online", false, "make one harmless signed call to the gateway")
	flags.BoolVar(&f.probe, "probe", false, "knock at the account's notification address")
	return cmd
}

// maxCapture bounds a captured message; the largest real ones are some KiB.
const maxCapture = 2 << 20

// read reads the named files.
func (f *doctorFlags) read() error {
	if f.response != "" && f.method == "" {
		return errors.New("--response needs --method: the API that gave the answer")
	}
	if f.notification != "" && f.response != "" {
		return errors.New("give --notification or --response: one capture at a time")
	}
	if f.received != "" {
		var err error
		if f.receivedAt, err = time.Parse(time.RFC3339, f.received); err != nil {
			return errors.New("--received must be a time such as 2026-11-22T20:00:00+08:00")
		}
	}
	for _, file := range []struct {
		name string
		text *string
	}{{f.notification, &f.notificationText}, {f.response, &f.respText}, {f.sent, &f.sentText}} {
		var err error
		if *file.text, err = f.readCapture(file.name); err != nil {
			return err
		}
	}
	return nil
}

func (f *doctorFlags) readCapture(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	from := f.stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxCapture+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, err)
	case len(text) > maxCapture:
		return "", fmt.Errorf("%s has more than %d bytes", name, maxCapture)
	case strings.TrimSpace(string(text)) == "":
		return "", fmt.Errorf("%s is empty", name)
	}
	return string(text), nil
}

// doctor is one examination.
type doctor struct {
	doctorFlags
	streams Streams
	report  *doctorReport
	config  *config.Config
	on      adapters.Ground
}

// examine looks at everything asked for. Its error is that it could not look; what it finds is in
// the report.
func (d *doctor) examine(ctx context.Context) error {
	c, err := config.Load(d.doctorFlags.config, d.streams.Environ, app.Dialects()...)
	var list config.Problems
	switch {
	case errors.As(err, &list):
		for _, p := range list {
			d.report.problem(p)
		}
		return nil // without a configuration there is nothing to hold a capture against
	case err != nil:
		return usageError{err}
	}
	d.config = c
	master, err := config.OpenMasterKey(c.Secrets.MasterKeyFile, d.streams.Random)
	if err == nil {
		err = c.CheckSealed(master)
	}
	if err != nil {
		d.report.find(finding{code: "master_key", detail: err.Error()})
		return nil //nolint:nilerr // a finding, not a failure of the doctor
	}
	d.on = ground(master, d.streams)
	d.environment()
	patients, err := d.patients()
	if err != nil {
		return usageError{err}
	}
	for _, p := range patients {
		d.examineOne(ctx, p)
	}
	return nil
}

func (d *doctor) examineOne(ctx context.Context, p patient) {
	d.report.open(p)
	d.address(p)
	app := d.keys(p)
	if app == nil && (d.online || d.notificationText != "" || d.respText != "") {
		d.report.note("先修好密钥，再看报文和网关", "the keys come first; messages and gateway were not looked at")
	}
	if app != nil && d.notificationText != "" {
		d.notificationOf(p, app)
	}
	if app != nil && d.respText != "" {
		d.responseOf(ctx, p)
	}
	if app != nil && d.online {
		d.callOf(ctx, p)
	}
	if d.probe {
		d.probeOf(ctx, p)
	}
}

// patient is one account with all that is needed to look at it.
type patient struct {
	account   config.Account
	merchant  config.Merchant
	gateway   alipaysetup.Line
	keys      []alipay.KeyConfig
	notifyURL string
}

// at are the account's settings at Alipay.
func (p patient) at() *alipaysetup.Account { return alipaysetup.Settings(p.account) }

// patients picks the accounts to look at. A capture belongs to one: the named one, the only one, or
// the one whose app the message names.
func (d *doctor) patients() ([]patient, error) {
	ends, err := alipaysetup.Lines(d.config, d.on)
	if err != nil {
		d.report.find(finding{code: string(alipay.ErrConfig), detail: err.Error()})
		return nil, nil //nolint:nilerr // a finding, not a failure of the doctor
	}
	var all []patient
	for _, m := range d.config.Merchants {
		for _, a := range m.Accounts {
			end, ours := ends[a.Gateway]
			if !ours { // it knows the illnesses of Alipay's alone
				continue
			}
			p := patient{account: a, merchant: m, gateway: end, notifyURL: app.NotifyURL(d.config, a)}
			for _, k := range alipaysetup.Settings(a).Keys {
				key, err := k.Read(d.on.Master)
				if err != nil {
					return nil, fmt.Errorf("account %s: %w", a.ID, err)
				}
				p.keys = append(p.keys, key)
			}
			all = append(all, p)
		}
	}
	capture := d.notificationText != "" || d.respText != ""
	switch {
	case d.account != "":
		return only(all, func(p patient) bool { return p.account.ID == d.account }, "no account "+d.account+" in the configuration")
	case len(all) == 1 || !capture:
		return all, nil
	case d.notificationText != "":
		id := d.capture().field("app_id")
		return only(all, func(p patient) bool { return p.at().AppID == id }, "say by --account whose notification it is")
	}
	return nil, errors.New("say by --account whose answer it is")
}

func only(all []patient, wanted func(patient) bool, otherwise string) ([]patient, error) {
	var found []patient
	for _, p := range all {
		if wanted(p) {
			found = append(found, p)
		}
	}
	if len(found) != 1 {
		return nil, errors.New(otherwise)
	}
	return found, nil
}
