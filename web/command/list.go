package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

const (
	// shownRows is how many rows a list shows unless told otherwise, mostRows how many it can.
	shownRows = 50
	mostRows  = 1000
)

func newList(streams Streams) *cobra.Command {
	var f lookFlags
	var merchant string
	var limit int
	cmd := &cobra.Command{
		Use:   "list " + strings.Join(listNames(), "|"),
		Short: "List what waits for a person, over all merchants, and what can be done about it",
		Long: "List shows, newest first and each row with what can be done about it:\n\n" + listHelp() +
			"\nIt reads the database, beside a running server, and writes nothing. With --json each row is a line of its own, as the API shows it.\n" +
			"The commands in NEXT take --url and a key, by PAYMUX_CALL_URL and PAYMUX_CALL_KEY; an operator's key is answered on the admin listener.\n\n" +
			"Exit code: 0 listed, also where there is nothing; 1 it could not be read; 2 the command line makes no sense.",
		Args:      exactArgs(1),
		ValidArgs: listNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			at := slices.IndexFunc(lists(), func(l worklist) bool { return l.name == args[0] })
			if at < 0 {
				return misused(cmd, fmt.Errorf("there is no list %q; one of %s", args[0], strings.Join(listNames(), ", ")))
			}
			if limit < 1 || limit > mostRows {
				return misused(cmd, fmt.Errorf("--limit must be 1 to %d", mostRows))
			}
			return f.look(cmd, streams, func(ctx context.Context, c *config.Config, books *store.Store) error {
				l, err := newLister(c, books, merchant, streams)
				if err != nil {
					return err
				}
				l.where = f.again()
				return l.write(ctx, lists()[at], limit, f.json)
			})
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&merchant, "merchant", "", "only this merchant's")
	cmd.Flags().IntVar(&limit, "limit", shownRows, "how many rows at most")
	return cmd
}

// listNames are the lists that can be asked for.
func listNames() []string {
	var names []string
	for _, l := range lists() {
		names = append(names, l.name)
	}
	return names
}

func listHelp() string {
	var b strings.Builder
	for _, l := range lists() {
		_, _ = fmt.Fprintf(&b, "  %-10s %s\n", l.name, l.short)
	}
	return b.String()
}

// lister reads lists as the API does, through the same use cases.
type lister struct {
	cashier  *core.Cashier
	merchant string // "" for all
	where    string // the flag that finds this database again, such as " --config paymux.yaml"
	streams  Streams
}

func newLister(c *config.Config, books *store.Store, merchant string, streams Streams) (lister, error) {
	if merchant != "" && !slices.ContainsFunc(c.Merchants, func(m config.Merchant) bool { return m.ID == merchant }) {
		return lister{}, usageError{fmt.Errorf("no merchant %q is configured", merchant)}
	}
	cashier := &core.Cashier{Store: books, Merchants: configured{c}, Clock: reading(streams.Now)}
	return lister{cashier: cashier, merchant: merchant, streams: streams}, nil
}

// write prints a list until limit, and tells where there is more than that.
func (l lister) write(ctx context.Context, list worklist, limit int, asJSON bool) error {
	table := tabwriter.NewWriter(l.streams.Out, 0, 0, 2, ' ', 0)
	lines := json.NewEncoder(l.streams.Out)
	lines.SetEscapeHTML(false)
	shown, more := 0, false
	err := list.each(l, ctx, func(r listed) error {
		if more = shown == limit; more {
			return errEnough
		}
		if shown++; asJSON {
			return lines.Encode(r.row)
		}
		if shown == 1 {
			say(table, "%s\tNEXT", list.columns)
		}
		sayCells(table, append(r.cells, strings.Join(r.next, "; ")))
		return nil
	})
	if err = errors.Join(table.Flush(), unlessEnough(err)); err != nil {
		return err
	}
	switch {
	case more:
		say(l.streams.Err, "there is more: the newest %d are shown (--limit)", limit)
	case shown == 0 && !asJSON:
		say(l.streams.Out, "nothing")
	}
	return nil
}

// errEnough ends a walk along a list.
var errEnough = errors.New("enough rows")

func unlessEnough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// sayCells prints a row of a table. Texts of others cannot break it, nor speak to the terminal.
func sayCells(out io.Writer, cells []string) {
	for i, cell := range cells {
		cells[i] = orNone(strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return '?'
		}, cell))
	}
	say(out, "%s", strings.Join(cells, "\t"))
}
