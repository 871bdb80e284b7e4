package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/paymux/paymux/core"
)

// maxLine bounds a line: an order whose line would be longer stays in the database.
const maxLine = 64 << 20

// Archive is one that was read back and is what its manifest says.
type Archive struct {
	Manifest Manifest
	Print    string // SHA-256 of its manifest
	folder   string
}

// Verify reads an archive's folder, or the one of a file in it, and proves it: every file has the
// bytes of its hash, every line is a whole order whose postings sum to zero, every link of the
// audit chain matches its rows and follows the one before it, and all of it comes to what the
// manifest says.
//
// Errors: CodeInvalid, with what is wrong.
func Verify(name string) (Archive, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Archive{}, core.Errorf(core.CodeInvalid, "%v", err)
	}
	if !info.IsDir() {
		name = filepath.Dir(name)
	}
	full, err := filepath.Abs(name)
	if err != nil {
		return Archive{}, core.Errorf(core.CodeInvalid, "%v", err)
	}
	return verifyAt(full, filepath.Base(full))
}

// IsOne tells whether a name is that of an archive, or of a file in one, whether it holds or not.
func IsOne(name string) bool {
	info, err := os.Stat(name)
	if err == nil && !info.IsDir() {
		return true
	}
	_, err = os.Lstat(filepath.Join(name, ManifestFile))
	return err == nil
}

func verifyAt(folder, id string) (Archive, error) {
	m, print, err := readManifest(folder)
	if err != nil {
		return Archive{}, err
	}
	if m.ID != id {
		return Archive{}, core.Errorf(core.CodeInvalid, "%s holds the manifest of archive %q", folder, m.ID)
	}
	a, t := Archive{m, print, folder}, newTally()
	err = errors.Join(
		a.lines(OrdersFile, func(text []byte) error { return t.order(text) }),
		a.lines(AuditFile, func(text []byte) error {
			var s SealedRows
			if err := json.Unmarshal(text, &s); err != nil {
				return err
			}
			return t.seal(s)
		}),
	)
	if err != nil {
		return a, err
	}
	if found := t.all(); !reflect.DeepEqual(found, m.Content) {
		return a, core.Errorf(core.CodeInvalid, "%s does not hold what its manifest says: the lines come to %s, the manifest says %s", folder, shown(found), shown(m.Content))
	}
	return a, nil
}

func shown(c Content) string {
	text, err := json.Marshal(c)
	if err != nil { // numbers and texts alone
		return err.Error()
	}
	return string(text)
}

// lines reads a file of the archive line by line, and then judges its bytes.
func (a *Archive) lines(name string, each func([]byte) error) error {
	said, full := a.Manifest.file(name), filepath.Join(a.folder, name)
	if said == nil {
		return core.Errorf(core.CodeInvalid, "the manifest of %s names no %s", a.folder, name)
	}
	file, err := open(full)
	if err != nil {
		return core.Errorf(core.CodeInvalid, "%v", err)
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	found, reader := File{Name: name}, bufio.NewReaderSize(io.TeeReader(file, sum), 1<<18)
	for {
		text, err := readLine(reader)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = each(text)
		}
		found.Lines, found.Bytes = found.Lines+1, found.Bytes+int64(len(text))+1
		if _, said := errors.AsType[*core.Error](err); said {
			return err // of whoever takes the lines
		}
		if err != nil {
			return core.Errorf(core.CodeInvalid, "%s, line %d: %v", full, found.Lines, err)
		}
	}
	if found.SHA256 = hex.EncodeToString(sum.Sum(nil)); found != *said {
		return core.Errorf(core.CodeInvalid, "%s is not the file of the manifest: %d bytes, %d lines, SHA-256 %s; it should have %d, %d and %s",
			full, found.Bytes, found.Lines, found.SHA256, said.Bytes, said.Lines, said.SHA256)
	}
	return nil
}

// readLine reads a line without its end; a file that ends within a line is torn.
func readLine(reader *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := reader.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxLine:
			return nil, errors.New("is longer than any order's")
		case err == nil:
			return bytes.TrimSuffix(line, []byte{'\n'}), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, io.ErrUnexpectedEOF
		default:
			return nil, err
		}
	}
}

// Proof is what a folder of archives proves.
type Proof struct {
	Archives []Archive // oldest first
	// Broken says what is wrong; empty when every archive holds and each follows the one before.
	Broken []string
}

// VerifyAll proves every archive in a folder, and that together they are the chain that they say
// they are: none before another is missing, and the audit chain goes through them without a gap.
//
// Errors: CodeInvalid when there is no such folder.
func VerifyAll(folder string) (Proof, error) {
	var proof Proof
	ids, err := idsIn(folder)
	if err != nil {
		return proof, err
	}
	for _, id := range ids {
		a, err := verifyAt(filepath.Join(folder, id), id)
		if err != nil {
			proof.Broken = append(proof.Broken, err.Error())
			continue
		}
		proof.Archives = append(proof.Archives, a)
	}
	slices.SortStableFunc(proof.Archives, func(a, b Archive) int { return strings.Compare(a.Manifest.CreatedAt, b.Manifest.CreatedAt) })
	proof.Broken = append(proof.Broken, chained(proof.Archives)...)
	return proof, nil
}

// chained says where archives do not follow each other, those of each database by themselves.
func chained(all []Archive) (broken []string) {
	prints, heads := map[string]string{}, map[string]*Span{}
	for i := range all {
		m := &all[i].Manifest
		prints[m.Database+" "+m.ID] = all[i].Print
		if before := m.Previous; before != nil {
			switch print, here := prints[m.Database+" "+before.ID]; {
			case !here:
				broken = append(broken, "archive "+before.ID+", which archive "+m.ID+" follows, is missing")
			case print != before.Manifest:
				broken = append(broken, "archive "+before.ID+" is not the one that archive "+m.ID+" follows: its manifest was changed")
			}
		}
		if m.Seals == nil {
			continue
		}
		head := heads[m.Database]
		if head != nil && m.Seals.PrevHash != head.Head || head == nil && m.Previous == nil && (m.Seals.First != 1 || m.Seals.PrevHash != "") {
			broken = append(broken, "the audit chain has a gap before archive "+m.ID)
		}
		heads[m.Database] = m.Seals
	}
	return broken
}

// idsIn lists the archives of a folder.
func idsIn(folder string) (ids []string, err error) {
	names, err := os.ReadDir(folder)
	if err != nil {
		return nil, core.Errorf(core.CodeInvalid, "%v", err)
	}
	for _, n := range names {
		if _, err := os.Lstat(filepath.Join(folder, n.Name(), ManifestFile)); err == nil && n.IsDir() && !strings.HasPrefix(n.Name(), draftMark) {
			ids = append(ids, n.Name())
		}
	}
	return ids, nil
}
