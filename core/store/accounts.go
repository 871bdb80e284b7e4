package store

import (
	"context"
	"slices"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// pinned is what makes an account the one it is.
type pinned struct {
	ID          string `gorm:"column:id"`
	MerchantID  string `gorm:"column:merchant_id"`
	Gateway     string `gorm:"column:gateway"`
	Environment string `gorm:"column:environment"`
	AppID       string `gorm:"column:app_id"`
	SellerID    string `gorm:"column:seller_id"`
}

func pinOf(a core.Account) pinned {
	return pinned{a.ID, a.MerchantID, string(a.Gateway), string(a.Environment), a.AppID, a.SellerID}
}

// pinsAtOnce bounds how many accounts one statement speaks of.
const pinsAtOnce = 500

// PinAccounts remembers what the accounts' ids mean, and returns the ids that disagree with what
// they have meant so far. Attempts name their account by id alone, so from the first attempt on an
// id keeps its meaning; before, it may still be mended.
func (s *Store) PinAccounts(ctx context.Context, accounts []core.Account) (disagree []string, err error) {
	for some := range slices.Chunk(accounts, pinsAtOnce) {
		ids, err := s.pinSome(ctx, some)
		if err != nil {
			return nil, err
		}
		disagree = append(disagree, ids...)
	}
	return disagree, nil
}

func (s *Store) pinSome(ctx context.Context, accounts []core.Account) (disagree []string, err error) {
	ids := make([]string, 0, len(accounts))
	for _, a := range accounts {
		ids = append(ids, a.ID)
	}
	list, err := find[pinned](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Table("accounts").Where("id IN ?", ids) })
	if err != nil {
		return nil, err
	}
	known := map[string]pinned{}
	for _, p := range list {
		known[p.ID] = p
	}
	var fresh []pinned
	for _, a := range accounts {
		was, met := known[a.ID]
		switch {
		case !met:
			fresh = append(fresh, pinOf(a))
		case was != pinOf(a):
			mended, err := s.mendPin(ctx, pinOf(a))
			if err != nil {
				return nil, err
			}
			if !mended {
				disagree = append(disagree, a.ID)
			}
		}
	}
	if len(fresh) == 0 {
		return disagree, nil
	}
	switch err := s.write.WithContext(ctx).Table("accounts").Create(&fresh).Error; {
	case err == nil:
		return disagree, nil
	case classify(err) == failureDuplicate: // another process was first; what it wrote is there now
		return s.pinSome(ctx, accounts)
	default:
		return nil, unavailable("the accounts cannot be noted", err)
	}
}

// mendPin changes what an id means, unless an attempt names it.
func (s *Store) mendPin(ctx context.Context, to pinned) (mended bool, err error) {
	used, err := find[string](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table("attempts").Select("id").Where("account = ?", to.ID).Limit(1)
	})
	if err != nil || len(used) > 0 {
		return false, err
	}
	err = s.write.WithContext(ctx).Exec("UPDATE accounts SET merchant_id = ?, gateway = ?, environment = ?, app_id = ?, seller_id = ? WHERE id = ?",
		to.MerchantID, to.Gateway, to.Environment, to.AppID, to.SellerID, to.ID).Error
	if err != nil {
		return false, unavailable("the account cannot be noted", err)
	}
	return true, nil
}
