package alipaysim

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// fullDisk writes half of one line and then goes on as if nothing had happened,
// as a disk does on which somebody makes room.
type fullDisk struct {
	*os.File
	failed bool
}

func (d *fullDisk) Write(line []byte) (int, error) {
	if d.failed {
		return d.File.Write(line)
	}
	d.failed = true
	n, err := d.File.Write(line[:len(line)/2])
	return n, errors.Join(err, errors.New("no space left on device"))
}

// forgetfulDisk loses one fsync; the next one says that all is well.
type forgetfulDisk struct {
	*os.File
	failed bool
}

func (d *forgetfulDisk) Sync() error {
	if d.failed {
		return nil
	}
	d.failed = true
	return errors.New("input/output error")
}

func openTestBook(t *testing.T, path string, wrap func(*os.File) disk) *Book {
	t.Helper()
	b, err := openBook(path)
	if err != nil {
		t.Fatal(err)
	}
	if wrap != nil {
		b.file = wrap(b.file.(*os.File))
	}
	return b
}

func TestNothingIsWrittenAfterHalfALine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	b := openTestBook(t, path, func(f *os.File) disk { return &fullDisk{File: f} })
	for range 3 {
		if _, err := b.append(Entry{Kind: KindTradeCreated, TradeNo: "1"}); err == nil {
			t.Fatal("an entry was taken by a disk that is full")
		}
	}
	if b.Sync(1) == nil || b.close() == nil || b.Len() != 0 {
		t.Fatal("a broken book says that all is well")
	}
	again := openTestBook(t, path, nil)
	if again.Len() != 0 || again.close() != nil {
		t.Fatalf("%d entries", again.Len())
	}
}

func TestALostSyncIsNotForgotten(t *testing.T) {
	b := openTestBook(t, filepath.Join(t.TempDir(), "book"), func(f *os.File) disk { return &forgetfulDisk{File: f} })
	if _, err := b.append(Entry{Kind: KindTradeCreated}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if b.Sync(1) == nil {
			t.Fatal("what an fsync lost counts as kept")
		}
	}
	if _, err := b.append(Entry{Kind: KindTradeCreated}); err == nil || b.close() == nil {
		t.Fatal("a broken book says that all is well")
	}
}

func TestABookHasOneWriter(t *testing.T) {
	path := filepath.Join(t.TempDir(), "book")
	first := openTestBook(t, path, nil)
	if second, err := openBook(path); err == nil {
		t.Fatalf("a second writer: %v", second.close())
	}
	if err := first.close(); err != nil {
		t.Fatal(err)
	}
	if err := openTestBook(t, path, nil).close(); err != nil {
		t.Fatal(err)
	}
}
