package app

import (
	"io"
	"time"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/platforms"
)

// Check does what config.Load cannot: it needs the master key, the gateways' adapters and the
// rules. It calls nobody and opens no database.
func Check(c *config.Config, now func() time.Time, random io.Reader) []error {
	master, err := config.OpenMasterKey(c.Secrets.MasterKeyFile, random)
	if err != nil {
		return []error{err}
	}
	if err := c.CheckSealed(master); err != nil {
		return []error{err}
	}
	var found []error
	book, err := platforms.Load(platforms.Embedded())
	if err == nil {
		err = checkHoldings(book, c)
	}
	if err != nil {
		found = append(found, err)
	}
	on := foundation{master, openGateways(adapters.Ground{Master: master, Now: now}), webhookPolicy(c)}
	// One merchant at a time, so that the first bad key does not hide the next.
	for _, m := range c.Merchants {
		alone := *c
		alone.Merchants = []config.Merchant{m}
		if _, err := newTenants(&alone, on); err != nil {
			found = append(found, err)
		}
	}
	return found
}
