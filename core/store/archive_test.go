package store

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// attic is a database of 200 orders of every state, two years later, and a folder for its archives.
type attic struct {
	*testing.T
	store  *Store
	folder string
	now    time.Time
	drawn  int
	notes  []string
	before moved
}

// moved is what archiving must not change, or must account for.
type moved struct {
	balances []core.Balance
	orders   map[string]core.Order
	audit    AuditReport
}

func newAttic(t *testing.T, c Config) *attic {
	t.Helper()
	loadFixture(t, fixtures(t, c.Driver)[0], c)
	return atticOf(t, open(t, c))
}

// smallAttic has every fifth of the orders, for tests of many runs.
func smallAttic(t *testing.T, c Config) *attic {
	t.Helper()
	loadFixture(t, fixtures(t, c.Driver)[0], c)
	s := open(t, c)
	for _, statement := range []string{
		"DELETE FROM payments WHERE (SELECT COUNT(*) FROM payments p WHERE p.id < payments.id) % 5 <> 0",
		"DELETE FROM attempts WHERE payment_id NOT IN (SELECT id FROM payments)", "DELETE FROM refunds WHERE payment_id NOT IN (SELECT id FROM payments)",
		"DELETE FROM entries WHERE payment_id NOT IN (SELECT id FROM payments)", "DELETE FROM events WHERE payment_id NOT IN (SELECT id FROM payments)",
		"DELETE FROM deliveries WHERE event_id NOT IN (SELECT id FROM events)",
	} {
		if err := s.write.Exec(statement).Error; err != nil {
			t.Fatal(err)
		}
	}
	return atticOf(t, s)
}

func atticOf(t *testing.T, s *Store) *attic {
	t.Helper()
	ctx := context.Background()
	a := &attic{T: t, store: s, folder: t.TempDir(), now: time.Date(2029, 1, 2, 3, 4, 5, 0, time.UTC)}
	for more := 1; more > 0; {
		gone, err := s.Purge(ctx, a.now, 500)
		sealed, lost := s.SealAudit(ctx, a.now.Add(-800*24*time.Hour), time.Minute, 500)
		if more = gone + sealed; err != nil || lost != nil {
			t.Fatal(err, lost)
		}
	}
	a.before = a.look()
	return a
}

// look reads what there is.
func (a *attic) look() (m moved) {
	a.Helper()
	m.orders = map[string]core.Order{}
	books := core.Inspection{}
	err := a.store.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
		m.orders[o.Payment.ID] = o
		books.Order(&o, entries, events)
		return nil
	})
	if breaches := books.Finish(false); err != nil || len(breaches) > 0 {
		a.Fatal(err, breaches)
	}
	var ids []string
	if err := a.store.read.Raw("SELECT DISTINCT merchant_id FROM entries UNION SELECT merchant_id FROM archived_sums ORDER BY 1").Scan(&ids).Error; err != nil {
		a.Fatal(err)
	}
	for _, id := range ids {
		sums, err := a.store.Balances(context.Background(), id)
		if err != nil {
			a.Fatal(err)
		}
		m.balances = append(m.balances, sums...)
	}
	m.audit = verify(a.T, a.store)
	return m
}

// pass makes a pass of a process of its own.
func (a *attic) pass(holder string) *archive.Pass {
	return &archive.Pass{
		Store: a.store, Folder: a.folder, Age: archive.MinAge, Rows: 150, Database: "db1", Holder: holder, Now: func() time.Time { return a.now },
		NewID: func() string { a.drawn++; return fmt.Sprintf("%06d", a.drawn) },
		Note: func(_ context.Context, action, object, detail string) error {
			a.notes = append(a.notes, action+" "+object+" "+detail)
			return nil
		},
	}
}

