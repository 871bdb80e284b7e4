package app

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core/store"
)

// What the database keeps of the master key: its fingerprint, and, once it was moved to another,
// the key that pseudonyms are made under, sealed. Pseudonyms stand in orders for good and cannot be
// made anew, so the first master key's naming key lives on.
const (
	factMasterKey = "master_key"
	factNaming    = "pseudonym_key"
	moving        = "moving "
)

// ownMaster holds the configured master key against the database's, and gives it the naming key
// that pseudonyms were made under so far. A database that knows of none yet takes this one, unless
// something in it does not open under it.
func ownMaster(ctx context.Context, s *store.Store, master *config.MasterKey) (*config.MasterKey, error) {
	kept, err := s.Fact(ctx, factMasterKey)
	if err == nil && kept == "" {
		if err := opensWhatIsThere(ctx, s, master); err != nil {
			return nil, err
		}
		kept, err = s.SetFact(ctx, factMasterKey, master.Fingerprint())
	}
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(kept, moving):
		return nil, fmt.Errorf("this database is being moved to another master key: finish that by the same \"paymux keys rewrap OLD NEW\" again")
	case kept != master.Fingerprint():
		return nil, anotherMaster(master, kept)
	}
	naming, err := s.Fact(ctx, factNaming)
	if err != nil || naming == "" {
		return master, err
	}
	return master.NamingBy(naming)
}

func anotherMaster(master *config.MasterKey, kept string) error {
	return fmt.Errorf("secrets.master_key_file holds another master key (%s) than the one that this database was sealed under (%s): "+
		"put that one back, or move the database by \"paymux keys rewrap OLD NEW\"", master.Fingerprint(), kept)
}

// MasterDoubt tells why a server would not start with the configured master key; nil where it
// would, or where the key is not for the caller to read. It changes nothing.
//
// Errors: CodeUnavailable.
func MasterDoubt(ctx context.Context, c *config.Config, s *store.Store, random io.Reader) (doubt, err error) {
	kept, err := s.Fact(ctx, factMasterKey)
	if err != nil || kept == "" || strings.HasPrefix(kept, moving) {
		return nil, err
	}
	master, err := config.OpenMasterKey(c.Secrets.MasterKeyFile, random)
	if err != nil || kept == master.Fingerprint() {
		return nil, nil //nolint:nilerr // systemd lends it to the service alone
	}
	return anotherMaster(master, kept), nil
}

func opensWhatIsThere(ctx context.Context, s *store.Store, master *config.MasterKey) error {
	purpose, sealed, err := s.AnySealed(ctx)
	if err != nil || sealed == nil {
		return err
	}
	if _, err := master.Open(purpose, string(sealed)); err != nil {
		return fmt.Errorf("secrets.master_key_file holds another master key than the one that this database was sealed under: put that one back: %w", err)
	}
	return nil
}

// Rewrapped is what a move to another master key has done.
type Rewrapped struct {
	Sealed     int // texts sealed anew by this run
	Unreadable int // texts that open under neither key
}

// silentFor is how long nodes must have been silent before the key is moved under them.
const silentFor = 3 * time.Minute

// NobodyServes refuses while a server may run on the database, for those that no lock on a file
// tells of.
func NobodyServes(ctx context.Context, s *store.Store, now time.Time) error {
	nodes, err := s.Nodes(ctx, now.Add(-silentFor))
	if err == nil && len(nodes) > 0 {
		seen := nodes[0].Seen.UTC()
		err = fmt.Errorf("a server was alive on this database at %s: stop every server, and wait until %s", seen.Format(time.RFC3339),
			seen.Add(silentFor).Format(time.RFC3339))
	}
	return err
}

// Rewrap moves a database from one master key to another: from its begin to its end no server
// starts, and none may run. Killed at any time, it is finished by running it again. Texts that open
// under neither key stop it at its end, unless leave lets them be lost.
func Rewrap(ctx context.Context, s *store.Store, old, next *config.MasterKey, leave bool) (Rewrapped, error) {
	var done Rewrapped
	mark := moving + old.Fingerprint() + " " + next.Fingerprint()
	if moved, err := beginMove(ctx, s, old, next, mark); err != nil || moved {
		return done, err
	}
	if err := moveNaming(ctx, s, old, next); err != nil {
		return done, err
	}
	err := s.Reseal(ctx, func(purpose string, sealed []byte) ([]byte, error) {
		if _, err := next.Open(purpose, string(sealed)); err == nil {
			return nil, nil // by an earlier run
		}
		plain, err := old.Open(purpose, string(sealed))
		if err != nil {
			return nil, nil //nolint:nilerr // counted below, where everything is looked at once more
		}
		fresh, err := next.Seal(purpose, plain)
		done.Sealed++
		return []byte(fresh), err
	})
	if err != nil {
		return done, err
	}
	err = s.Reseal(ctx, func(purpose string, sealed []byte) ([]byte, error) {
		if _, err := next.Open(purpose, string(sealed)); err != nil {
			done.Unreadable++
		}
		return nil, nil
	})
	if err != nil {
		return done, err
	}
	if done.Unreadable > 0 && !leave {
		return done, fmt.Errorf("%d sealed texts open under neither key; run it with the right OLD, or with --leave-unreadable", done.Unreadable)
	}
	ended, err := s.ReplaceFact(ctx, factMasterKey, mark, next.Fingerprint())
	if err == nil && !ended {
		err = fmt.Errorf("another move of the master key came between; look at it again")
	}
	return done, err
}

// beginMove marks the database, so that no server starts. It answers true where the move was done
// before.
func beginMove(ctx context.Context, s *store.Store, old, next *config.MasterKey, mark string) (moved bool, err error) {
	kept, err := s.Fact(ctx, factMasterKey)
	if err == nil && kept == "" {
		if err := opensWhatIsThere(ctx, s, old); err != nil {
			return false, err
		}
		kept, err = s.SetFact(ctx, factMasterKey, old.Fingerprint())
	}
	switch {
	case err != nil:
		return false, err
	case kept == mark:
		return false, nil
	case kept == next.Fingerprint():
		return true, nil
	case kept != old.Fingerprint():
		return false, fmt.Errorf("the database is sealed under another key than OLD (%s): %s", old.Fingerprint(), kept)
	}
	begun, err := s.ReplaceFact(ctx, factMasterKey, kept, mark)
	if err == nil && !begun {
		err = fmt.Errorf("another move of the master key has begun")
	}
	return false, err
}

// moveNaming keeps pseudonyms what they are.
func moveNaming(ctx context.Context, s *store.Store, old, next *config.MasterKey) error {
	kept, err := s.Fact(ctx, factNaming)
	if err != nil {
		return err
	}
	if kept == "" {
		sealed, err := next.SealNaming(old)
		if err == nil {
			_, err = s.SetFact(ctx, factNaming, sealed)
		}
		return err
	}
	if _, err := next.NamingBy(kept); err == nil {
		return nil // by an earlier run
	}
	named, err := old.NamingBy(kept)
	if err != nil {
		return err
	}
	sealed, err := next.SealNaming(named)
	if err == nil {
		_, err = s.ReplaceFact(ctx, factNaming, kept, sealed)
	}
	return err
}
