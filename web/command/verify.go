package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

// verifyFlags is what the command line asks of a verification.
type verifyFlags struct {
	config, data, book string
	witness            string
	heads              []string
	json, quietBooks   bool
	booksAlone         bool // hold them against no gateway's book
	overdue, patience  time.Duration
}

func newVerify(streams Streams) *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Check every order against its ledger, its events and, in the sandbox, the gateway's own book",
		Long: "Verify reads every order and checks the invariants that docs/RELIABILITY.md lists: amounts to the fen, states, numbers used once, a ledger that\n" +
			"balances, one event for each final change, an audit log whose chain holds. It writes nothing and may run beside a server.\n" +
			"With --data, the folder of a demo, or with --book, the books of the simulator are compared as well.\n\n" +
			"Exit code: 0 all holds, 1 something is broken, 2 it could not be checked.",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if (f.config == "") == (f.data == "") {
				return misused(cmd, errors.New("either --config or --data is needed"))
			}
			report, err := verifyWitnessed(cmd.Context(), f, streams)
			if err != nil {
				return uncheckedError{fmt.Errorf("could not check: %w", err)}
			}
			if f.json {
				err = json.NewEncoder(streams.Out).Encode(report)
			} else {
				report.write(streams)
			}
			if n := report.broken(); n > 0 {
				return errors.Join(err, fmt.Errorf("%d %s broken", n, plural(n, "invariant")))
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.config, "config", "", "configuration file of the server")
	flags.StringVar(&f.data, "data", "", "a demo's data folder: its configuration, database and simulator's book")
	flags.StringVar(&f.book, "book", "", "the simulator's book: its file, or the address of a running simulator")
	flags.StringSliceVar(&f.heads, "audit-head", nil, "an audit head that an earlier run printed: it must still be a link of the chain")
	flags.StringVar(&f.witness, "witness", "", "a file, kept on another disk, that remembers the last run: the database must not be older than it says")
	flags.BoolVar(&f.json, "json", false, "print the report as JSON")
	flags.BoolVar(&f.quietBooks, "quiet-books", false, "nothing is under way: compare the gateway's whole cash with the ledger too")
	flags.DurationVar(&f.overdue, "overdue", 0, "beside a running server: report work that has been due for longer, such as 2m")
	flags.DurationVar(&f.patience, "patience", 10*time.Second, "how long a difference to a book that still grows may last before it is reported")
	return cmd
}

// uncheckedError ends verify when nothing can be said about the books.
type uncheckedError struct{ error }

func (e uncheckedError) Unwrap() error { return e.error }

// verifyReport is what verify found, in the words of its JSON.
type verifyReport struct {
	Orders   int            `json:"orders"`
	Events   int            `json:"events"`
	Breaches []verifyBreach `json:"breaches"`
	Audit    verifyAudit    `json:"audit"`
	Parked   []verifyParked `json:"parked"` // for a person; no breach
	// Attention are payments that a person must look at, no breach either: the first MaxBreaches.
	Attention []verifyAttention `json:"attention"`
	Book      string            `json:"book,omitempty"`
	Trades    int               `json:"trades,omitempty"` // in the gateway's book
	Seconds   float64           `json:"seconds"`
}

type verifyBreach struct {
	Invariant string `json:"invariant"`
	Object    string `json:"object"`
	Detail    string `json:"detail"`
}

// verifyParked is a gateway's message that was kept for a person because it contradicts our books.
type verifyParked struct {
	ID         string `json:"id"`
	Code       string `json:"code"`
	PaymentID  string `json:"payment_id,omitempty"`
	OutTradeNo string `json:"out_trade_no"`
	ReceivedAt string `json:"received_at"`
}

// verifyAttention is a payment that a person must look at, and why.
type verifyAttention struct {
	MerchantID string   `json:"merchant_id"`
	PaymentID  string   `json:"payment_id"`
	Reasons    []string `json:"reasons"`
}

type verifyAudit struct {
	Rows     int64    `json:"rows"`
	Seals    int64    `json:"seals"`
	Unsealed int64    `json:"unsealed"`
	Archived int64    `json:"archived,omitempty"` // rows that left; their seals are here
	Head     string   `json:"head,omitempty"`
	Newest   string   `json:"newest,omitempty"` // when the newest row was made
	Broken   []string `json:"broken"`
}

func (r verifyReport) broken() int { return len(r.Breaches) + len(r.Audit.Broken) }

