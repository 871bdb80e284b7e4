package store

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

var start = time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)

func writeRows(t testing.TB, s *Store, rows ...core.Row) {
	t.Helper()
	v, err := s.Do(context.Background(), core.Unit{Decide: func(core.View) (core.Writes, error) { return core.Writes{Inserts: rows}, nil }})
	if err != nil || v.Duplicate != "" {
		t.Fatalf("insert: %+v, %v", v, err)
	}
}

func audit(id string, at time.Time) *core.Audit {
	return &core.Audit{ID: id, MerchantID: "m", Actor: "店主", Action: "payment.create", Object: "pay_1", Detail: "茶", CreatedAt: at}
}

func seal(t testing.TB, s *Store, now time.Time, limit, want int) {
	t.Helper()
	n, err := s.SealAudit(context.Background(), now, time.Minute, limit)
	if err != nil || n != want {
		t.Fatalf("sealed %d, %v; want %d", n, err, want)
	}
}

func verify(t testing.TB, s *Store) AuditReport {
	t.Helper()
	r, err := s.VerifyAudit(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// W18: rows are chained in batches; a late commit with an older id is chained later; the tail is
// told; every change is found.
func TestSealAudit(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			seal(t, s, start, 10, 0)
			for i := range 7 {
				writeRows(t, s, audit(fmt.Sprintf("a%02d", i*2), start.Add(time.Duration(i)*time.Second)))
			}
			writeRows(t, s, audit("a99", start.Add(time.Hour)))
			seal(t, s, start.Add(2*time.Minute), 5, 5)
			seal(t, s, start.Add(2*time.Minute), 5, 2)
			seal(t, s, start.Add(2*time.Minute), 5, 0) // a99 has not settled
			// committed late: its id is older than the last sealed one
			writeRows(t, s, audit("a03", start))
			r := verify(t, s)
			if len(r.Broken) > 0 || r.Seals != 2 || r.Rows != 7 || r.Unsealed != 2 || !r.Oldest.Equal(start) || r.Head == "" {
				t.Fatalf("%+v", r)
			}
			seal(t, s, start.Add(2*time.Minute), 5, 1)
			if r = verify(t, s); len(r.Broken) > 0 || r.Seals != 3 || r.Rows != 8 || r.Unsealed != 1 {
				t.Fatalf("%+v", r)
			}
			for _, tamper := range []struct{ do, undo, want string }{
				{"UPDATE audits SET actor = 'x' WHERE id = 'a04'", "UPDATE audits SET actor = '店主' WHERE id = 'a04'", "does not match"},
				{"UPDATE audits SET seal = 0 WHERE id = 'a04'", "UPDATE audits SET seal = 1 WHERE id = 'a04'", "vouches for 5 rows, 4"},
				{"UPDATE audits SET seal = 2 WHERE id = 'a03'", "UPDATE audits SET seal = 3 WHERE id = 'a03'", "vouches for 2 rows, 3"},
				{"UPDATE audits SET seal = 9 WHERE id = 'a99'", "UPDATE audits SET seal = 0 WHERE id = 'a99'", "seal that is missing"},
				{"UPDATE audit_seals SET seq = 7 WHERE seq = 3", "UPDATE audit_seals SET seq = 3 WHERE seq = 7", "seals 3 to 6 are missing"},
				{"UPDATE audit_seals SET prev_hash = 'x' WHERE seq = 2", "", "does not follow"},
			} {
				execSQL(t, s, tamper.do)
				if r := verify(t, s); !strings.Contains(strings.Join(r.Broken, "\n"), tamper.want) {
					t.Errorf("%s: found %q, want %q", tamper.do, r.Broken, tamper.want)
				}
				if tamper.undo != "" {
					execSQL(t, s, tamper.undo)
					if r := verify(t, s); len(r.Broken) > 0 {
						t.Fatalf("%s: still broken: %q", tamper.undo, r.Broken)
					}
				}
			}
		})
	}
}

