package core

import "time"

// AccountTrouble is why an account's calls are turned away at present: a fault of ours, by the
// gateway's name of it.
type AccountTrouble struct {
	Cause string    // such as isv.invalid-signature
	Since time.Time // when it was met first
}
