package archive

import (
	"cmp"
	"context"
	"encoding/json"

	"github.com/paymux/paymux/core"
)

// batchRows is how many rows one commit deletes. An order is deleted whole, so one that has more is
// a batch of its own.
const batchRows = 500

// leave deletes from the database what a verified archive holds, as its files say, and notes it.
// It may have been begun before.
func (p *Pass) leave(ctx context.Context, a *Archive, report *Report) error {
	gone, err := p.leaveOrders(ctx, a)
	if err != nil {
		return err
	}
	if err := p.leaveSeals(ctx, a); err != nil {
		return err
	}
	if err := p.Note(ctx, "archive.done", a.Manifest.ID, told(a, gone)); err != nil {
		return err
	}
	p.passed("noted")
	if gone, err = p.Store.Finish(ctx, a.Manifest.ID, p.Now()); err != nil {
		return err
	}
	p.passed("finished")
	done := Done{ID: a.Manifest.ID, Orders: a.Manifest.Orders, Gone: gone}
	if s := a.Manifest.Seals; s != nil {
		done.Audits = s.Rows
	}
	report.Done = append(report.Done, done)
	return nil
}

// leaveOrders reads the file once more, so that what is deleted is what the disk has.
func (p *Pass) leaveOrders(ctx context.Context, a *Archive) (gone int64, err error) {
	b, rows := Batch{Archive: a.Manifest.ID, At: p.Now()}, 0
	flush := func() error {
		n, err := p.leaveBatch(ctx, b)
		gone += int64(n)
		b.Orders, rows = nil, 0
		return err
	}
	err = a.lines(OrdersFile, func(text []byte) error {
		l, err := readOrder(text)
		if err != nil {
			return err
		}
		if rows > 0 && rows+l.rows() > cmp.Or(p.Rows, batchRows) {
			if err := flush(); err != nil {
				return err
			}
		}
		b.Orders, rows = append(b.Orders, Leaving{l.Payments[0].ID, Print(text)}), rows+l.rows()
		return nil
	})
	if err == nil && rows > 0 {
		err = flush()
	}
	return gone, err
}

// leaveBatch deletes a batch. Where another session holds one of its orders, they go one by one,
// and that one stays.
func (p *Pass) leaveBatch(ctx context.Context, b Batch) (gone int, err error) {
	if err := p.keep(ctx); err != nil {
		return 0, err
	}
	ids, err := p.Store.Leave(ctx, b)
	switch {
	case err == nil:
		p.passed("batch")
		return len(ids), nil
	case core.CodeOf(err) != core.CodeContended:
		return 0, err
	case len(b.Orders) == 1:
		return 0, nil
	}
	for _, one := range b.Orders {
		n, err := p.leaveBatch(ctx, Batch{Archive: b.Archive, At: b.At, Orders: []Leaving{one}})
		if gone += n; err != nil {
			return gone, err
		}
	}
	return gone, nil
}

// leaveSeals deletes the audit rows of the archive's links. A link whose rows left with another
// archive before, which only a restored backup brings about, stays as it is.
func (p *Pass) leaveSeals(ctx context.Context, a *Archive) error {
	return a.lines(AuditFile, func(text []byte) error {
		var s SealedRows
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
		if err := p.keep(ctx); err != nil {
			return err
		}
		if s.Seal.HashOf(s.Audits) != s.Seal.Hash {
			return core.Errorf(core.CodeInvalid, "seal %d does not match its rows", s.Seal.Seq)
		}
		err := p.Store.LeaveSeal(ctx, a.Manifest.ID, s.Seal)
		if err != nil && core.CodeOf(err) != core.CodeContended {
			return err
		}
		p.passed("seal")
		return nil
	})
}
