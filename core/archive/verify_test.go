package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// shelf is a folder with archives of one database.
type shelf struct {
	*testing.T
	folder string
	last   *Link
	head   Seal
}

// order is an order's line, with two legs of one posting.
func order(id string, fen int) string {
	return fmt.Sprintf(`{"payments":[{"id":%q,"currency":"CNY","created_at":7}],"attempts":[{"id":"a"}],"refunds":[],"events":[],"deliveries":[],"entries":[`+
		`{"posting_id":"p","merchant_id":"m","account":"gateway","owner":"acc","amount_fen":%d},{"posting_id":"p","merchant_id":"m","account":"merchant","owner":"acc","amount_fen":%d}]}`,
		id, fen, -fen)
}

// add puts an archive of two orders and two links of the audit chain on the shelf.
func (s *shelf) add(id string) Archive {
	s.Helper()
	m := Manifest{Format: format, ID: id, Database: "db", CreatedAt: "2026-01-01T00:00:0" + id[len(id)-1:] + "Z", Previous: s.last}
	d, err := newDraft(s.folder, &m)
	if err != nil {
		s.Fatal(err)
	}
	err = d.lines(OrdersFile, func(l *lines) error {
		for n := range 2 {
			text := []byte(order(fmt.Sprint(id, n), 100))
			if err := d.tally.order(text); err != nil {
				return err
			}
			if err := l.write(text); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = d.lines(AuditFile, func(l *lines) error {
			for range 2 {
				rows := []AuditLine{{ID: fmt.Sprint(s.head.Seq), Actor: "店主", Action: "x"}, {ID: "z"}}
				next := Seal{Seq: s.head.Seq + 1, Rows: 2, PrevHash: s.head.Hash, CreatedAt: 5}
				next.Hash = next.HashOf(rows)
				s.head = next
				if err := d.tally.seal(SealedRows{next, rows}); err != nil {
					return err
				}
				text, err := toLine(SealedRows{next, rows})
				if err != nil {
					return err
				}
				if err := l.write(text); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		s.Fatal(err)
	}
	a, err := d.finish(m)
	if err == nil {
		err = d.place()
	}
	if err != nil {
		s.Fatal(err)
	}
	s.last = &Link{ID: id, Manifest: a.Print}
	return a
}

// broken wants a folder to prove nothing, with these words.
func (s *shelf) broken(words string) {
	s.Helper()
	proof, err := VerifyAll(s.folder)
	if err != nil || !strings.Contains(strings.Join(proof.Broken, "\n"), words) {
		s.Errorf("want %q: %q, %v", words, proof.Broken, err)
	}
}

// One changed byte anywhere, a line more or less, a file or an archive that is missing: each is
// found.
func TestVerifyFindsEveryChange(t *testing.T) {
	s := &shelf{T: t, folder: t.TempDir()}
	for _, id := range []string{"a1", "a2", "a3"} {
		s.add(id)
	}
	proof, err := VerifyAll(s.folder)
	if err != nil || len(proof.Broken) > 0 || len(proof.Archives) != 3 {
		t.Fatal(proof.Broken, err)
	}
	want := []Sum{{"m", "CNY", "gateway", "acc", 200, 2}, {"m", "CNY", "merchant", "acc", -200, 2}}
	m := proof.Archives[1].Manifest
	if fmt.Sprint(m.Sums) != fmt.Sprint(want) || m.Rows["attempts"] != 2 || m.Rows["audits"] != 4 || m.Seals.First != 3 || m.Seals.Last != 4 || m.First.PaymentID != "a20" || m.Last.PaymentID != "a21" {
		t.Errorf("%+v", m)
	}
	for _, name := range []string{"a2", "a2/" + OrdersFile, "a2/" + ManifestFile} {
		if a, err := Verify(filepath.Join(s.folder, name)); err != nil || a.Manifest.ID != "a2" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{OrdersFile, AuditFile, ManifestFile} {
		full := filepath.Join(s.folder, "a2", name)
		text, err := os.ReadFile(full)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; at < len(text); at += 41 {
			changed := append([]byte(nil), text...)
			changed[at] ^= 1
			s.put(full, changed)
			if proof, _ := VerifyAll(s.folder); len(proof.Broken) == 0 {
				t.Errorf("%s: byte %d was changed, and nobody saw it", name, at)
			}
		}
		for what, changed := range map[string][]byte{"shorter": text[:len(text)-1], "empty": nil, "twice": append(append([]byte(nil), text...), text...)} {
			s.put(full, changed)
			if proof, _ := VerifyAll(s.folder); len(proof.Broken) == 0 {
				t.Errorf("%s: %s, and nobody saw it", name, what)
			}
		}
		if err := errors.Join(os.Remove(full), syscall.Mkfifo(full, 0o600)); err != nil {
			t.Fatal(err)
		}
		if proof, _ := VerifyAll(s.folder); len(proof.Broken) == 0 {
			t.Errorf("%s: a pipe, and nobody saw it", name)
		}
		if err := os.Remove(full); err != nil {
			t.Fatal(err)
		}
		s.put(full, text)
	}
	if err := os.Rename(filepath.Join(s.folder, "a2"), filepath.Join(t.TempDir(), "a2")); err != nil {
		t.Fatal(err)
	}
	s.broken("archive a2, which archive a3 follows, is missing")
	s.broken("the audit chain has a gap before archive a3")
}

func (s *shelf) put(name string, text []byte) {
	s.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		s.Fatal(err)
	}
}

// An archive that was made anew as a whole, hashes and all, is not the one that the next follows.
func TestVerifyFindsAnotherArchive(t *testing.T) {
	s := &shelf{T: t, folder: t.TempDir()}
	first := s.add("a1")
	s.add("a2")
	m := first.Manifest
	m.Cutoff = "another"
	text, err := m.render()
	if err != nil {
		t.Fatal(err)
	}
	s.put(filepath.Join(s.folder, "a1", ManifestFile), text)
	s.broken("archive a1 is not the one that archive a2 follows")
}

// Lines that are no whole order, or whose money does not come out, are refused before they are
// written.
func TestTallyRefuses(t *testing.T) {
	good := order("a", 1)
	for what, text := range map[string]string{
		"no payment": strings.Replace(good, `{"id":"a","currency":"CNY","created_at":7}`, "", 1), "no JSON": good[1:], "money": strings.Replace(good, "-1", "-2", 1),
		"no id": strings.Replace(good, `"id":"a","c`, `"id":"","c`, 1),
	} {
		if err := newTally().order([]byte(text)); err == nil {
			t.Errorf("%s: taken: %s", what, text)
		}
	}
	two := newTally()
	if err := two.order([]byte(good)); err != nil {
		t.Fatal(err)
	}
	if err := two.order([]byte(good)); err == nil {
		t.Error("an order was taken twice")
	}
}

// What may leave: final, at rest, and unchanged since the cutoff, by every time that a row has.
func TestStays(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	fresh := func() *Record {
		return &Record{
			Order: core.Order{
				Payment:  core.Payment{Status: core.PaymentPaid, CreatedAt: at, PaidAt: at},
				Attempts: []core.Attempt{{State: core.AttemptPaid, EndedAt: at}}, Refunds: []core.Refund{{Status: core.RefundSucceeded, EndedAt: at}},
			},
			Entries: []core.Entry{{CreatedAt: at}}, Events: []core.Event{{CreatedAt: at}},
			Deliveries: []core.Delivery{{State: core.DeliveryDone, EndedAt: at}, {State: core.DeliveryDead, EndedAt: at}},
		}
	}
	if why := Stays(fresh(), at); why != "" {
		t.Fatal(why)
	}
	for words, change := range map[string]func(*Record){
		"is paying":                     func(r *Record) { r.Order.Payment.Status = core.PaymentPaying },
		"waits for an outcome":          func(r *Record) { r.Order.Payment.Settling = true },
		"waits for a person: late_held": func(r *Record) { r.Order.Payment.Attention = "late_held" },
		"has messages":                  func(r *Record) { r.Messages = 1 },
		"has an open attempt":           func(r *Record) { r.Order.Attempts[0].NextAt = at },
		"has an open attempt ":          func(r *Record) { r.Order.Attempts[0].State = core.AttemptSent },
		"has an open attempt  ":         func(r *Record) { r.Order.Attempts[0].Settling = true },
		"has an open attempt   ":        func(r *Record) { r.Order.Attempts[0].Doubt = "x" },
		"has an open refund":            func(r *Record) { r.Order.Refunds[0].Status = core.RefundPendingApproval },
		"has an open refund ":           func(r *Record) { r.Order.Refunds[0].NextAt = at },
		"has an open refund  ":          func(r *Record) { r.Order.Refunds[0].Settling = true },
		"has an undelivered event":      func(r *Record) { r.Deliveries[0].State = core.DeliveryPending },
		"has an undelivered event ":     func(r *Record) { r.Deliveries[1].NextAt = at },
	} {
		r := fresh()
		if change(r); !strings.HasPrefix(Stays(r, at), strings.TrimSpace(words)) {
			t.Errorf("want %q, got %q", words, Stays(r, at))
		}
	}
	for _, row := range []func(*Record) any{
		func(r *Record) any { return &r.Order.Payment }, func(r *Record) any { return &r.Order.Attempts[0] }, func(r *Record) any { return &r.Order.Refunds[0] },
		func(r *Record) any { return &r.Entries[0] }, func(r *Record) any { return &r.Events[0] }, func(r *Record) any { return &r.Deliveries[0] },
	} {
		kind := reflect.TypeOf(row(fresh())).Elem()
		for _, field := range reflect.VisibleFields(kind) {
			if field.Type != reflect.TypeFor[time.Time]() || field.Name == "NextAt" {
				continue
			}
			r := fresh()
			reflect.ValueOf(row(r)).Elem().FieldByIndex(field.Index).Set(reflect.ValueOf(at.Add(time.Millisecond)))
			if why := Stays(r, at); !strings.HasPrefix(why, "changed at ") {
				t.Errorf("%s.%s is after the cutoff, and the order leaves: %q", kind.Name(), field.Name, why)
			}
		}
	}
}
