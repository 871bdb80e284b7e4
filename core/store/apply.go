package store

import (
	"context"
	"sort"
	"strings"

	"gorm.io/gorm"
)

// Limits of one INSERT. MySQL takes 65,535 values, in packets of 16 MiB by default, of which
// escaping may take half. SQLite needs no round trip, and its driver's time to bind grows with the
// square of the values: a few rows at a time are fastest (20,000 orders took 6.8 s of processor
// time with 7,000 values a statement).
const (
	maxBytes        = 2 << 20
	maxValuesMySQL  = 30_000
	maxValuesSQLite = 400
)

// apply executes the plans' writes in an open transaction: guards first, each of which must change
// exactly one row, then inserts, many rows at a time. It speaks to the transaction below GORM's
// statement builder, whose reflection would cost more than the database does.
func (s *Store) apply(ctx context.Context, l lane, tx *gorm.DB, plans []plan) result {
	var guards, inserts []write
	for _, p := range plans {
		guards = append(guards, p.guards...)
		inserts = append(inserts, p.inserts...)
	}
	if len(plans) > 1 {
		// One order for all, so that transactions do not wait for each other in circles; a unit
		// alone keeps its own, which decides what key is named.
		sort.SliceStable(guards, func(i, j int) bool { return compareWrites(guards[i], guards[j]) < 0 })
		sort.SliceStable(inserts, func(i, j int) bool { return inserts[i].table.name < inserts[j].table.name })
	}
	for len(guards) > 0 {
		n := s.chunk(guards)
		r := s.reach(ctx, l, tx, guards[:n])
		if r.end == endSettled {
			r = s.guard(ctx, tx, guards[:n])
		}
		if r.end != endSettled {
			r.what = guarded(guards[:n])
			return r
		}
		guards = guards[n:]
	}
	for len(inserts) > 0 {
		n := s.chunk(inserts)
		if r := s.insert(ctx, tx, inserts[:n]); r.end != endSettled {
			r.what = inserted(inserts[:n])
			return r
		}
		inserts = inserts[n:]
	}
	return result{end: endSettled}
}

// reach asks for the locks of rows that are about to be changed without waiting for them, where the
// session itself would wait.
func (s *Store) reach(ctx context.Context, l lane, tx *gorm.DB, guards []write) result {
	if !l.clause {
		return result{end: endSettled}
	}
	ids := make([]any, 0, len(guards))
	for _, g := range guards {
		ids = append(ids, g.id)
	}
	statement := "SELECT id FROM " + guards[0].table.name + " WHERE id IN (?" + strings.Repeat(", ?", len(ids)-1) + ") ORDER BY id FOR UPDATE NOWAIT"
	var met []string
	if err := tx.WithContext(ctx).Raw(statement, ids...).Scan(&met).Error; err != nil {
		return s.failed(err, nil)
	}
	return result{end: endSettled}
}

// guard executes conditional updates of one table: one by one on SQLite, which needs no round trip,
// else by one statement.
func (s *Store) guard(ctx context.Context, tx *gorm.DB, guards []write) result {
	t := guards[0].table
	if len(guards) > 1 && s.config.Driver == DriverMySQL {
		args := make([]any, 0, len(guards)*(len(t.replaced)+2))
		for _, g := range guards {
			args = values(g.row, t.replaced, append(args, g.id, g.version))
		}
		return s.hits(ctx, tx, t, t.manyHead+t.manyRow+strings.Repeat(" UNION ALL "+t.manyRow, len(guards)-1)+t.manyTail, args, int64(len(guards)))
	}
	for _, g := range guards {
		args := values(g.row, t.replaced, make([]any, 0, len(t.replaced)+3))
		args = append(args, g.id, g.version)
		if p, ok := g.row.(*paymentRow); ok {
			args = append(args, p.ReservedFen)
		}
		if r := s.hits(ctx, tx, t, t.update, args, 1); r.end != endSettled {
			return r
		}
	}
	return result{end: endSettled}
}

// hits executes guards, all of which must change their row. The version changes with every hit, so
// a row that is set to what it was counts too (D05).
func (s *Store) hits(ctx context.Context, tx *gorm.DB, t *table, statement string, args []any, want int64) result {
	done, err := tx.Statement.ConnPool.ExecContext(ctx, statement, args...)
	if err != nil {
		return s.rejected(t, err)
	}
	hit, err := done.RowsAffected()
	if err != nil {
		return s.failed(err, nil)
	}
	if hit != want {
		return result{end: endMissed}
	}
	return result{end: endSettled}
}

// chunk says how many of the next writes go into one statement: same table, within the limits.
func (s *Store) chunk(next []write) int {
	t, bytes, most := next[0].table, 0, maxValuesMySQL
	if s.config.Driver == DriverSQLite {
		most = maxValuesSQLite
	}
	for n, w := range next {
		bytes += sizeOf(w.row)
		if w.table != t || n > 0 && (bytes > maxBytes || (n+1)*len(t.columns) > most) {
			return n
		}
	}
	return len(next)
}

// sizeOf estimates what a row takes in a statement, from the columns that can be large.
func sizeOf(row any) int {
	switch r := row.(type) {
	case *paymentRow:
		return len(r.GoodsLines) + len(r.Metadata) + 4096
	case *inboxRow:
		return len(r.Sealed) + 1024
	case *eventRow:
		return len(r.Body) + 1024
	case *idempotencyRow:
		return len(r.Answer) + 1024
	case *attemptRow:
		return len(r.Action) + len(r.ChannelState) + 2048
	case *refundRow:
		return len(r.ChannelState) + 2048
	default:
		return 2048
	}
}

// insert writes rows of one table by one statement.
func (s *Store) insert(ctx context.Context, tx *gorm.DB, rows []write) result {
	t := rows[0].table
	one := "(?" + strings.Repeat(", ?", len(t.columns)-1) + ")"
	args := make([]any, 0, len(rows)*len(t.columns))
	for _, w := range rows {
		args = values(w.row, t.columns, args)
	}
	statement := t.insert + one + strings.Repeat(", "+one, len(rows)-1)
	if _, err := tx.Statement.ConnPool.ExecContext(ctx, statement, args...); err != nil {
		return s.rejected(t, err)
	}
	return result{end: endSettled}
}

// rejected is failed for a statement that may have met a taken key of the table.
func (s *Store) rejected(t *table, err error) result {
	if classify(err) == failureDuplicate {
		return result{end: endDuplicate, err: err, unique: uniqueOf(t.name, err)}
	}
	return s.failed(err, nil)
}