// run passes until nothing more is to be archived.
func (a *attic) run(p *archive.Pass) (done []archive.Done) {
	a.Helper()
	for {
		report, err := p.Run(context.Background())
		if err != nil || report.Busy {
			a.Fatal(report, err)
		}
		if done = append(done, report.Done...); !report.More {
			return done
		}
	}
}

// holds wants every order of before to be here or in one verified archive that its trace names, the
// final ones there; every sum as it was; and one audit chain through files and database.
func (a *attic) holds() archive.Proof {
	a.Helper()
	now := a.look()
	if !reflect.DeepEqual(now.balances, a.before.balances) {
		a.Errorf("balances were %+v, are %+v", a.before.balances, now.balances)
	}
	proof, err := archive.VerifyAll(a.folder)
	if err != nil || len(proof.Broken) > 0 {
		a.Fatal(proof.Broken, err)
	}
	written := map[string]string{} // by payment
	for _, one := range proof.Archives {
		text, err := os.ReadFile(filepath.Join(a.folder, one.Manifest.ID, archive.OrdersFile))
		if err != nil {
			a.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			var o struct{ Payments []struct{ ID string } }
			if err := json.Unmarshal([]byte(line), &o); err != nil {
				a.Fatal(err)
			}
			written[o.Payments[0].ID] = one.Manifest.ID
		}
	}
	var keys []core.Key
	for id, was := range a.before.orders {
		keys = append(keys, core.Key{Kind: core.OrderByPayment, Merchant: was.Payment.MerchantID, Value: id})
	}
	v, err := a.store.See(context.Background(), keys...)
	if err != nil {
		a.Fatal(err)
	}
	gone := 0
	for _, k := range keys {
		id, was := k.Value, a.before.orders[k.Value]
		here, left := v.Order(k), v.Archived(k)
		switch {
		case (here == nil) == (left == nil):
			a.Fatalf("%s is here %v and archived %v", id, here, left)
		case here != nil && !reflect.DeepEqual(*here, was):
			a.Errorf("%s was changed", id)
		case left != nil && written[id] != left.Archive:
			a.Errorf("%s is not in archive %s, where it should be", id, left.Archive)
		case left != nil:
			gone++
		}
		final := was.Payment.Status == core.PaymentPaid && was.Payment.Attention == "" && len(was.Attempts) == 1 && len(was.Refunds) == 0 && was.Attempts[0].NextAt.IsZero()
		if here != nil && final && !a.pending(id) {
			a.Errorf("%s is final and here", id)
		}
	}
	if gone < 10 || len(now.orders) < 10 {
		a.Errorf("%d orders left, %d are here", gone, len(now.orders))
	}
	if now.audit.Archived == 0 || now.audit.Archived+now.audit.Rows != a.before.audit.Rows || now.audit.Head != a.before.audit.Head || len(now.audit.Broken) > 0 {
		a.Errorf("the audit chain was %+v, is %+v", a.before.audit, now.audit)
	}
	return proof
}

// pending tells whether something of an order is undelivered or its messages are kept.
func (a *attic) pending(id string) bool {
	all, err := loadWhole(a.store.read, []string{id})
	if err != nil {
		a.Fatal(err)
	}
	for _, d := range all[id].deliveries {
		if d.NextAt != 0 {
			return true
		}
	}
	return all[id].messages > 0
}

// Orders that have been final for long leave, sums and chain stay whole, and files are for their
// owner alone.
func TestArchive(t *testing.T) {
	t.Parallel()
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			a := newAttic(t, e.config(t))
			done := a.run(a.pass("one"))
			if len(done) != 1 || done[0].Gone != done[0].Orders || done[0].Gone == 0 || done[0].Audits == 0 {
				t.Fatalf("%+v", done)
			}
			a.holds()
			err := filepath.WalkDir(a.folder, func(name string, d fs.DirEntry, err error) error {
				info, lost := d.Info()
				if lost != nil || name != a.folder && info.Mode().Perm()&0o077 != 0 {
					t.Errorf("%s: %v, %v", name, info.Mode(), lost)
				}
				return err
			})
			if len(a.notes) != 1 || !strings.HasPrefix(a.notes[0], "archive.done "+done[0].ID+" ") || err != nil {
				t.Error(a.notes, err)
			}
			if again := a.run(a.pass("two")); len(again) != 0 {
				t.Errorf("again: %+v", again)
			}
			known, err := a.store.Archives(t.Context())
			if err != nil || len(known) != 1 || known[0].Gone != done[0].Gone || known[0].DoneAt.IsZero() || known[0].FirstSeal != 1 {
				t.Errorf("%+v, %v", known, err)
			}
		})
	}
}

