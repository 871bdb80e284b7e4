package archive

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"
)

// chain is a database without orders, and with an audit chain.
type chain struct {
	Store

	links []SealedRows // whose rows are here
	known []Known
}

func (c *chain) Lease(context.Context, string, string, time.Time, time.Time) (bool, error) {
	return true, nil
}

func (c *chain) Records(context.Context, time.Time, Cursor, int) ([]Record, error) { return nil, nil }

func (c *chain) Seals(_ context.Context, _ time.Time, after int64, limit int) (page []SealedRows, err error) {
	for _, link := range c.links {
		if link.Seal.Seq > after && len(page) < limit {
			page = append(page, link)
		}
	}
	return page, nil
}

func (c *chain) LeaveSeal(_ context.Context, _ string, seal Seal) error {
	if c.links[0].Seal != seal {
		return fmt.Errorf("seal %d leaves before seal %d", seal.Seq, c.links[0].Seal.Seq)
	}
	c.links = c.links[1:]
	return nil
}

func (c *chain) Archives(context.Context) ([]Known, error) { return c.known, nil }

func (c *chain) Enter(_ context.Context, k Known) error {
	c.known = append(c.known, k)
	return nil
}

func (c *chain) Finish(_ context.Context, _ string, at time.Time) (int64, error) {
	c.known[len(c.known)-1].DoneAt = at
	return 0, nil
}

// pass is one over the chain, in a folder.
func (c *chain) pass(folder string) *Pass {
	made := 0
	return &Pass{
		Store: c, Folder: folder, Age: MinAge, Database: "db", Now: func() time.Time { return time.Unix(int64(len(c.known)), 0) },
		NewID: func() string { made++; return fmt.Sprint(made) }, Note: func(context.Context, string, string, string) error { return nil },
	}
}

// A server seals its audit log every minute: what is due leaves in one day's passes, however few
// orders there are.
func TestSealsOfManyDays(t *testing.T) {
	t.Parallel()
	c, head := &chain{}, Seal{}
	for range maxSeals + sealsPerRead + 1 {
		rows := []AuditLine{{ID: fmt.Sprint(head.Seq)}}
		next := Seal{Seq: head.Seq + 1, Rows: 1, PrevHash: head.Hash}
		next.Hash = next.HashOf(rows)
		c.links, head = append(c.links, SealedRows{next, rows}), next
	}
	p := c.pass(t.TempDir())
	for run, want := range []struct {
		left int
		more bool
	}{{sealsPerRead + 1, true}, {0, false}} {
		report, err := p.Run(t.Context())
		if err != nil || len(c.links) != want.left || report.More != want.more {
			t.Fatalf("run %d: %d links stay, more %t, %v; want %+v", run, len(c.links), report.More, err, want)
		}
	}
	if proof, err := VerifyAll(p.Folder); err != nil || len(proof.Archives) != 2 || len(proof.Broken) > 0 {
		t.Errorf("%d archives, %q, %v", len(proof.Archives), proof.Broken, err)
	}
}

// What another database's pass is writing into the same folder is not this one's to remove.
func TestDraftsOfAnother(t *testing.T) {
	t.Parallel()
	p := (&chain{}).pass(t.TempDir())
	for _, database := range []string{"db", "other"} {
		if _, err := newDraft(p.Folder, &Manifest{ID: "1970-01-01-0", Database: database}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(p.Folder)
	if err != nil || len(left) != 1 || left[0].Name() != draftMark+"other-1970-01-01-0" {
		t.Errorf("%v stay, %v", left, err)
	}
}
