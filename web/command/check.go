package command

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web/app"
)

func newCheck(streams Streams) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Say what is wrong with a configuration and its keys, and how to mend it",
		Long: "Check reads the configuration and every file it names as the server would, opens what is sealed, parses every key, tries each signing key on\n" +
			"itself, and holds the merchants' switches against the platforms' rules. It calls nobody and opens no database.",
		Args: exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			c, list, err := loadPastDatabase(file, streams)
			if err != nil {
				return err
			}
			for _, p := range list {
				report(streams, p)
			}
			n := len(list)
			if c != nil {
				found := app.Check(c, streams.Now, streams.Random)
				for _, err := range found {
					say(streams.Out, "✗ %v", err)
				}
				n += len(found)
				warn(streams, c)
			}
			if n > 0 {
				return fmt.Errorf("%d %s in %s", n, plural(n, "problem"), file)
			}
			accounts := 0
			for _, m := range c.Merchants {
				accounts += len(m.Accounts)
			}
			if !config.ModesCount {
				say(streams.Out, "! on this system file modes say nothing: see to it that nobody else can change %s and its keys", file)
			}
			if doubt := c.ProxyDoubt(); doubt != "" {
				say(streams.Out, "! %s", doubt)
			}
			say(streams.Out, "✓ %s: %s, %d %s, %d %s", file, c.Server.Environment,
				len(c.Merchants), plural(len(c.Merchants), "merchant"), accounts, plural(accounts, "account"))
			return nil
		},
	}
	configFlag(cmd, &file)
	return cmd
}

// loadPastDatabase loads a configuration for a check. Where nothing but the database's settings is
// wrong, it goes on with others in their place, so that all that is wrong is told at once: on the
// machine where a file is written, PAYMUX_DB_DSN is often not set.
func loadPastDatabase(file string, streams Streams) (*config.Config, config.Problems, error) {
	c, err := config.Load(file, streams.Environ, app.Dialects()...)
	list, wrong := errors.AsType[config.Problems](err)
	if err == nil || !wrong {
		return c, nil, err
	}
	for _, p := range list {
		if !strings.HasPrefix(p.Path, "db.") {
			return nil, list, nil
		}
	}
	environ := append(slices.Clone(streams.Environ), "PAYMUX_DB_DRIVER=sqlite", "PAYMUX_DB_DSN=unset.db", "PAYMUX_DB_TOPOLOGY=single")
	c, err = config.Load(file, environ, app.Dialects()...)
	more, wrong := errors.AsType[config.Problems](err)
	if err != nil && !wrong {
		return nil, nil, err
	}
	for _, p := range more {
		if !strings.HasPrefix(p.Path, "db.") { // those are told already
			list = append(list, p)
		}
	}
	return c, list, nil
}

// soon is how long before its end a key is warned of.
const soon = 30 * 24 * time.Hour

// warn tells what works today and may not be meant.
func warn(streams Streams, c *config.Config) {
	for _, ends := range endingKeys(c, streams.Now()) {
		say(streams.Out, "! %s", ends)
	}
	if host, _, err := net.SplitHostPort(c.Server.AdminListen); err == nil {
		if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
			say(streams.Out, "! server.admin_listen is on all addresses of this machine: metrics and profiles are for your monitoring alone; name a private address")
		}
	}
	for _, entry := range streams.Environ {
		if strings.HasPrefix(entry, "PAYMUX_DB_DSN=") {
			say(streams.Out, "  db.dsn is taken from PAYMUX_DB_DSN")
		}
	}
}

// endingKeys says which keys have ended or soon will.
func endingKeys(c *config.Config, now time.Time) []string {
	var list []string
	for _, k := range keysOf(c) {
		whose := "merchant " + k.merchant
		if k.merchant == "-" {
			whose = "an operator"
		}
		switch {
		case k.ends.IsZero() || k.ends.Sub(now) > soon:
		case k.ends.After(now):
			list = append(list, fmt.Sprintf("API key %s of %s ends at %s, in %s: make the next one (paymux keys api)", k.id, whose, k.ends.Format(time.RFC3339), span(k.ends.Sub(now))))
		default:
			list = append(list, fmt.Sprintf("API key %s of %s has ended, at %s: take it out", k.id, whose, k.ends.Format(time.RFC3339)))
		}
	}
	return list
}

// span says how long something is, as people would.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}

func report(streams Streams, p config.Problem) {
	where := p.Path
	if p.Line > 0 {
		where = fmt.Sprintf("%s (line %d)", p.Path, p.Line)
	}
	say(streams.Out, "✗ %s: %s", where, p.What)
	if p.Mend != "" {
		say(streams.Out, "  → %s", p.Mend)
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}
