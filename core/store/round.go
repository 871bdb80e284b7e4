package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/paymux/paymux/core"
)

// end says how a transaction ended.
type end int

const (
	endSettled   end = iota // committed, or nothing to commit
	endMissed               // a guard missed: nothing was written
	endDuplicate            // a unique key is taken: nothing was written
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
}

// plan is a job with the writes that it decided on.
type plan struct {
	job *job
	writes
}

// round runs one transaction for all jobs that can share it. Jobs that want to decide on rows which
// an earlier job of the round changes stay unsettled and untried: they must see the rows
// afterwards.
func (s *Store) round(jobs []*job) result {
	// No deadline: connections have their own, and a transaction that is torn down from outside
	// would leave one more unknown outcome.
	tx := s.write.WithContext(context.Background()).Begin()
	if tx.Error != nil {
		return s.failed(tx.Error, nil)
	}
	open := true
	defer func() {
		if open {
			tx.Rollback() // of everything: InnoDB undoes only the statement after a lock wait (D03)
		}
	}()
	plans, err := s.decide(tx, jobs)
	if err != nil {
		return s.failed(err, jobs)
	}
	if len(plans) == 0 {
		return result{end: endSettled}
	}
	tried := make([]*job, 0, len(plans))
	for _, p := range plans {
		tried = append(tried, p.job)
	}
	if r := s.apply(tx, plans); r.end != endSettled {
		r.tried = tried
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
// without writing.
func (s *Store) decide(tx *gorm.DB, jobs []*job) ([]plan, error) {
	var keys []core.Key
	for _, j := range jobs {
		if !j.settled {
			keys = append(keys, j.unit.Keys...)
		}
	}
	rows, err := s.load(tx, keys, s.locks)
	if err != nil {
		return nil, err
	}
	taken := map[string]bool{}
	var plans []plan
	for _, j := range jobs {
		if j.settled {
			continue
		}
		// looked up after the rows were read, so that Decide never sees its own commit
		if j.witness != nil {
			found, err := s.seen(tx, j.witness)
			if err != nil {
				return nil, err
			}
			if found {
				j.settle(nil)
				continue
			}
		}
		if rows.touch(j.unit.Keys, taken) {
			continue
		}
		p, ok := s.decideOne(j, rows.view(j.unit.Keys))
		if !ok || clash(p.claims, taken) {
			continue
		}
		for _, c := range p.claims {
			taken[c] = true
		}
		plans = append(plans, p)
	}
	return plans, nil
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
