package command

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web/app"
)

// openReady opens a database that is there, with this version's schema; it makes and changes
// nothing. It works beside a server.
func openReady(ctx context.Context, db config.DB) (*store.Store, error) {
	if db.Driver == store.DriverSQLite { // opening would make an empty one
		if _, err := os.Stat(app.DatabaseFile(db)); err != nil {
			return nil, fmt.Errorf("the database file: %w", err)
		}
	}
	opened, err := store.Open(ctx, app.StoreConfig(db))
	if err != nil {
		return nil, err
	}
	if err := opened.Ready(ctx); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}
