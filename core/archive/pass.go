package archive

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/paymux/paymux/core"
)

// The sizes of one archive: a pass makes as many as it needs.
const (
	maxOrders = 5000
	maxBytes  = 64 << 20
	maxSeals  = 1000
	perRead   = 100
	// sealsPerRead is less: a link has up to 500 rows, an order a few.
	sealsPerRead = 20
)

// MinAge is how long an order must have been final before it may leave: refunds are possible for a
// year, and messages about them come late.
const MinAge = 400 * 24 * time.Hour

// leaseTerm is for how long a pass has the lease at a time, and leaseName the lease's name.
const (
	leaseTerm = 10 * time.Minute
	leaseName = "archive_lease"
)

// Pass archives a database, one archive at a time. What several do at once is done once: one has
// the lease, and whoever lost it deletes nothing that is not in a verified file.
type Pass struct {
	Store    Store
	Folder   string        // where archives are; it must exist
	Age      time.Duration // for how long orders must have been final, MinAge at least
	Database string        // the database's identity
	Holder   string        // names this process to others
	Now      func() time.Time
	NewID    func() string // never the same twice
	// Note writes an audit row.
	Note func(ctx context.Context, action, object, detail string) error
	// Rows is how many rows one commit deletes, 500 if it is 0.
	Rows int
	// Passed is told of each step that is done, by name; nil for nobody. Tests end a pass there.
	Passed func(step string)

	leased time.Time // when the lease was last prolonged
	after  Cursor    // where the next archive goes on
}

// Done is an archive whose rows have left.
type Done struct {
	ID     string `json:"id"`
	Orders int64  `json:"orders"` // in its files
	Gone   int64  `json:"gone"`   // that left the database; the others had changed and stay
	Audits int64  `json:"audits"` // audit rows in its files
}

// Report is what a pass did.
type Report struct {
	Done []Done `json:"archives"`
	More bool   `json:"more"` // there is more to archive
	Busy bool   `json:"busy"` // another process archives, and this one did nothing
}

// Run finishes what an earlier pass began, and makes one archive at most.
//
// Errors: CodeInvalid when files of an archive that was begun are not what they were, or the pass
// is set up wrongly; CodeUnavailable when database or disk do not answer; CodeContended when
// another process took over.
func (p *Pass) Run(ctx context.Context) (report Report, err error) {
	if p.Age < MinAge {
		return report, core.Errorf(core.CodeInvalid, "orders may leave %d days after their last change at the earliest", MinAge/(24*time.Hour))
	}
	now := p.Now()
	if mine, err := p.Store.Lease(ctx, leaseName, p.Holder, now, now.Add(leaseTerm)); err != nil || !mine {
		return Report{Busy: err == nil}, err
	}
	p.leased = now
	defer func() { // or the next one waits until it ends by itself
		now := p.Now()
		_, _ = p.Store.Lease(context.WithoutCancel(ctx), leaseName, p.Holder, now, now)
	}()
	if err := clearDrafts(p.Folder, p.Database); err != nil {
		return report, err
	}
	if err := p.goOn(ctx, &report); err != nil {
		return report, err
	}
	made, more, err := p.write(ctx)
	if err != nil || made == nil {
		return report, err
	}
	report.More = more
	return report, p.enter(ctx, made, &report)
}

// passed tells of a step.
func (p *Pass) passed(step string) {
	if p.Passed != nil {
		p.Passed(step)
	}
}

// keep prolongs the lease now and then, and fails when another process has it.
func (p *Pass) keep(ctx context.Context) error {
	now := p.Now()
	if now.Sub(p.leased) < leaseTerm/4 {
		return nil
	}
	mine, err := p.Store.Lease(ctx, leaseName, p.Holder, now, now.Add(leaseTerm))
	if err == nil && !mine {
		err = core.Errorf(core.CodeContended, "another process took the archive's lease")
	}
	p.leased = now
	return err
}

// goOn finishes archives that are whole but not, or not wholly, deleted from the database: those
// that it knows, and those of this database that a process left before it could say so.
func (p *Pass) goOn(ctx context.Context, report *Report) error {
	known, err := p.Store.Archives(ctx)
	if err != nil {
		return err
	}
	met := map[string]bool{}
	for _, k := range known {
		if met[k.ID] = true; !k.DoneAt.IsZero() {
			continue
		}
		a, err := verifyAt(filepath.Join(p.Folder, k.ID), k.ID)
		if err == nil && a.Print != k.Manifest {
			err = core.Errorf(core.CodeInvalid, "the manifest of archive %s was changed", k.ID)
		}
		if err != nil {
			return err
		}
		if err := p.leave(ctx, &a, report); err != nil {
			return err
		}
	}
	ids, err := idsIn(p.Folder)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if met[id] {
			continue
		}
		m, _, err := readManifest(filepath.Join(p.Folder, id))
		if err != nil {
			return err
		}
		if m.Database != p.Database {
			continue // another's, which shares the folder
		}
		a, err := verifyAt(filepath.Join(p.Folder, id), id)
		if err != nil {
			return err
		}
		if err := p.enter(ctx, &a, report); err != nil {
			return err
		}
	}
	return nil
}

