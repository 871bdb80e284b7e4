//go:build !race

package alipay

func raceEnabled() bool { return false }
