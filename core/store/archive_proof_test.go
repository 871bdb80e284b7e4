package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/archive"
)

// D22: what is changed in the database behind an archive's back is found by holding its files
// against it: rows that are said to be archived and are not, sums, links, archives that are
// forgotten.
func TestArchiveAgainst(t *testing.T) {
	t.Parallel()
	a := smallAttic(t, sqliteConfig(t))
	a.run(a.pass("one"))
	against := func() string {
		t.Helper()
		proof, err := archive.VerifyAll(a.folder)
		if err != nil || len(proof.Broken) > 0 {
			t.Fatal(proof.Broken, err)
		}
		broken, err := proof.Against(t.Context(), a.store)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(broken, "\n")
	}
	if broken := against(); broken != "" {
		t.Fatal(broken)
	}
	for _, change := range []struct{ do, undo, says string }{
		{"UPDATE archived_sums SET amount_fen = amount_fen + 1", "UPDATE archived_sums SET amount_fen = amount_fen - 1", "fen in the files and"},
		{"UPDATE archived_sums SET owner = owner || 'x'", "UPDATE archived_sums SET owner = substr(owner, 1, length(owner) - 1)", "and none in the database"},
		{"UPDATE archives SET manifest = 'x' || manifest", "UPDATE archives SET manifest = substr(manifest, 2)", "its manifest was changed"},
		{"UPDATE audit_seals SET hash = 'x' || hash", "UPDATE audit_seals SET hash = substr(hash, 2)", "the database has another"},
		{"UPDATE audit_seals SET archive = ''", "UPDATE audit_seals SET archive = (SELECT id FROM archives)", "should be in archive"},
		{
			"INSERT INTO audit_seals SELECT MAX(seq) + 1, 'a', 'b', 1, '', 'h', 1, 'y' FROM audit_seals", "DELETE FROM audit_seals WHERE archive = 'y'",
			"no archive that the database knows holds them",
		},
		{
			"INSERT INTO archived_orders SELECT 'pay_x', 'm', 'n', id, 1 FROM archives", "DELETE FROM archived_orders WHERE id = 'pay_x'",
			"payment pay_x left for archive ",
		},
	} {
		if err := a.store.write.Exec(change.do).Error; err != nil {
			t.Fatal(err)
		}
		if broken := against(); !strings.Contains(broken, change.says) {
			t.Errorf("%s: %q", change.do, broken)
		}
		if err := a.store.write.Exec(change.undo).Error; err != nil {
			t.Fatal(err)
		}
	}
	if broken := against(); broken != "" {
		t.Error(broken)
	}
	if err := a.store.write.Exec("UPDATE audit_seals SET archive = '' WHERE seq = 1").Error; err != nil {
		t.Fatal(err)
	}
	if r := verify(t, a.store); !strings.Contains(strings.Join(r.Broken, "\n"), "seal 1 before it is in none") {
		t.Errorf("rows between others are gone: %v", r.Broken)
	}
}

// A backup of before an archive, restored beside the archive's folder: the next pass deletes the
// same once more, from the files that are there.
func TestArchiveAfterRestore(t *testing.T) {
	t.Parallel()
	a := smallAttic(t, sqliteConfig(t))
	backup, c := filepath.Join(t.TempDir(), "backup.db"), sqliteConfig(t)
	if _, err := a.store.Backup(t.Context(), backup); err != nil {
		t.Fatal(err)
	}
	before := a.run(a.pass("one"))
	if _, err := Restore(t.Context(), backup, c); err != nil {
		t.Fatal(err)
	}
	b := &attic{T: t, store: open(t, c), folder: a.folder, now: a.now.Add(time.Hour), before: a.before, drawn: 90}
	if again := b.run(b.pass("two")); len(again) != 1 || again[0] != before[0] {
		t.Errorf("%+v, then %+v", before, again)
	}
	b.holds()
	other := a.pass("other")
	other.Database = "db2" // another's archives in the same folder are nobody else's
	if report, err := other.Run(t.Context()); err != nil || len(report.Done) != 0 {
		t.Error(report, err)
	}
	short := a.pass("short")
	short.Age = archive.MinAge - 1
	if _, err := short.Run(t.Context()); core.CodeOf(err) != core.CodeInvalid {
		t.Error(err)
	}
}

