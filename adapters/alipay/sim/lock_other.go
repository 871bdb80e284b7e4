//go:build !unix

package alipaysim

import "os"

// lock does nothing where the system has no flock.
func lock(*os.File) error { return nil }