// W18: whoever may write to the database can take the newest rows away with their seal, or change a
// row and chain everything anew. The chain holds then; a head that was kept elsewhere does not.
func TestVerifyAuditAgainstAKeptHead(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			var heads []string
			for i := range 3 {
				writeRows(t, s, audit(fmt.Sprint("a", i), start))
				seal(t, s, start.Add(time.Hour), 10, 1)
				heads = append(heads, verify(t, s).Head)
			}
			for _, tamper := range []struct {
				do   []string
				gone []string
			}{
				{nil, nil},
				{[]string{"DELETE FROM audits WHERE seal = 3", "DELETE FROM audit_seals WHERE seq = 3"}, heads[2:]},
				{[]string{
					"UPDATE audits SET detail = 'x' WHERE seal = 2", "UPDATE audits SET seal = 0 WHERE seal > 1", "DELETE FROM audit_seals WHERE seq > 1",
				}, heads[1:]},
			} {
				for _, statement := range tamper.do {
					execSQL(t, s, statement)
				}
				if _, err := s.SealAudit(context.Background(), start.Add(time.Hour), time.Minute, 1); err != nil {
					t.Fatal(err)
				}
				if r := verify(t, s); len(r.Broken) > 0 {
					t.Fatalf("the chain itself was to hold: %q", r.Broken)
				}
				r, err := s.VerifyAudit(context.Background(), heads...)
				if err != nil || len(r.Broken) != len(tamper.gone) {
					t.Fatalf("after %v: %v, %q", tamper.do, err, r.Broken)
				}
				for i, head := range tamper.gone {
					if !strings.Contains(r.Broken[i], head) {
						t.Errorf("after %v: %q", tamper.do, r.Broken)
					}
				}
			}
		})
	}
}

func execSQL(t testing.TB, s *Store, statement string) {
	t.Helper()
	if err := s.write.Exec(statement).Error; err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// S15: two nodes seal at once; every row gets one seal.
func TestSealAuditTogether(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			config := e.config(t)
			nodes := []*Store{open(t, config), open(t, config)}
			for i := range 60 {
				writeRows(t, nodes[i%2], audit(fmt.Sprintf("a%03d", i), start))
			}
			var wg sync.WaitGroup
			sealed := make([]int, 2)
			for i, s := range nodes {
				wg.Go(func() {
					for range 20 {
						n, err := s.SealAudit(context.Background(), start.Add(time.Hour), time.Minute, 5)
						if err != nil {
							t.Error(err)
						}
						sealed[i] += n
					}
				})
			}
			wg.Wait()
			r := verify(t, nodes[0])
			if sealed[0]+sealed[1] != int(r.Rows) || len(r.Broken) > 0 || r.Rows+r.Unsealed != 60 || r.Rows == 0 {
				t.Fatalf("%v, %+v", sealed, r)
			}
		})
	}
}

func TestPurge(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			// passed, to come, never
			for i, end := range []time.Time{start, start.Add(time.Hour), {}} {
				id := fmt.Sprint("x", i)
				waiting := &core.Inbox{ID: "w" + id, Account: "a", Digest: "w" + id, State: core.InboxWaiting, DeleteAfter: end}
				writeRows(t, s, waiting, &core.SealedPayer{ID: id, DeleteAfter: end}, &core.Nonce{KeyID: "k", Nonce: id, DeleteAfter: end},
					&core.Inbox{ID: id, Account: "a", Digest: id, State: core.InboxDone, DeleteAfter: end},
					&core.Idempotency{ID: id, MerchantID: "m", Operation: "o", Key: id, DeleteAfter: end})
			}
			ctx := context.Background()
			n, err := s.Purge(ctx, start, 100)
			if n != 4 || err != nil {
				t.Fatalf("purged %d, %v; want one of each", n, err)
			}
			if n, err = s.Purge(ctx, start, 100); n != 0 || err != nil {
				t.Fatalf("purged again: %d, %v", n, err)
			}
			if p, err := s.Payer(ctx, "x0"); p != nil || err != nil { // its end has come
				t.Fatalf("%v, %v", p, err)
			}
			if p, err := s.Payer(ctx, "x1"); p == nil || err != nil {
				t.Fatalf("%v, %v", p, err)
			}
			byID := core.Key{Kind: core.InboxByID, Value: "wx0"}
			if v, err := s.See(ctx, byID); err != nil || v.Inbox(byID) == nil {
				t.Fatalf("a message that waits was deleted: %v", err)
			}
			// I08
			writeRows(t, s, &core.Nonce{KeyID: "k", Nonce: "x0"}, &core.Idempotency{ID: "again", MerchantID: "m", Operation: "o", Key: "x0"})
		})
	}
}

