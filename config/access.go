package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// The permission bits that let somebody else change a file, and that give a file to everybody. A
// group may read a secret: Kubernetes mounts secrets so (0440, 0640).
const (
	writableByOthers fs.FileMode = 0o022
	openToAll        fs.FileMode = 0o007
)

// maxLinks ends a chain of symbolic links, as the system itself does.
const maxLinks = 40

// exposed says who besides root and the user that runs this may read or change a file.
type exposed struct {
	name string // the file or folder that is open
	what string
	mend string // a command, "" if none mends it
}

// Error implements error.
func (e *exposed) Error() string {
	text := "config: " + e.name + " " + e.what
	if e.mend != "" {
		text += ": " + e.mend
	}
	return text
}

// guarded refuses a file that somebody else could change, or put another in the place of: by its
// own mode, or by that of a folder or symbolic link on the way to it. A private file is not shown
// to everybody either. info is of the opened file, so that it is what is read that is judged.
// Where modes mean nothing (Windows) it refuses nothing.
func guarded(name string, info fs.FileInfo, private bool) error {
	if !ModesCount {
		return nil
	}
	if err := judgeFile(name, info, private); err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return guardedPipe(name)
	}
	var last fs.FileInfo
	err := onTheWay(name, func(at string, step fs.FileInfo) error {
		last = step
		if step.Mode().IsRegular() {
			return nil // judged above, as it was opened
		}
		return judgeStep(at, step)
	})
	if err == nil && !os.SameFile(last, info) {
		err = fmt.Errorf("config: %s was replaced while it was read", name)
	}
	return err
}

// guardedPipe refuses a pipe that somebody else could write into, or put in the place of the one
// that was meant. A pipe without a name, or a terminal, is what whoever started the program chose.
func guardedPipe(name string) error {
	err := onTheWay(name, func(at string, step fs.FileInfo) error {
		switch mode := step.Mode(); {
		case mode&fs.ModeNamedPipe != 0 && mode.Perm()&writableByOthers != 0:
			return &exposed{at, fmt.Sprintf("can be written into by others (mode %04o)", mode.Perm()), "chmod go-w " + quoted(at)}
		case mode&(fs.ModeNamedPipe|fs.ModeDir|fs.ModeSymlink) != 0:
			return judgeStep(at, step)
		}
		return nil
	})
	// The system's link to a pipe, as a shell makes it, leads to no name.
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func judgeFile(name string, info fs.FileInfo, private bool) error {
	mode := info.Mode().Perm()
	mend := "chmod go-w " + quoted(name)
	if private {
		mend = "chmod 600 " + quoted(name)
	}
	switch {
	case mode&writableByOthers != 0 && info.Mode().IsRegular():
		return &exposed{name, fmt.Sprintf("can be changed by others (mode %04o)", mode), mend}
	case private && mode&openToAll != 0:
		return &exposed{name, fmt.Sprintf("can be read by others (mode %04o)", mode), mend}
	case info.Mode().IsRegular():
		return judgeOwner(name, info)
	}
	return nil
}

// judgeStep looks at one folder, link or file on the way. In a sticky folder nobody moves what
// belongs to another, and what lies there must belong to root or to the user itself.
func judgeStep(name string, info fs.FileInfo) error {
	mode := info.Mode()
	if mode.IsDir() && mode.Perm()&writableByOthers != 0 && mode&fs.ModeSticky == 0 {
		return &exposed{
			name, fmt.Sprintf("is a folder in which others can put another file (mode %04o)", mode.Perm()),
			"chmod go-w " + quoted(name),
		}
	}
	return judgeOwner(name, info)
}

func judgeOwner(name string, info fs.FileInfo) error {
	owner, known := ownerOf(info)
	if me := os.Geteuid(); known && owner != 0 && owner != me {
		return &exposed{
			name, fmt.Sprintf("belongs to user %d, who is neither root nor the user that runs this (%d)", owner, me),
			fmt.Sprintf("chown %d %s, or run this as its owner", me, quoted(name)),
		}
	}
	return nil
}

// onTheWay visits what a name leads through, from the root to the file: every folder, and
// every symbolic link with the folders of its target.
func onTheWay(name string, visit func(at string, info fs.FileInfo) error) error {
	full, err := filepath.Abs(name)
	if err != nil {
		return fmt.Errorf("config: %w", err)
	}
	const root = string(filepath.Separator)
	at, links := root, 0
	rest := append([]string{"."}, strings.Split(full, root)...)
	for len(rest) > 0 {
		part := rest[0]
		rest = rest[1:]
		if part == "" {
			continue
		}
		next := filepath.Join(at, part) // at holds no link, so .. is what it is to the system
		info, err := os.Lstat(next)
		if err != nil {
			return fmt.Errorf("config: %w", err)
		}
		if err := visit(next, info); err != nil {
			return err
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			at = next
			continue
		}
		target, err := os.Readlink(next)
		if links++; err != nil || links > maxLinks {
			return errors.Join(fmt.Errorf("config: %s: its symbolic links do not end", name), err)
		}
		if filepath.IsAbs(target) {
			at = root
		}
		rest = append(strings.Split(target, root), rest...)
	}
	return nil
}

// quoted is a name as a shell takes it.
func quoted(name string) string {
	if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./+:@,=") == "" {
		return name
	}
	return "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
}
