//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package command

import (
	"os"
	"syscall"
)

// lockFile locks an open file, or fails at once when another holds it. The lock ends with the file
// or the process.
func lockFile(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
