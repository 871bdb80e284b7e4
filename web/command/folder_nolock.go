//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package command

import "os"

// lockFile locks nothing where the system's library has no such call: people must see to it
// themselves.
func lockFile(*os.File) error { return nil }
