package core

import "time"

// Clock tells the time. Core reads no other clock.
type Clock interface {
	Now() time.Time
}

// IDs draws identifiers. Core draws no random number of its own.
type IDs interface {
	// Row returns a new row key: a ULID, 26 characters, sorted by time.
	Row() string
	// Public returns an outward id: the prefix, "_" and 128 random bits in lower-case base32
	// ("pay_…").
	Public(prefix string) string
	// TradeNo returns a new number for the gateway: 26 ASCII letters and digits, at most 32, never
	// the merchant's own number.
	TradeNo() string
}

// Vault seals personal data and derives pseudonyms from it under keys that core never sees.
type Vault interface {
	// Seal encrypts; purpose is bound to the result, so that one table's secret cannot be pasted
	// into another.
	Seal(purpose string, plain []byte) ([]byte, error)
	// Open undoes Seal; it fails when the purpose differs or a bit changed.
	Open(purpose string, sealed []byte) ([]byte, error)
	// Pseudonym returns a stable name for text that cannot be turned back without the key.
	Pseudonym(purpose, text string) string
}

// at returns the clock's time in UTC, cut to the millisecond: the precision of the store.
func (c *Cashier) at() time.Time { return c.Clock.Now().UTC().Truncate(time.Millisecond) }