func (r verifyReport) write(streams Streams) {
	mark := "✓"
	if r.broken() > 0 {
		mark = "✗"
	}
	for _, b := range r.Breaches {
		say(streams.Out, "✗ %s %s: %s", b.Invariant, b.Object, b.Detail)
	}
	for _, line := range r.Audit.Broken {
		say(streams.Out, "✗ INV-I3 audit: %s", line)
	}
	say(streams.Out, "%s %d %s, %d %s broken, %d audit rows under %d %s and %d not yet sealed; %.1f s", mark,
		r.Orders, plural(r.Orders, "order"), r.broken(), plural(r.broken(), "invariant"),
		r.Audit.Rows, r.Audit.Seals, plural(int(r.Audit.Seals), "seal"), r.Audit.Unsealed, r.Seconds)
	for _, p := range r.Parked {
		say(streams.Out, "  parked for a person: %s of %s, payment %s, message %s of %s", p.Code, p.OutTradeNo, cmp.Or(p.PaymentID, "unknown"), p.ID, p.ReceivedAt)
	}
	for _, a := range r.Attention {
		say(streams.Out, "  for a person: %s, payment %s of %s", strings.Join(a.Reasons, ", "), a.PaymentID, a.MerchantID)
	}
	if r.Audit.Archived > 0 {
		say(streams.Out, "  %d audit rows more are in archives: paymux archive verify proves them", r.Audit.Archived)
	}
	if r.Book != "" {
		say(streams.Out, "  compared with %d trades of %s", r.Trades, r.Book)
	}
	if r.Audit.Newest != "" {
		say(streams.Out, "  newest audit row of %s: what was there later and is gone, nothing here tells", r.Audit.Newest)
	}
	if r.Audit.Head != "" {
		say(streams.Out, "  audit head %s", r.Audit.Head)
	}
}

// verifyOnce opens what the flags name and checks it.
func verifyOnce(ctx context.Context, f verifyFlags, streams Streams) (report verifyReport, err error) {
	begin := streams.Now()
	c, err := f.load(streams)
	if err != nil {
		return report, err
	}
	opened, err := openReady(ctx, c.DB)
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	v := verification{store: opened, now: streams.Now, flags: f}
	if f.book != "" {
		if v.book, err = openBook(f.book, appsOf(c)); err != nil {
			return report, err
		}
		defer func() { err = errors.Join(err, v.book.source.Close()) }()
	}
	report, err = v.check(ctx)
	report.Seconds = streams.Now().Sub(begin).Seconds()
	return report, err
}

// load reads the configuration, and with a demo's folder finds the book.
func (f *verifyFlags) load(streams Streams) (*config.Config, error) {
	if f.data == "" {
		return load(f.config, streams)
	}
	base, err := existingFolder(f.data)
	if err != nil {
		return nil, err
	}
	demo := demoFolder{folder: base}
	if f.book == "" && !f.booksAlone {
		f.book = demo.bookFile()
	}
	streams.Environ = nil // the demo itself listens to none either
	return load(demo.configFile(), streams)
}

func appsOf(c *config.Config) map[string]bool {
	apps := map[string]bool{}
	for _, m := range c.Merchants {
		for _, a := range m.Accounts {
			apps[a.Settings.Identity().App] = true
		}
	}
	return apps
}

// verification checks one database, and one book if there is one.
type verification struct {
	store *store.Store
	book  *gatewayBook
	now   func() time.Time
	flags verifyFlags
}

// between is the pause between two looks at books that disagree while they grow.
const between = time.Second

// check looks once, and as long as a growing book disagrees and patience lasts, again: only a
// difference that every look found is a breach.
func (v *verification) check(ctx context.Context) (verifyReport, error) {
	deadline := v.now().Add(v.flags.patience)
	report, err := v.look(ctx)
	for err == nil && v.book != nil && len(report.Breaches) > 0 && v.now().Before(deadline) {
		select {
		case <-ctx.Done():
			return report, ctx.Err()
		case <-time.After(between):
		}
		before := report.Breaches
		if report, err = v.look(ctx); err != nil {
			break
		}
		report.Breaches = slices.DeleteFunc(report.Breaches, func(now verifyBreach) bool {
			return !slices.ContainsFunc(before, func(was verifyBreach) bool { return was.Invariant == now.Invariant && was.Object == now.Object })
		})
	}
	if err != nil {
		return report, err
	}
	parked, err := v.store.Parked(ctx)
	if err != nil {
		return report, err
	}
	report.Parked = make([]verifyParked, len(parked))
	for i, p := range parked {
		report.Parked[i] = verifyParked{p.ID, p.Code, p.PaymentID, p.OutTradeNo, core.Stamp(p.ReceivedAt)}
	}
	audit, err := v.store.VerifyAudit(ctx, v.flags.heads...)
	report.Audit = verifyAudit{Rows: audit.Rows, Seals: audit.Seals, Unsealed: audit.Unsealed, Archived: audit.Archived, Head: audit.Head, Broken: append([]string{}, audit.Broken...)}
	if !audit.Newest.IsZero() {
		report.Audit.Newest = core.Stamp(audit.Newest)
	}
	return report, err
}

