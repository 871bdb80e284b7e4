package store

import (
	"context"

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

// PinAccount remembers what an account's id means and tells whether that agrees with what it has meant so far. Attempts name their account by id alone, so
// from the first attempt on an id keeps its meaning; before, it may still be mended.
func (s *Store) PinAccount(ctx context.Context, a core.Account) (agrees bool, err error) {
	want := pinned{a.ID, a.MerchantID, string(a.Gateway), string(a.Environment), a.AppID, a.SellerID}
	known, err := find[pinned](ctx, s, func(db *gorm.DB) *gorm.DB { return db.Table("accounts").Where("id = ?", a.ID) })
	if err != nil {
		return false, err
	}
	db := s.write.WithContext(ctx)
	if len(known) == 0 {
		err = db.Exec("INSERT INTO accounts (id, merchant_id, gateway, environment, app_id, seller_id) VALUES (?, ?, ?, ?, ?, ?)",
			want.ID, want.MerchantID, want.Gateway, want.Environment, want.AppID, want.SellerID).Error
		if err == nil {
			return true, nil
		}
		if classify(err) != failureDuplicate {
			return false, unavailable("the account cannot be noted", err)
		}
		return s.PinAccount(ctx, a) // another process was first; what it wrote is there now
	}
	if known[0] == want {
		return true, nil
	}
	used, err := find[string](ctx, s, func(db *gorm.DB) *gorm.DB {
		return db.Table("attempts").Select("id").Where("account = ?", a.ID).Limit(1)
	})
	if err != nil || len(used) > 0 {
		return false, err
	}
	err = db.Exec("UPDATE accounts SET merchant_id = ?, gateway = ?, environment = ?, app_id = ?, seller_id = ? WHERE id = ?",
		want.MerchantID, want.Gateway, want.Environment, want.AppID, want.SellerID, want.ID).Error
	if err != nil {
		return false, unavailable("the account cannot be noted", err)
	}
	return true, nil
}
