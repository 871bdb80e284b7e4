package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// end says how a transaction ended.
type end int

const (
	endSettled   end = iota // committed, or nothing to commit
	endMissed               // a guard missed: nothing was written
	endDuplicate            // a unique key is taken: nothing was written
	endWaited               // another session holds a row: nothing was written
	endConflict             // the engine asks to run it again: nothing was written
	endRefused              // the engine refuses a row: nothing was written
	endBroken               // the connection broke before the commit: nothing was written
	endUnknown              // the commit has no answer
)

// result is a transaction's end, with its cause, and the jobs whose writes it tried.
type result struct {
	end    end
	err    error
	unique core.Unique
	tried  []*job
	// what is the rows that the statement wanted which waited. Only of a job alone is it known that
	// they are held.
	what heldRows
}

// heldRows are rows whose locks a statement did not get.
type heldRows struct {
	table  string
	id     string   // of the row, if it was one alone and is ours to name
	claims []string // by which units name them
}

// plan is a job with the writes that it decided on.
type plan struct {
	job *job
	writes
}

// round runs one transaction for all jobs that can share it. Jobs that want to decide on rows which
// an earlier job of the round changes stay unsettled and untried: they must see the rows
// afterwards. Jobs that name held rows stay so too, with the line that they must stand in.
func (s *Store) round(ctx context.Context, l lane, jobs []*job) result {
	defer func() {
		for _, j := range jobs {
			j.rest()
		}
	}()
	// No deadline: connections have their own, and a transaction that is torn down from outside
	// would leave one more unknown outcome. ctx ends statements before the commit, at most.
	tx := l.db.WithContext(context.Background()).Begin()
	if tx.Error != nil {
		return s.failed(tx.Error, nil)
	}
	open := true
	defer func() {
		if open {
			tx.Rollback() // of everything: InnoDB undoes only the statement after a lock wait (D03)
		}
	}()
	plans, wanted, err := s.decide(l, tx.WithContext(ctx), jobs)
	if err != nil {
		r := s.failed(err, jobs)
		r.what = wanted
		return r
	}
	if len(plans) == 0 {
		return result{end: endSettled}
	}
	tried := make([]*job, 0, len(plans))
	for _, p := range plans {
		tried = append(tried, p.job)
	}
	if r := s.apply(ctx, l, tx, plans); r.end != endSettled {
		r.tried = tried
		// who waits here holds its orders meanwhile, so that others of them wait with it
		r.what.claims = append(r.what.claims, wanted.claims...)
		return r
	}
	open = false
	if err := tx.Commit().Error; err != nil {
		tx.Rollback()
		if undone(err) {
			return result{end: endConflict, err: err, tried: tried}
		}
		for _, p := range plans {
			if len(p.inserts) == 0 {
				p.job.settle(unavailable("the database did not answer a commit; it may have been done", err))
				continue
			}
			p.job.witness = &p.inserts[0]
		}
		return result{end: endUnknown, err: err, tried: tried}
	}
	for _, p := range plans {
		p.job.settle(nil)
	}
	return result{end: endSettled}
}

// failed turns an error before the commit into a result.
func (s *Store) failed(err error, tried []*job) result {
	r := result{err: err, tried: unsettled(tried)}
	switch classify(err) {
	case failureConflict:
		r.end = endConflict
	case failureWait:
		r.end = endWaited
	case failureRefused, failureDuplicate:
		r.end = endRefused
	default:
		r.end = endBroken
	}
	return r
}

func unsettled(jobs []*job) []*job {
	var left []*job
	for _, j := range jobs {
		if !j.settled {
			left = append(left, j)
		}
	}
	return left
}

