//go:build unix

package alipaysim

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps a second simulator off the book: two writers would number two
// different entries alike. The lock ends with the process, however it ends.
func lock(file *os.File) error {
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return errors.New("alipaysim: another simulator writes " + file.Name())
	}
	return nil
}