// forgotten lists messages and deliveries that no job has looked at for longer than --overdue:
// INV-L1 for what belongs to no order alone.
func (v *verification) forgotten(ctx context.Context) (found []verifyBreach, err error) {
	if v.flags.overdue <= 0 {
		return nil, nil
	}
	for _, kind := range []core.DueKind{core.DueInbox, core.DueDelivery} {
		late, err := v.store.Due(ctx, core.DueQuery{Kind: kind, Until: v.now().Add(-v.flags.overdue), Limit: core.MaxPage})
		if err != nil {
			return nil, err
		}
		for _, row := range late {
			found = append(found, verifyBreach{"INV-L1", row.ID, string(kind) + " has been due since " + core.Stamp(row.At)})
		}
	}
	return found, nil
}

// unarchived leaves out the trades of orders that have left for an archive.
func (v *verification) unarchived(ctx context.Context, numbers []string) (rest []string, err error) {
	for part := range slices.Chunk(numbers, core.MaxPage) {
		keys := make([]core.Key, 0, len(part))
		for _, no := range part {
			keys = append(keys, core.Key{Kind: core.OrderByOutTradeNo, Value: no})
		}
		found, err := v.store.See(ctx, keys...)
		if err != nil {
			return nil, err
		}
		for _, k := range keys {
			if found.Archived(k) == nil {
				rest = append(rest, k.Value)
			}
		}
	}
	return rest, nil
}

// look checks every order once.
func (v *verification) look(ctx context.Context) (verifyReport, error) {
	i := core.Inspection{Overdue: v.flags.overdue}
	if v.flags.overdue > 0 {
		i.Now = v.now()
	}
	var before []string
	ours, told, attention := map[string]bool{}, 0, []verifyAttention{}
	if v.book != nil {
		if err := v.book.catchUp(ctx); err != nil {
			return verifyReport{}, err
		}
		before = v.book.numbers()
		i.Book = func(no string) (core.Truth, bool) {
			t := v.book.trades[no]
			if t == nil {
				return core.Truth{}, false
			}
			return *t, true
		}
	}
	err := v.store.EachOrder(ctx, func(o core.Order, entries []core.Entry, events []core.Event) error {
		if v.book != nil { // the book must be at least as new as the order that is held against it
			if err := v.book.catchUp(ctx); err != nil {
				return err
			}
			for _, a := range o.Attempts {
				ours[a.OutTradeNo] = true
			}
		}
		i.Order(&o, entries, events)
		if p := o.Payment; p.Attention != "" && len(attention) < core.MaxBreaches {
			attention = append(attention, verifyAttention{p.MerchantID, p.ID, strings.Split(p.Attention, ",")})
		}
		told += len(events)
		return nil
	})
	if err != nil {
		return verifyReport{}, err
	}
	report := verifyReport{Orders: i.Orders, Events: told, Breaches: []verifyBreach{}, Attention: attention}
	for _, b := range i.Finish(v.flags.quietBooks) {
		report.Breaches = append(report.Breaches, verifyBreach{b.Invariant, b.Object, b.Detail})
	}
	forgotten, err := v.forgotten(ctx)
	if err != nil {
		return verifyReport{}, err
	}
	report.Breaches = append(report.Breaches, forgotten...)
	// Every order is committed before the gateway hears of it, so what the book knew at the
	// beginning must be there.
	before = slices.DeleteFunc(before, func(no string) bool { return ours[no] })
	if before, err = v.unarchived(ctx, before); err != nil {
		return verifyReport{}, err
	}
	for _, no := range before {
		if len(report.Breaches) < core.MaxBreaches {
			report.Breaches = append(report.Breaches, verifyBreach{"INV-S3", no, "the gateway has a trade that no order knows"})
		}
	}
	if v.book != nil {
		report.Book, report.Trades = v.flags.book, len(v.book.trades)
	}
	return report, nil
}