// decide loads what the unsettled jobs name and lets each decide. It settles those that are done
// without writing. wanted are the orders whose locks it asked for.
func (s *Store) decide(l lane, tx *gorm.DB, jobs []*job) (plans []plan, wanted heldRows, err error) {
	var keys []core.Key
	for _, j := range jobs {
		if !j.settled {
			keys = append(keys, j.unit.Keys...)
		}
	}
	rows, err := s.resolve(tx, keys)
	if err == nil {
		wanted = s.part(l, rows)
		err = rows.loadOrders(tx, s.locking(l))
	}
	if err != nil {
		return nil, wanted, err
	}
	taken := map[string]bool{}
	for _, j := range jobs {
		if j.settled {
			continue
		}
		if j.line = rows.lineOf(j.unit.Keys); j.line != nil {
			continue
		}
		if !j.start() {
			j.settle(nil) // its caller has left, and asks for nothing any more
			continue
		}
		if err := s.recognise(tx, j); err != nil {
			return nil, wanted, err
		}
		if j.settled || rows.touch(j.unit.Keys, taken) {
			continue
		}
		p, ok := s.decideOne(j, rows.view(j.unit.Keys))
		if !ok || clash(p.claims, taken) {
			continue
		}
		if !l.aside {
			if j.line = s.held.of(p.claims, time.Now()); j.line != nil {
				continue
			}
		}
		for _, c := range p.claims {
			taken[c] = true
		}
		plans = append(plans, p)
	}
	return plans, wanted, nil
}

// recognise settles a job whose commit had no answer and is found. It looks after the rows were
// read, so that Decide never sees its own commit.
func (s *Store) recognise(tx *gorm.DB, j *job) error {
	if j.witness == nil {
		return nil
	}
	found, err := s.seen(tx, j.witness)
	if err == nil && found {
		j.settle(nil)
	}
	return err
}

// part takes the orders that other sessions are known to hold out of what is about to be locked,
// unless the lane is for them, and returns those that are left.
func (s *Store) part(l lane, rows *loaded) heldRows {
	wanted := heldRows{table: "payments"}
	if !s.locks {
		return wanted
	}
	now, ids := time.Now(), map[string]bool{}
	for k, id := range rows.payments {
		if id == "" {
			continue
		}
		claim := claimOf(core.Key{Kind: core.OrderByPayment, Value: id})
		if !l.aside {
			if line := s.held.of([]string{claim}, now); line != nil {
				rows.lines[k] = line
				delete(rows.payments, k)
				continue
			}
		}
		wanted.claims = append(wanted.claims, claim, claimOf(k))
		ids[id], wanted.id = true, id
	}
	if len(ids) > 1 {
		wanted.id = ""
	}
	return wanted
}

func clash(claims []string, taken map[string]bool) bool {
	for _, c := range claims {
		if taken[c] {
			return true
		}
	}
	return false
}

// decideOne runs one Decide; false when the job is settled by it. A panic is kept for the caller
// whose Decide it is: the others go on (P17).
func (s *Store) decideOne(j *job, view core.View) (p plan, ok bool) {
	j.verdict.Runs++
	returned := false
	defer func() {
		if !returned {
			if j.panicked = recover(); j.panicked != nil {
				j.settle(nil)
				ok = false
			}
		}
	}()
	w, err := j.unit.Decide(view)
	returned = true
	if err != nil {
		j.settle(err)
		return p, false
	}
	p = plan{job: j}
	if p.writes, err = s.convert(w); err != nil {
		j.settle(err)
		return p, false
	}
	if p.empty() {
		j.settle(nil)
		return p, false
	}
	return p, true
}

// seen looks for the row by which a commit is recognised. On MySQL it asks for the row's lock: if
// the commit is still on its way through the server, the answer waits for its end.
func (s *Store) seen(tx *gorm.DB, w *write) (bool, error) {
	where, args := "id = ?", []any{w.id}
	if n, ok := w.row.(*nonceRow); ok {
		where, args = "key_id = ? AND nonce = ?", []any{n.KeyID, n.Nonce}
	}
	suffix := ""
	if s.locks {
		suffix = " FOR UPDATE"
	}
	var n []int
	err := tx.Raw("SELECT 1 FROM "+w.table.name+" WHERE "+where+suffix, args...).Scan(&n).Error
	return len(n) > 0, err
}
