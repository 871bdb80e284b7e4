package command

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web/app"
)

func newServe(streams Streams) *cobra.Command {
	var file string
	var migrate bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server on a configuration file",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			// Many send it to have a changed file read, which happens by itself; it must not kill.
			signal.Ignore(syscall.SIGHUP)
			watcher, err := config.NewWatcher(file, streams.Environ, app.Dialects()...)
			if err != nil {
				return problems(file, err)
			}
			logger := newLogger(streams.Err, watcher.Current().Log)
			release, err := holdDatabase(watcher.Current().DB, "paymux serve", streams)
			if err != nil {
				return err
			}
			defer func() { _ = release() }() // which the process's end does too
			points, err := failpoints(streams.Environ, watcher.Current().Server.Environment)
			if err != nil {
				return err
			}
			server, err := app.New(cmd.Context(), app.Setup{
				Watcher: watcher, Logger: logger, Now: streams.Now, Random: streams.Random, Migrate: migrate, Failpoints: points,
			})
			if err != nil {
				return err
			}
			logger.Info("ready", "version", app.Version(), "listen", server.URL(), "admin", server.AdminURL(), "base_url", watcher.Current().Server.BaseURL,
				"environment", watcher.Current().Server.Environment)
			err = server.Run(cmd.Context())
			logger.Info("stopped")
			return errors.Join(err, server.Close())
		},
	}
	configFlag(cmd, &file)
	cmd.Flags().BoolVar(&migrate, "migrate", false, "bring the database to this version's schema first")
	return cmd
}

// configFlag adds the flag that every command with a configuration has.
func configFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "config", "", "configuration file (see config/example.yaml)")
	_ = cmd.MarkFlagRequired("config") // fails only for a flag that does not exist
}

// problems shows what is wrong with a configuration, one line each.
func problems(file string, err error) error {
	if list, wrong := errors.AsType[config.Problems](err); wrong {
		return fmt.Errorf("%s cannot be used:\n%w\n(%q says more)", file, list, "paymux check --config "+file)
	}
	return err
}

func newLogger(to io.Writer, c config.Log) *slog.Logger {
	options := &slog.HandlerOptions{Level: levelOf(c.Level)}
	if c.Format == "text" {
		return slog.New(slog.NewTextHandler(to, options))
	}
	return slog.New(slog.NewJSONHandler(to, options))
}

func levelOf(name string) slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(name)); err != nil { // validated before
		return slog.LevelInfo
	}
	return level
}

// load reads a configuration once.
func load(file string, streams Streams) (*config.Config, error) {
	c, err := config.Load(file, streams.Environ, app.Dialects()...)
	if err != nil {
		return nil, problems(file, err)
	}
	return c, nil
}

// silent is a logger for commands that print their findings themselves.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
