package app

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/paymux/paymux/core"
)

// pinTimeout ends the look at the accounts; a database that takes longer is no better than one that
// does not answer.
const pinTimeout = 30 * time.Second

// pinAccounts holds new and changed accounts against what their ids have meant so far, at this
// start, an earlier one or another process's. Attempts pin an account by its id: under another app
// or payee the gateway would know none of their trades, so that they would close, and the
// notifications of their money would be refused as a stranger's.
func (a *App) pinAccounts(ctx context.Context, before, now map[string]core.Account) error {
	ctx, cancel := context.WithTimeout(ctx, pinTimeout)
	defer cancel()
	var fresh []core.Account
	for _, id := range slices.Sorted(maps.Keys(now)) {
		if was, known := before[id]; !known || !sameAccount(was, now[id]) {
			fresh = append(fresh, now[id])
		}
	}
	disagree, err := a.store.PinAccounts(ctx, fresh)
	for _, id := range disagree {
		err = errors.Join(err, fmt.Errorf("merchant %s, account %s: an account that has taken orders never becomes another app, payee, gateway or merchant; "+
			"undo this change, add an account with an id of its own, and set active: false here", now[id].MerchantID, id))
	}
	return err
}

func sameAccount(a, b core.Account) bool {
	return a.MerchantID == b.MerchantID && a.Gateway == b.Gateway && a.Environment == b.Environment && a.AppID == b.AppID && a.SellerID == b.SellerID
}
