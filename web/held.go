package web

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/paymux/paymux/core"
)

// bodyPiece is in what pieces room for a body is taken while it comes.
const bodyPiece = 4 << 10

// held counts the bytes of bodies in memory, and ends what would exceed their sum. Room is taken as
// bytes come, so that whoever only announces a body holds one piece.
type held struct {
	most int64
	now  atomic.Int64
}

// take takes room for n bytes, or none.
func (h *held) take(n int64) bool {
	if h.now.Add(n) > h.most {
		h.now.Add(-n)
		return false
	}
	return true
}

// readBody reads at most maxBody bytes; their signature may speak of them, so they are not looked
// at yet. A length that is declared too large is refused before anything is read. release gives the
// room back, once, when the body is not needed any more.
func (h *held) readBody(r *http.Request) (body []byte, release func(), err error) {
	if r.ContentLength > maxBody {
		return nil, nil, tooLarge()
	}
	if r.ContentLength == 0 {
		return nil, func() {}, nil
	}
	var taken int64
	give := func() { h.now.Add(-taken) }
	source := io.LimitReader(r.Body, maxBody+1)
	for {
		if len(body) == cap(body) {
			size := int64(min(max(2*cap(body), bodyPiece), maxBody+1))
			// while it grows the old piece is there too
			if !h.take(size) {
				give()
				return nil, nil, tooMany("too many bodies are being received", 1)
			}
			grown := make([]byte, len(body), size)
			copy(grown, body)
			h.now.Add(-taken)
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
