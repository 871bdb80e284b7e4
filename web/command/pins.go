package command

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/paymux/paymux/core"
)

// pins remembers what each account id has ever meant to this process.
type pins map[string]pin

// pin is what makes an account the one it is.
type pin struct {
	merchant, app, seller string
	gateway               core.GatewayID
	environment           core.Environment
}

func pinOf(a core.Account) pin {
	return pin{a.MerchantID, a.AppID, a.SellerID, a.Gateway, a.Environment}
}

// add takes accounts in, or says which of them were edited into another account. Attempts pin an account by its id: under another app or payee the gateway
// knows none of their trades, so that they would close, and the notifications of their money would be refused as a stranger's.
func (p pins) add(accounts map[string]core.Account) error {
	var all error
	for _, id := range slices.Sorted(maps.Keys(accounts)) {
		if was, known := p[id]; known && was != pinOf(accounts[id]) {
			all = errors.Join(all, fmt.Errorf("merchant %s, account %s: an account never becomes another app, payee, gateway or merchant; undo this change, "+
				"add an account with an id of its own, and set active: false here", accounts[id].MerchantID, id))
		}
	}
	if all == nil {
		for id, a := range accounts {
			p[id] = pinOf(a)
		}
	}
	return all
}