// enter makes a verified archive known, and deletes what it holds.
func (p *Pass) enter(ctx context.Context, a *Archive, report *Report) error {
	k := Known{ID: a.Manifest.ID, Manifest: a.Print, Orders: a.Manifest.Orders, CreatedAt: p.Now()}
	if s := a.Manifest.Seals; s != nil {
		k.FirstSeal, k.LastSeal = s.First, s.Last
	}
	if err := p.Store.Enter(ctx, k); err != nil {
		return err
	}
	p.passed("entered")
	return p.leave(ctx, a, report)
}

// write makes an archive of the next orders and links that may leave; nil when there are none.
func (p *Pass) write(ctx context.Context) (made *Archive, more bool, err error) {
	now := p.Now()
	m := Manifest{Format: format, ID: now.UTC().Format("2006-01-02") + "-" + p.NewID(), Database: p.Database, CreatedAt: core.Stamp(now), Cutoff: core.Stamp(now.Add(-p.Age))}
	if m.Previous, err = p.previous(ctx); err != nil {
		return nil, false, err
	}
	d, err := newDraft(p.Folder, &m)
	if err != nil {
		return nil, false, err
	}
	defer func() {
		if made == nil {
			_ = os.RemoveAll(d.at) // or the next pass does
		}
	}()
	var behind Cursor
	err = d.lines(OrdersFile, func(l *lines) error {
		behind, more, err = p.orders(ctx, d, l, now.Add(-p.Age))
		return err
	})
	if err != nil {
		return nil, false, err
	}
	p.passed("orders written")
	err = d.lines(AuditFile, func(l *lines) error {
		links, err := p.seals(ctx, d, l, now.Add(-p.Age))
		more = more || links
		return err
	})
	if err != nil {
		return nil, false, err
	}
	p.passed("audit written")
	if d.tally.content.Orders == 0 && d.tally.content.Seals == nil {
		p.after = Cursor{}
		return nil, false, nil
	}
	a, err := d.finish(m)
	if err != nil {
		return nil, false, err
	}
	p.passed("verified")
	if err := d.place(); err != nil {
		return nil, false, err
	}
	a.folder = d.folder
	p.passed("placed")
	if p.after = behind; !more {
		p.after = Cursor{}
	}
	return &a, more, nil
}

// previous names the newest archive that the database knows.
func (p *Pass) previous(ctx context.Context) (*Link, error) {
	known, err := p.Store.Archives(ctx)
	if err != nil || len(known) == 0 {
		return nil, err
	}
	last := known[len(known)-1]
	return &Link{ID: last.ID, Manifest: last.Manifest}, nil
}

// orders writes the orders that may leave; behind is where it stopped, more that there are more.
func (p *Pass) orders(ctx context.Context, d *draft, l *lines, cutoff time.Time) (behind Cursor, more bool, err error) {
	for behind = p.after; ; {
		if err := p.keep(ctx); err != nil {
			return behind, false, err
		}
		records, err := p.Store.Records(ctx, cutoff, behind, perRead)
		if err != nil {
			return behind, false, err
		}
		for i := range records {
			r := &records[i]
			if d.tally.content.Orders >= maxOrders || l.file.Bytes >= maxBytes {
				return behind, true, nil
			}
			behind = Cursor{r.Order.Payment.CreatedAt, r.Order.Payment.ID}
			if Stays(r, cutoff) != "" || len(r.Text) > maxLine {
				continue
			}
			if d.tally.order(r.Text) != nil {
				continue // its books contradict themselves: the daily inspection tells of that
			}
			if err := l.write(r.Text); err != nil {
				return behind, false, err
			}
		}
		if len(records) < perRead {
			return behind, false, nil
		}
	}
}

// seals writes the oldest links of the audit chain that may leave; more says that there are others.
func (p *Pass) seals(ctx context.Context, d *draft, l *lines, cutoff time.Time) (more bool, err error) {
	for last := int64(0); ; {
		if err := p.keep(ctx); err != nil {
			return false, err
		}
		links, err := p.Store.Seals(ctx, cutoff, last, sealsPerRead)
		if err != nil {
			return false, err
		}
		for _, link := range links {
			if l.file.Lines >= maxSeals || l.file.Bytes >= maxBytes {
				return true, nil
			}
			if err := d.tally.seal(link); err != nil {
				return false, core.Errorf(core.CodeInternal, "the audit chain cannot be archived: %v", err)
			}
			text, err := toLine(link)
			if err != nil {
				return false, err
			}
			if err := l.write(text); err != nil {
				return false, err
			}
			last = link.Seal.Seq
		}
		if len(links) < sealsPerRead {
			return false, nil
		}
	}
}

// told is what the audit row of an archive says.
func told(a *Archive, gone int64) string {
	audits := int64(0)
	if s := a.Manifest.Seals; s != nil {
		audits = s.Rows
	}
	return fmt.Sprintf("%d of %d orders and %d audit rows left, manifest %s", gone, a.Manifest.Orders, audits, a.Print)
}
