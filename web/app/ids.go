package app

import (
	"encoding/base32"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/paymux/paymux/core"
)

// ids implements core.IDs: ULIDs inside, 128 random bits outside.
type ids struct {
	clock  core.Clock
	random io.Reader

	mu        sync.Mutex
	monotonic *ulid.MonotonicEntropy
}

func newIDs(clock core.Clock, random io.Reader) *ids {
	return &ids{clock: clock, random: random, monotonic: ulid.Monotonic(random, 0)}
}

// Row returns a ULID. Within one process ULIDs of one millisecond ascend.
func (i *ids) Row() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	for at := ulid.Timestamp(i.clock.Now()); ; at++ {
		id, err := ulid.New(at, i.monotonic)
		if err == nil {
			return id.String()
		}
		// The 80 bits of this millisecond are used up, which takes luck: the next one has new ones.
		// A dead source of randomness cannot be worked around.
		if err != ulid.ErrMonotonicOverflow { //nolint:errorlint // ulid returns the bare value
			panic(fmt.Sprintf("paymux: no randomness: %v", err))
		}
	}
}

// RowID is the id of one row, for a command that writes no more than one.
func RowID(now func() time.Time, random io.Reader) string { return newIDs(clock(now), random).Row() }

// Public returns an outward id.
func (i *ids) Public(prefix string) string { return prefix + "_" + strings.ToLower(i.draw()) }

// TradeNo returns 26 upper-case letters and digits.
func (i *ids) TradeNo() string { return i.draw() }

const idBytes = 16

func (i *ids) draw() string { return Letters(i.random) }

// Letters draws 128 random bits and writes them as 26 upper-case letters and digits, which survive
// every shell, form and gateway.
func Letters(random io.Reader) string { return letters(Draw(random, idBytes)) }

func letters(raw []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw)
}

// Draw reads n random bytes. Without randomness no id is safe to give out, so the program must not
// go on.
func Draw(random io.Reader, n int) []byte {
	raw := make([]byte, n)
	if _, err := io.ReadFull(random, raw); err != nil {
		panic(fmt.Sprintf("paymux: no randomness: %v", err))
	}
	return raw
}

// SecretBytes is the strength of a signing secret: 256 random bits.
const SecretBytes = 32

// NewSecret draws a signing secret of lower-case letters and digits.
func NewSecret(random io.Reader) string {
	return strings.ToLower(letters(Draw(random, SecretBytes)))
}
