package command

import (
	"errors"
	"fmt"

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
			c, err := config.Load(file, streams.Environ, app.Dialects()...)
			if list, wrong := errors.AsType[config.Problems](err); wrong {
				for _, p := range list {
					report(streams, p)
				}
				return fmt.Errorf("%d %s in %s", len(list), plural(len(list), "problem"), file)
			}
			if err != nil {
				return err
			}
			found := app.Check(c, streams.Now, streams.Random)
			for _, err := range found {
				say(streams.Out, "✗ %v", err)
			}
			if len(found) > 0 {
				return fmt.Errorf("%d %s in %s", len(found), plural(len(found), "problem"), file)
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