// P20: what changes between its file and its deletion stays, and is archived another time; files
// that are not what they were delete nothing.
func TestArchiveDeletesWhatItProved(t *testing.T) {
	t.Parallel()
	a := smallAttic(t, sqliteConfig(t))
	changed := ""
	err := a.halfway("placed", func() {
		records, err := a.store.Records(context.Background(), a.now, archive.Cursor{}, 40)
		for i := range records {
			if err == nil && archive.Stays(&records[i], a.now) == "" {
				changed = records[i].Order.Payment.ID
			}
		}
		if err := a.store.write.Exec("UPDATE payments SET version = version + 1 WHERE id = ?", changed).Error; err != nil {
			t.Fatal(err)
		}
	})
	o := a.before.orders[changed]
	o.Payment.Version++
	a.before.orders[changed] = o
	if now := a.look(); err != nil || changed == "" || now.orders[changed].Payment.ID != changed {
		t.Fatalf("%s left although it changed: %v", changed, err)
	}
	if proof := a.holds(); len(proof.Archives) != 1 {
		t.Errorf("%d archives", len(proof.Archives))
	}
	a.run(a.pass("next"))
	if proof := a.holds(); len(proof.Archives) != 2 || proof.Archives[1].Manifest.Previous == nil {
		t.Errorf("%d archives", len(proof.Archives))
	}

	b := smallAttic(t, sqliteConfig(t))
	err = b.halfway("entered", func() {
		known, err := b.store.Archives(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(b.folder, known[0].ID, archive.OrdersFile)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.ReplaceAll(string(text), `"settling":false`, `"settling":true `)), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	_, again := b.pass("next").Run(t.Context())
	if now := b.look(); core.CodeOf(err) != core.CodeInvalid || core.CodeOf(again) != core.CodeInvalid || len(now.orders) != len(b.before.orders) {
		t.Errorf("%d of %d orders are here: %v; %v", len(now.orders), len(b.before.orders), err, again)
	}
}

// P20: a manifest that is another than the database was told of deletes nothing, even one that its
// files agree with.
func TestArchiveOfAnotherManifest(t *testing.T) {
	t.Parallel()
	a := smallAttic(t, sqliteConfig(t))
	if !a.killed("entered", 1) {
		t.Fatal("the pass did not come so far")
	}
	known, err := a.store.Archives(t.Context())
	if err != nil || len(known) != 1 {
		t.Fatal(known, err)
	}
	name := filepath.Join(a.folder, known[0].ID, archive.ManifestFile)
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, append(text, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	a.now = a.now.Add(time.Hour) // its lease is over
	if _, err := a.pass("next").Run(t.Context()); core.CodeOf(err) != core.CodeInvalid || len(a.look().orders) != len(a.before.orders) {
		t.Errorf("%d of %d orders are here: %v", len(a.look().orders), len(a.before.orders), err)
	}
}

// P20: of a link of the audit chain either all rows leave that it vouches for, or none.
func TestArchiveLeavesABrokenLink(t *testing.T) {
	t.Parallel()
	a := smallAttic(t, sqliteConfig(t))
	rows := func() (here, left int64) {
		t.Helper()
		if err := a.store.write.Table("audits").Where("seal = 1").Count(&here).Error; err != nil {
			t.Fatal(err)
		}
		if err := a.store.write.Table("audit_seals").Where("seq = 1 AND archive <> ''").Count(&left).Error; err != nil {
			t.Fatal(err)
		}
		return here, left
	}
	sealed, _ := rows()
	err := a.halfway("entered", func() {
		if err := a.store.write.Exec("UPDATE audits SET seal = 0 WHERE id = (SELECT MIN(id) FROM audits WHERE seal = 1)").Error; err != nil {
			t.Fatal(err)
		}
	})
	if here, left := rows(); err != nil || sealed < 2 || here != sealed-1 || left != 0 {
		t.Errorf("%d of %d rows are here, %d links left: %v", here, sealed-1, left, err)
	}
}

// INV-M3: an order whose books contradict themselves stays for people to look at, and keeps no
// other here.
func TestArchiveLeavesContradictions(t *testing.T) {
	t.Parallel()
	a := smallAttic(t, sqliteConfig(t))
	records, err := a.store.Records(t.Context(), a.now, archive.Cursor{}, 40)
	if err != nil {
		t.Fatal(err)
	}
	odd := ""
	for i := range records {
		if archive.Stays(&records[i], a.now) == "" && len(records[i].Entries) > 0 {
			odd = records[i].Order.Payment.ID
		}
	}
	if err := a.store.write.Exec("UPDATE entries SET amount_fen = amount_fen + 1 WHERE id = (SELECT MIN(id) FROM entries WHERE payment_id = ?)", odd).Error; err != nil {
		t.Fatal(err)
	}
	done := a.run(a.pass("one"))
	k := core.Key{Kind: core.OrderByPayment, Merchant: a.before.orders[odd].Payment.MerchantID, Value: odd}
	v, err := a.store.See(t.Context(), k)
	if err != nil || v.Order(k) == nil || len(done) != 1 || done[0].Gone < 10 {
		t.Errorf("%s is here: %v; %+v, %v", odd, v.Order(k) != nil, done, err)
	}
}
