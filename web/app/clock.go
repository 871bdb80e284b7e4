package app

import "time"

// clock implements core.Clock over a function, time.Now outside tests.
type clock func() time.Time

// Now tells the time.
func (c clock) Now() time.Time { return c() }
