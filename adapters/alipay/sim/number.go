package alipaysim

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"
)

// numbers makes identifiers that depend only on the seed, their kind and a
// counter, in the shapes seen in real data.
type numbers struct{ seed uint64 }

func (n numbers) hash(kind string, counter uint64) [32]byte {
	var head [16]byte
	binary.BigEndian.PutUint64(head[:8], n.seed)
	binary.BigEndian.PutUint64(head[8:], counter)
	return sha256.Sum256(append(head[:], kind...))
}

// digits15 is nine random digits and the counter's last six: unique among any
// million neighbours and unguessable enough for a test double.
func (n numbers) digits15(kind string, counter uint64) string {
	sum := n.hash(kind, counter)
	return fmt.Sprintf("%09d%06d", binary.BigEndian.Uint64(sum[:8])%1_000_000_000, counter%1_000_000)
}

// tradeNo is 28 digits: the day, 22001 and fifteen more.
func (n numbers) tradeNo(counter uint64, at time.Time) string {
	return at.Format("20060102") + "22001" + n.digits15("trade", counter)
}

// notifyID is 34 digits: the day, 00222, the time of day and fifteen more.
func (n numbers) notifyID(counter uint64, at time.Time) string {
	return at.Format("20060102") + "00222" + at.Format("150405") + n.digits15("notify", counter)
}

// token is 32 hexadecimal digits for codes, cashier pages and traces.
func (n numbers) token(kind string, counter uint64) string {
	sum := n.hash(kind, counter)
	return hex.EncodeToString(sum[:16])
}

// openID names a buyer to one app only.
func (n numbers) openID(appID, userID string) string {
	sum := n.hash("open_id|"+appID+"|"+userID, 0)
	return hex.EncodeToString(sum[:])[:36]
}

// chance is true for about percent of all counters.
func (n numbers) chance(kind string, counter uint64, percent int) bool {
	sum := n.hash(kind, counter)
	return int(binary.BigEndian.Uint32(sum[:4])%100) < percent
}
