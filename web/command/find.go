package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

// lookFlags is what every command that reads a server's database is told.
type lookFlags struct {
	config, data string
	json         bool
}

func (f *lookFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.config, "config", "", "configuration file of the server")
	cmd.Flags().StringVar(&f.data, "data", "", "a demo's data folder")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
}

// look opens the database that the flags name and reads from it, beside a running server.
func (f *lookFlags) look(cmd *cobra.Command, streams Streams, read func(context.Context, *config.Config, *store.Store) error) (err error) {
	if (f.config == "") == (f.data == "") {
		return misused(cmd, errors.New("either --config or --data is needed"))
	}
	c, err := (&verifyFlags{config: f.config, data: f.data}).load(streams)
	if err != nil {
		return err
	}
	if c.DB.Driver == store.DriverSQLite { // opening would make an empty one
		if _, err := os.Stat(app.DatabaseFile(c.DB)); err != nil {
			return fmt.Errorf("the database file: %w (db.dsn counts from the folder where the command is typed, unless it begins with /)", err)
		}
	}
	opened, err := store.Open(cmd.Context(), app.StoreConfig(c.DB))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	if err := opened.Ready(cmd.Context()); err != nil {
		return err
	}
	return read(cmd.Context(), c, opened)
}

// again is the flag by which the next command finds the same database, as a shell takes it.
func (f *lookFlags) again() string {
	flag, name := " --config ", f.config
	if f.data != "" {
		flag, name = " --data ", f.data
	}
	if strings.ContainsAny(name, " \t'\"$\\&;|<>()*?[]`#~") {
		name = "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	return flag + name
}

// maxBuyer is how long a buyer's id on standard input may be.
const maxBuyer = 128

func newFind(streams Streams) *cobra.Command {
	var f lookFlags
	var buyer string
	cmd := &cobra.Command{
		Use:   "find [NUMBER]",
		Short: "Follow any number to its payment: what happened, and what it waits for",
		Long: "Find takes any number that somebody was given: a payment's, attempt's, refund's, event's, delivery's or message's id, merchant_order_no,\n" +
			"out_trade_no, the gateway's trade_no, out_request_no or merchant_refund_no. It reads the database, beside a running server, and writes nothing.\n" +
			"--buyer - reads a buyer's user_id or open_id from standard input, so that it stands in no history, and lists that buyer's payments.\n\n" +
			"Exit code: 0 found, 1 nothing has this number, 2 it could not be looked up, or the command line makes no sense.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 1) == (buyer != "") {
				return misused(cmd, errors.New("either a number or --buyer - is needed"))
			}
			if buyer != "" && buyer != "-" {
				return misused(cmd, errors.New("a buyer's id is read from standard input: --buyer -"))
			}
			err := f.look(cmd, streams, func(ctx context.Context, c *config.Config, books *store.Store) error {
				if buyer != "" {
					return findBuyer(ctx, cmd.InOrStdin(), f, streams, c, books)
				}
				found, err := core.Find(ctx, books, args[0])
				if core.CodeOf(err) == core.CodeNotFound {
					return fmt.Errorf("%w. What the gateway told of a number that is not ours: paymux list messages", err)
				}
				if err != nil {
					return err
				}
				if f.json {
					return json.NewEncoder(streams.Out).Encode(found)
				}
				for _, one := range found {
					writeFound(streams.Out, one)
				}
				return nil
			})
			if err != nil && core.CodeOf(err) != core.CodeNotFound {
				return uncheckedError{err} // nobody may take it for "there is no such order"
			}
			return err
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&buyer, "buyer", "", "- reads a buyer's id from standard input")
	cmd.SetIn(os.Stdin)
	return cmd
}

