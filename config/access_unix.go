//go:build unix

package config

import (
	"io/fs"
	"syscall"
)

// ModesCount tells whether this system's file modes say who may read and change a file. Where they
// do not, nothing is refused for its mode.
const ModesCount = true

// ownerOf is the user that a file belongs to.
func ownerOf(info fs.FileInfo) (uid int, known bool) {
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, false
	}
	return int(stat.Uid), true
}
