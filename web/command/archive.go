package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/archive"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

func newArchive(streams Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Let orders that have been final for long leave the database, and prove what left · 归档",
		Args:  exactArgs(0),
		RunE:  help,
	}
	cmd.AddCommand(newArchiveRun(streams), newArchiveVerify(streams))
	return cmd
}

func newArchiveRun(streams Streams) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Archive now what a server archives once a day",
		Long: "Run writes orders whose last change is older than retention.archive_days into retention.archive_dir, reads the files back, and only then\n" +
			"deletes the rows. It works beside a server: of several one archives, the others do nothing. What a killed run began, the next one finishes.\n\n" +
			"Exit code: 0 all that is due has left, 1 it failed, or another process is at it, 2 the command line makes no sense.",
		Example: "  paymux archive run --config paymux.yaml",
		Args:    exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return f.look(cmd, streams, func(ctx context.Context, c *config.Config, books *store.Store) error {
				pass, err := app.ArchivePass(ctx, c, books, streams.Now, streams.Random)
				if err != nil {
					return err
				}
				all, err := runArchive(ctx, pass, streams, f.json)
				if f.json {
					err = errors.Join(err, json.NewEncoder(streams.Out).Encode(all))
				} else if err == nil && len(all) == 0 {
					say(streams.Out, "✓ nothing is due")
				}
				return err
			})
		},
	}
	f.add(cmd)
	return cmd
}

// runArchive passes until nothing more is due.
func runArchive(ctx context.Context, pass *archive.Pass, streams Streams, silent bool) ([]archive.Done, error) {
	all := []archive.Done{}
	for {
		report, err := pass.Run(ctx)
		for _, done := range report.Done {
			if all = append(all, done); !silent {
				say(streams.Out, "✓ %s: %d orders and %d audit rows left the database", done.ID, done.Gone, done.Audits)
			}
			if stayed := done.Orders - done.Gone; stayed > 0 && !silent {
				say(streams.Out, "  %d more changed meanwhile and stay", stayed)
			}
		}
		switch {
		case err != nil:
			return all, err
		case report.Busy:
			return all, errors.New("another process archives this database now; it is tried again by itself")
		case !report.More:
			return all, nil
		}
	}
}

// archiveReport is what verify proved of archives, in the words of its JSON.
type archiveReport struct {
	Archives []archive.Manifest `json:"archives"`
	Broken   []string           `json:"broken"`
	Database bool               `json:"database"` // they were held against the database as well
}

func newArchiveVerify(streams Streams) *cobra.Command {
	var f lookFlags
	cmd := &cobra.Command{
		Use:   "verify [FOLDER|FILE]",
		Short: "Prove archives: every byte, every order's postings, the audit chain through all of them",
		Long: "Verify reads archives and writes nothing. FOLDER is one archive, or a folder of archives; FILE is any file of an archive. With --config the\n" +
			"archives of the configuration are held against the database too: none that it knows is missing or another, the audit chain goes on where\n" +
			"they end, and the sums that stand for the entries are theirs.\n\n" +
			"Exit code: 0 all holds, 1 something is broken, 2 it could not be checked, or there is no archive in FOLDER.",
		Example: "  paymux archive verify --config paymux.yaml\n  paymux archive verify /var/archive/2026-11-28-01KB4X2T9S8Q",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if (len(args) == 0) == (f.config == "" && f.data == "") {
				return misused(cmd, errors.New("either a folder or --config is needed"))
			}
			report := archiveReport{Archives: []archive.Manifest{}, Broken: []string{}}
			err := report.fill(cmd, f, args, streams)
			if err != nil {
				return uncheckedError{fmt.Errorf("could not check: %w", err)}
			}
			if len(args) == 1 && len(report.Archives)+len(report.Broken) == 0 {
				return uncheckedError{fmt.Errorf("could not check: there is no archive in %s", args[0])}
			}
			if f.json {
				err = json.NewEncoder(streams.Out).Encode(report)
			} else {
				report.write(streams)
			}
			if n := len(report.Broken); n > 0 {
				return errors.Join(err, fmt.Errorf("%d %s broken", n, plural(n, "thing")))
			}
			return err
		},
	}
	f.add(cmd)
	return cmd
}

// fill proves what the command line names.
func (r *archiveReport) fill(cmd *cobra.Command, f lookFlags, args []string, streams Streams) error {
	if len(args) == 1 {
		if one, err := archive.Verify(args[0]); err == nil {
			r.Archives = append(r.Archives, one.Manifest)
			return nil
		} else if archive.IsOne(args[0]) {
			r.Broken = append(r.Broken, err.Error())
			return nil
		}
		_, err := r.all(args[0])
		return err
	}
	return f.look(cmd, streams, func(ctx context.Context, c *config.Config, books *store.Store) error {
		if c.Retention.ArchiveDir == "" {
			return errors.New("retention.archive_dir is not set: name the folder")
		}
		proof, err := r.all(c.Retention.ArchiveDir)
		if err != nil {
			return err
		}
		broken, err := proof.Against(ctx, books)
		r.Database, r.Broken = true, append(r.Broken, broken...)
		return err
	})
}

func (r *archiveReport) all(folder string) (archive.Proof, error) {
	proof, err := archive.VerifyAll(folder)
	for _, one := range proof.Archives {
		r.Archives = append(r.Archives, one.Manifest)
	}
	r.Broken = append(r.Broken, proof.Broken...)
	return proof, err
}

func (r *archiveReport) write(streams Streams) {
	orders, audits := int64(0), int64(0)
	for _, m := range r.Archives {
		say(streams.Out, "  %s: %d orders, last changed before %s%s", m.ID, m.Orders, m.Cutoff, sealsOf(m))
		orders, audits = orders+m.Orders, audits+m.Rows["audits"]
	}
	for _, line := range r.Broken {
		say(streams.Out, "✗ %s", line)
	}
	mark, with := "✓", "the files alone"
	if len(r.Broken) > 0 {
		mark = "✗"
	}
	if r.Database {
		with = "files and database"
	}
	say(streams.Out, "%s %d %s, %d orders, %d audit rows, %d broken: %s", mark, len(r.Archives), plural(len(r.Archives), "archive"), orders, audits, len(r.Broken), with)
}

// sealsOf says which piece of the audit chain is in an archive.
func sealsOf(m archive.Manifest) string {
	if m.Seals == nil {
		return ""
	}
	return fmt.Sprintf("; audit seals %d to %d, head %s", m.Seals.First, m.Seals.Last, m.Seals.Head)
}
