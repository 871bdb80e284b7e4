package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/paymux/paymux/core"
)

// draftMark begins the name of a folder whose archive is not whole yet; the database's identity
// follows, since several may share a folder.
const draftMark = ".draft-"

// draft is an archive that is being written, in a folder of its own that nobody else may read.
type draft struct {
	folder string // where the archive will be
	at     string // where it is written
	tally  *tally
	files  []File
}

// newDraft makes the folder of a draft.
func newDraft(folder string, m *Manifest) (*draft, error) {
	d := &draft{folder: filepath.Join(folder, m.ID), at: filepath.Join(folder, draftMark+m.Database+"-"+m.ID), tally: newTally()}
	if err := os.Mkdir(d.at, 0o700); err != nil {
		return nil, unwritten(err)
	}
	return d, nil
}

// lines writes a file of the draft; next writes its lines.
func (d *draft) lines(name string, next func(*lines) error) error {
	file, err := os.OpenFile(filepath.Join(d.at, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return unwritten(err)
	}
	l := &lines{file: File{Name: name}, hash: sha256.New()}
	l.out = bufio.NewWriterSize(io.MultiWriter(file, l.hash), 1<<18)
	if err = next(l); err == nil {
		err = unwritten(errors.Join(l.out.Flush(), file.Sync()))
	}
	if err = errors.Join(err, unwritten(file.Close())); err != nil {
		return err
	}
	l.file.SHA256 = hex.EncodeToString(l.hash.Sum(nil))
	d.files = append(d.files, l.file)
	return nil
}

// lines is a file of lines on its way to the disk.
type lines struct {
	file File
	out  *bufio.Writer
	hash hash.Hash
}

func (l *lines) write(text []byte) error {
	_, err := l.out.Write(text)
	if err == nil {
		err = l.out.WriteByte('\n')
	}
	l.file.Lines, l.file.Bytes = l.file.Lines+1, l.file.Bytes+int64(len(text))+1
	return unwritten(err)
}

// finish writes the manifest, brings all of it to disk and reads it back: what is verified after
// this is what the disk has.
func (d *draft) finish(m Manifest) (Archive, error) {
	m.Files, m.Content = d.files, d.tally.all()
	text, err := m.render()
	if err != nil {
		return Archive{}, unwritten(err)
	}
	file, err := os.OpenFile(filepath.Join(d.at, ManifestFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Archive{}, unwritten(err)
	}
	_, err = file.Write(text)
	if err := errors.Join(err, file.Sync(), file.Close(), onDisk(d.at)); err != nil {
		return Archive{}, unwritten(err)
	}
	return verifyAt(d.at, m.ID)
}

// place gives a verified draft its name.
func (d *draft) place() error {
	if _, err := os.Lstat(d.folder); err == nil {
		return core.Errorf(core.CodeInternal, "%s exists, and nothing is ever written over", d.folder)
	}
	return unwritten(errors.Join(os.Rename(d.at, d.folder), onDisk(filepath.Dir(d.folder))))
}

// clearDrafts removes what an earlier pass over a database left half written: all of it still is
// there.
func clearDrafts(folder, database string) error {
	names, err := os.ReadDir(folder)
	if err != nil {
		return unwritten(err)
	}
	for _, n := range names {
		if n.IsDir() && strings.HasPrefix(n.Name(), draftMark+database+"-") {
			if err := os.RemoveAll(filepath.Join(folder, n.Name())); err != nil {
				return unwritten(err)
			}
		}
	}
	return nil
}

// onDisk waits until a folder's list of names would survive a power failure.
func onDisk(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// unwritten is an error of the file system as CodeUnavailable; nil stays nil.
func unwritten(err error) error {
	if err == nil {
		return nil
	}
	return &core.Error{Code: core.CodeUnavailable, Message: "the archive cannot be written: " + err.Error(), Err: err}
}

// toLine renders a value as a line.
func toLine(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return text, unwritten(err)
}
