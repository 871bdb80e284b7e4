package web

import (
	"errors"
	"io"
	"net/http"
	"sync"

	"github.com/paymux/paymux/core"
)

// bodyPiece is in what pieces room for a body is taken while it comes.
const bodyPiece = 4 << 10

// held counts the bytes of bodies in memory, and ends what would exceed their sum. Room is taken as
// bytes come, so that whoever only announces a body holds one piece.
//
// A client gets no more where it holds as much as is left: so whoever comes next finds half of what
// the others have left, however slowly theirs come.
type held struct {
	most int64

	mu  sync.Mutex
	now int64
	by  map[string]int64 // by client, those that hold any
}

func newHeld(most int64) *held { return &held{most: most, by: map[string]int64{}} }

// take takes room for n bytes of a client, or none.
func (h *held) take(client string, n int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.by[client]+n > h.most-h.now {
		return false
	}
	h.now += n
	h.by[client] += n
	return true
}

// give gives room back.
func (h *held) give(client string, n int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now -= n
	if h.by[client] -= n; h.by[client] == 0 {
		delete(h.by, client)
	}
}

// bytes is how much all hold.
func (h *held) bytes() int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

// readBody reads at most maxBody bytes; their signature may speak of them, so they are not looked
// at yet. A length that is declared too large is refused before anything is read. release gives the
// room back, once, when the body is not needed any more.
func (h *held) readBody(r *http.Request, client string) (body []byte, release func(), err error) {
	if r.ContentLength > maxBody {
		return nil, nil, tooLarge()
	}
	if r.ContentLength == 0 {
		return nil, func() {}, nil
	}
	var taken int64
	give := func() { h.give(client, taken) }
	source := io.LimitReader(r.Body, maxBody+1)
	for {
		if len(body) == cap(body) {
			size := int64(min(max(2*cap(body), bodyPiece), maxBody+1))
			// while it grows the old piece is there too
			if !h.take(client, size) {
				give()
				return nil, nil, tooMany("too many bodies are being received", 1)
			}
			grown := make([]byte, len(body), size)
			copy(grown, body)
			h.give(client, taken)
			taken, body = size, grown
		}
		n, err := source.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case len(body) > maxBody:
			give()
			return nil, nil, tooLarge()
		case errors.Is(err, io.EOF):
			return body, give, nil
		case err != nil:
			give()
			return nil, nil, &core.Error{Code: core.CodeInvalid, Message: "the body could not be read", Err: err}
		}
	}
}

func tooLarge() error {
	return &core.Error{Code: codeTooLarge, Message: "a body may have 65,536 bytes"}
}
