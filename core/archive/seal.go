package archive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
)

// Seal is one link of the audit chain: it vouches for its rows and for the link before it. When
// its rows have left the database, the link itself stays there.
type Seal struct {
	Seq       int64  `json:"seq"`
	FirstID   string `json:"first_id"`
	LastID    string `json:"last_id"`
	Rows      int64  `json:"rows_sealed"`
	PrevHash  string `json:"prev_hash"`
	Hash      string `json:"hash"`
	CreatedAt int64  `json:"created_at"` // milliseconds since 1970
}

// AuditLine is an audit row as its seal vouches for it.
type AuditLine struct {
	ID         string `json:"id"`
	MerchantID string `json:"merchant_id"`
	Actor      string `json:"actor"`
	KeyID      string `json:"key_id"`
	Action     string `json:"action"`
	Object     string `json:"object"`
	Detail     string `json:"detail"`
	CreatedAt  int64  `json:"created_at"` // milliseconds since 1970
}

// HashOf chains the seal to the one before it and to its rows, in order of their ids. Every field
// is written with its length, so that no two logs have the same bytes.
func (s Seal) HashOf(rows []AuditLine) string {
	h := sha256.New()
	writeFields(h, "paymux audit seal 1", s.PrevHash, fmt.Sprint(s.Seq), fmt.Sprint(s.CreatedAt), fmt.Sprint(len(rows)))
	for _, r := range rows {
		writeFields(h, r.ID, r.MerchantID, r.Actor, r.KeyID, r.Action, r.Object, r.Detail, fmt.Sprint(r.CreatedAt))
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeFields(h hash.Hash, fields ...string) {
	var length [8]byte
	for _, f := range fields {
		binary.BigEndian.PutUint64(length[:], uint64(len(f)))
		h.Write(length[:])
		h.Write([]byte(f))
	}
}
