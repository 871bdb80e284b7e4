package app

import (
	"context"
	"io"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/store"
)

// vault implements core.Vault under the master key of the configuration.
type vault struct{ master *config.MasterKey }

// Seal encrypts plain for one purpose.
func (v vault) Seal(purpose string, plain []byte) ([]byte, error) {
	sealed, err := v.master.Seal(purpose, plain)
	return []byte(sealed), err
}

// Open undoes Seal.
func (v vault) Open(purpose string, sealed []byte) ([]byte, error) {
	return v.master.Open(purpose, string(sealed))
}

// Pseudonym names text without giving it away.
func (v vault) Pseudonym(purpose, text string) string { return v.master.Pseudonym(purpose, text) }

// OpenVault opens the vault that a configuration names, for commands that look for a buyer in the
// database.
func OpenVault(ctx context.Context, c *config.Config, s *store.Store, random io.Reader) (core.Vault, error) {
	master, err := config.OpenMasterKey(c.Secrets.MasterKeyFile, random)
	if err == nil {
		master, err = ownMaster(ctx, s, master)
	}
	return vault{master}, err
}