// killed runs a pass that ends for good after the nth time of a step, as a process that is killed,
// and tells whether it came so far.
func (a *attic) killed(at string, n int) bool {
	p, dead := a.pass("killed"), make(chan bool, 1)
	end := make(chan struct{})
	var group sync.WaitGroup
	p.Passed = func(step string) {
		if step != at {
			return
		}
		if n--; n == 0 {
			dead <- true
			<-end
			runtime.Goexit()
		}
	}
	group.Go(func() {
		if _, err := p.Run(context.Background()); err != nil {
			a.Error(err)
		}
		dead <- false
	})
	came := <-dead
	a.Cleanup(func() { close(end); group.Wait() })
	return came
}

// P20: a pass that is killed after any step is finished by another process's: no order is lost, and
// none is deleted that is in no verified file.
func TestArchiveKilledAnywhere(t *testing.T) {
	t.Parallel()
	first := smallAttic(t, sqliteConfig(t))
	name := filepath.Join(t.TempDir(), "template.db")
	if _, err := first.store.Backup(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	template, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, kill := range []struct {
		step string
		n    int
	}{
		{"orders written", 1}, {"audit written", 1}, {"verified", 1}, {"placed", 1}, {"entered", 1}, {"batch", 1}, {"batch", 2}, {"seal", 1}, {"noted", 1}, {"finished", 1},
	} {
		c := Config{Driver: DriverSQLite, DSN: filepath.Join(t.TempDir(), "paymux.db")}
		if err := os.WriteFile(c.DSN, template, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		a := &attic{T: t, store: s, folder: t.TempDir(), now: first.now, before: first.before}
		if !a.killed(kill.step, kill.n) {
			t.Fatalf("a pass does not come to %s %d", kill.step, kill.n)
		}
		if report, err := a.pass("early").Run(t.Context()); err != nil || !report.Busy {
			t.Fatalf("after %s another process did not wait for the lease: %+v, %v", kill.step, report, err)
		}
		a.now = a.now.Add(11 * time.Minute)
		a.run(a.pass("next"))
		if proof := a.holds(); len(proof.Archives) != 1 {
			t.Errorf("killed after %s: %d archives", kill.step, len(proof.Archives))
		}
	}
}

// halfway lets a pass go on after something else happened at one of its steps.
func (a *attic) halfway(at string, happens func()) error {
	p := a.pass("slow")
	p.Passed = func(step string) {
		if step == at {
			at = ""
			happens()
		}
	}
	_, err := p.Run(context.Background())
	return err
}

// P20: a process that slept through its lease finds that another did its work; what both did is
// what one would have done.
func TestArchiveTakenOver(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"verified", "batch"} {
		a := smallAttic(t, sqliteConfig(t))
		err := a.halfway(step, func() {
			a.now = a.now.Add(11 * time.Minute)
			a.run(a.pass("next"))
		})
		if step == "verified" && core.CodeOf(err) != core.CodeUnavailable || step != "verified" && err != nil && core.CodeOf(err) != core.CodeContended {
			t.Errorf("%s: %v", step, err)
		}
		if proof := a.holds(); len(proof.Archives) != 1 {
			t.Errorf("%s: %d archives", step, len(proof.Archives))
		}
	}
}
