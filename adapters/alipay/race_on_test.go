//go:build race

package alipay

// raceEnabled: the race detector allocates on its own account.
func raceEnabled() bool { return true }
