package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
)

// W50: a key is revoked once, by whoever was first, with an audit row that the chain seals.
func TestW50RevokeKey(t *testing.T) {
	for _, e := range engines() {
		t.Run(e.name, func(t *testing.T) {
			s, ctx := open(t, e.config(t)), t.Context()
			now := time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)
			first := Revocation{KeyID: "shop_server", Actor: "王小明", Reason: "密钥在聊天里 leaked 🔑", At: now}
			if done, err := s.RevokeKey(ctx, first, "01A"); err != nil || !done {
				t.Fatalf("%v %v", done, err)
			}
			again := Revocation{KeyID: "shop_server", Actor: "another", Reason: "another", At: now.Add(time.Hour)}
			if done, err := s.RevokeKey(ctx, again, "01B"); err != nil || done {
				t.Errorf("revoked twice: %v %v", done, err)
			}
			// the audit row's id is taken: neither row is there
			if done, _ := s.RevokeKey(ctx, Revocation{KeyID: "other", At: now}, "01A"); done {
				t.Error("revoked without an audit row")
			}
			list, err := s.Revocations(ctx)
			if err != nil || len(list) != 1 || list[0] != first {
				t.Errorf("%+v %v", list, err)
			}
			if n, err := s.SealAudit(ctx, now.Add(time.Hour), 0, 10); err != nil || n != 1 {
				t.Errorf("%d audit rows: %v", n, err)
			}
			var kept auditRow
			if err := s.read.Where("id = ?", "01A").Find(&kept).Error; err != nil || kept.Action != "key.revoke" || kept.Object != "shop_server" ||
				kept.Actor != first.Actor || kept.Detail != first.Reason {
				t.Errorf("%+v %v", kept, err)
			}
			for _, r := range []Revocation{{KeyID: strings.Repeat("k", 65)}, {KeyID: "钥匙"}, {KeyID: "k", Reason: strings.Repeat("r", 1025)}} {
				if _, err := s.RevokeKey(ctx, r, "01C"); core.CodeOf(err) != core.CodeInvalid {
					t.Errorf("%+v: %v", r, err)
				}
			}
		})
	}
}

// All are listed, however many there are.
func TestRevocationsBeyondOneRead(t *testing.T) {
	s := open(t, sqliteConfig(t))
	rows := make([]revocationRow, 2*revocationsAtOnce+1)
	for i := range rows {
		rows[i].KeyID = fmt.Sprintf("k%04d", i)
	}
	if err := s.write.CreateInBatches(rows, 500).Error; err != nil {
		t.Fatal(err)
	}
	if list, err := s.Revocations(t.Context()); err != nil || len(list) != len(rows) || list[len(rows)-1].KeyID != "k2000" {
		t.Errorf("%d, %v", len(list), err)
	}
}