// writeFound tells people of one payment.
func writeFound(out io.Writer, f core.Found) {
	p := f.Payment
	for _, m := range f.Matches {
		say(out, "%s of payment %s of %s", m.Kind, p.ID, f.MerchantID)
	}
	if f.Archive != "" {
		say(out, "  final for so long that it has left for archive %s: its line is in %s there (retention.archive_dir)", f.Archive, archive.OrdersFile)
		return
	}
	say(out, "  %s, %d fen, order %s on %s, made %s", p.Status, p.AmountFen, p.MerchantOrderNo, p.Platform, p.CreatedAt)
	for _, line := range moneyOf(p) {
		say(out, "  %s", line)
	}
	for _, a := range p.Attempts {
		say(out, "  attempt %s: %s by %s, out_trade_no %s, trade_no %s", a.ID, a.State, a.Channel, a.OutTradeNo, orNone(a.TradeNo))
	}
	for _, r := range p.Refunds {
		say(out, "  refund %s: %s, %d fen, %s%s", r.ID, r.Status, r.AmountFen, askerOf(r), cameBack(r))
	}
	say(out, "what happened")
	for _, m := range f.Timeline {
		by := ""
		if m.By != "" {
			by = ", by " + m.By
		}
		say(out, "  %s  %s%s  [%s]", m.At, m.Text, by, m.Object)
	}
	say(out, "what it waits for")
	if len(f.Waits) == 0 {
		say(out, "  nothing: all of it is final")
	}
	for _, w := range f.Waits {
		when := ""
		if w.At != "" {
			when = " at " + w.At
		}
		say(out, "  the %s%s: %s  [%s]", w.For, when, w.Text, w.Object)
	}
}

// cameBack tells what the buyer's bank sent back of a refund, and who has seen to it.
func cameBack(r core.RefundView) string {
	switch {
	case r.ReturnedFen == 0:
		return ""
	case r.HandledAt == "":
		return fmt.Sprintf("; the bank sent %d fen back", r.ReturnedFen)
	default:
		return fmt.Sprintf("; the bank sent %d fen back, seen to by %s at %s", r.ReturnedFen, r.HandledBy, r.HandledAt)
	}
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// buyersPayment is a line of what --buyer lists.
type buyersPayment struct {
	MerchantID string             `json:"merchant_id"`
	PaymentID  string             `json:"payment_id"`
	Status     core.PaymentStatus `json:"status"`
	AmountFen  core.Fen           `json:"amount_fen"`
	CreatedAt  string             `json:"created_at"`
}

// findBuyer lists a buyer's payments with each merchant, the newest MaxPage of each.
func findBuyer(ctx context.Context, in io.Reader, f lookFlags, streams Streams, c *config.Config, books *store.Store) error {
	text, err := io.ReadAll(io.LimitReader(in, maxBuyer+2))
	id := strings.TrimSpace(string(text))
	if err != nil || id == "" || len(id) > maxBuyer {
		return usageError{fmt.Errorf("a buyer's id on standard input has 1 to %d characters", maxBuyer)}
	}
	vault, err := app.OpenVault(ctx, c, books, streams.Random)
	if err != nil {
		return err
	}
	all := []buyersPayment{}
	for _, m := range c.Merchants {
		names := append(core.Pseudonyms(vault, m.ID, core.Payer{UserID: id}), core.Pseudonyms(vault, m.ID, core.Payer{OpenID: id})...)
		page, err := books.Payments(ctx, core.PaymentQuery{MerchantID: m.ID, Buyers: names, Limit: core.MaxPage})
		if err != nil {
			return err
		}
		for _, p := range page {
			all = append(all, buyersPayment{p.MerchantID, p.ID, p.Status, p.AmountFen, core.Stamp(p.CreatedAt)})
		}
	}
	if len(all) == 0 {
		return &core.Error{Code: core.CodeNotFound, Message: "no payment named this buyer by this id alone"}
	}
	if f.json {
		return json.NewEncoder(streams.Out).Encode(all)
	}
	for _, p := range all {
		say(streams.Out, "%s  %s, %d fen, payment %s of %s", p.CreatedAt, p.Status, p.AmountFen, p.PaymentID, p.MerchantID)
	}
	return nil
}