func TestPurgeInBatches(t *testing.T) {
	s := open(t, sqliteConfig(t))
	var rows []core.Row
	for i := range 25 {
		rows = append(rows, &core.Nonce{KeyID: fmt.Sprint("k", i%3), Nonce: fmt.Sprint("n", i), DeleteAfter: start})
	}
	writeRows(t, s, rows...)
	for _, want := range []int{10, 10, 5, 0} {
		if n, err := s.Purge(context.Background(), start, 10); n != want || err != nil {
			t.Fatalf("purged %d, %v; want %d", n, err, want)
		}
	}
}

func TestNodes(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s, ctx := open(t, e.config(t)), context.Background()
			for _, beat := range []struct {
				id string
				at time.Time
			}{{"b", start}, {"a", start}, {"a", start}, {"a", start.Add(time.Minute)}} {
				if err := s.Beat(ctx, beat.id, start, beat.at); err != nil {
					t.Fatal(err)
				}
			}
			got, err := s.Nodes(ctx, start)
			if err != nil || fmt.Sprint(got) != fmt.Sprint([]Node{{"a", start, start.Add(time.Minute)}, {"b", start, start}}) {
				t.Fatalf("%v, %v", got, err)
			}
			if got, err = s.Nodes(ctx, start.Add(time.Second)); err != nil || len(got) != 1 {
				t.Fatalf("%v, %v", got, err)
			}
			// it was started anew
			if err := s.Beat(ctx, "a", start.Add(time.Second), start.Add(2*time.Minute)); err != nil {
				t.Fatal(err)
			}
			if err := s.Beat(ctx, strings.Repeat("n", 65), start, start); core.CodeOf(err) != core.CodeInvalid {
				t.Errorf("a name that does not fit: %v", err)
			}
			if _, err := s.Purge(ctx, start.Add(23*time.Hour), 10); err != nil {
				t.Fatal(err)
			}
			got, err = s.Nodes(ctx, start)
			if err != nil || fmt.Sprint(got) != fmt.Sprint([]Node{{"a", start.Add(time.Second), start.Add(2 * time.Minute)}, {"b", start, start}}) {
				t.Fatalf("%v, %v", got, err)
			}
			if _, err := s.Purge(ctx, start.Add(25*time.Hour), 10); err != nil {
				t.Fatal(err)
			}
			if got, err = s.Nodes(ctx, start); err != nil || len(got) != 0 {
				t.Fatalf("gone nodes are still listed: %v, %v", got, err)
			}
		})
	}
}

func TestParked(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			for i, state := range []core.InboxState{core.InboxParked, core.InboxDone, core.InboxWaiting, core.InboxRejected, core.InboxParked} {
				id := fmt.Sprint("x", i)
				writeRows(t, s, &core.Inbox{ID: id, Account: "a", Digest: id, State: state, Code: "amount_mismatch", ReceivedAt: start.Add(-time.Duration(i) * time.Hour)})
			}
			got, err := s.Parked(context.Background())
			if err != nil || len(got) != 2 || got[0].ID != "x4" || got[1].ID != "x0" || got[1].Code != "amount_mismatch" {
				t.Fatalf("%+v, %v", got, err)
			}
		})
	}
}

func TestEachOrder(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s := open(t, e.config(t))
			const n = ordersPerRead + 3
			for i := range n {
				id := fmt.Sprintf("pay_%04d", n-i)
				writeRows(t, s, &core.Payment{ID: id, MerchantID: "m", MerchantOrderNo: id}, &core.Attempt{ID: "a" + id, PaymentID: id, OutTradeNo: id},
					&core.Entry{ID: "e" + id, PaymentID: id}, &core.Event{ID: "v" + id, Row: "v" + id, PaymentID: id},
					&core.Entry{ID: "f" + id, PaymentID: id}, &core.Event{ID: "a" + id, Row: "w" + id, PaymentID: id})
			}
			seen, last := 0, ""
			err := s.EachOrder(context.Background(), func(o core.Order, entries []core.Entry, events []core.Event) error {
				if o.Payment.ID <= last || len(o.Attempts) != 1 || len(entries) != 2 || len(events) != 2 || events[0].PaymentID != o.Payment.ID ||
					events[0].Row != "v"+o.Payment.ID || entries[0].ID != "e"+o.Payment.ID || entries[1].PaymentID != o.Payment.ID {
					t.Errorf("%s after %s: %d attempts, %d entries, %d events", o.Payment.ID, last, len(o.Attempts), len(entries), len(events))
				}
				seen, last = seen+1, o.Payment.ID
				return nil
			})
			if err != nil || seen != n {
				t.Fatalf("%d orders, %v", seen, err)
			}
		})
	}
}
