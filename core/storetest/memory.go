package storetest

import (
	"context"
	"sync"

	"github.com/paymux/paymux/core"
)

// Memory is a core.Store in memory. It starts no goroutine, reads no clock, draws no random number
// and answers in an order that depends on the rows alone, so that a simulation over it repeats
// exactly.
type Memory struct {
	// Faults, when set, is asked before each commit what goes wrong with it; commits count from 1.
	// Set it before the first Do.
	Faults func(commit int) Fault

	mu      sync.Mutex
	commits int
	next    []Fault
	rows    map[table]map[string]core.Row
	unique  map[uniqueKey]string
	lists   lists

	archived archived
}

// NewMemory returns an empty store.
func NewMemory() *Memory {
	m := &Memory{rows: map[table]map[string]core.Row{}, unique: map[uniqueKey]string{}, lists: newLists()}
	m.archived = archived{map[string]*core.Archived{}, map[string][]archivedNumber{}}
	for _, t := range tables() {
		m.rows[t] = map[string]core.Row{}
	}
	return m
}

// Fail makes the next commit suffer the fault, before Faults is asked.
func (m *Memory) Fail(f Fault) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next = append(m.next, f)
	return true
}

// Hold implements Holder.
func (m *Memory) Hold(_, _ []core.Row) (release func(), doesNotApply string) {
	return nil, "memory belongs to one process, and nobody else can lock a row of it"
}

// Do runs the unit as core.Store says.
func (m *Memory) Do(ctx context.Context, u core.Unit) (core.Verdict, error) {
	if err := ctx.Err(); err != nil {
		return core.Verdict{}, unavailable("the request ended before the store was asked", err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for run := 1; run <= core.MaxRuns; run++ {
		verdict := core.Verdict{Runs: run}
		w, err := u.Decide(m.load(u.Keys))
		if err != nil {
			return verdict, err
		}
		if len(w.Guards)+len(w.Inserts) == 0 {
			return verdict, nil
		}
		if err := m.check(w); err != nil {
			return verdict, err
		}
		fault := m.fault()
		switch fault {
		case FaultBefore:
			return verdict, unavailable("the connection broke before the commit; nothing was written", nil)
		case FaultLost:
			if len(w.Inserts) == 0 {
				return verdict, unanswered()
			}
			continue
		case FaultMiss:
			continue
		}
		if !m.guardsHit(w.Guards) {
			continue
		}
		if verdict.Duplicate = m.duplicate(w); verdict.Duplicate != "" {
			return verdict, nil
		}
		m.apply(w)
		if fault == FaultSilent || fault == FaultAfter && len(w.Inserts) == 0 {
			return verdict, unanswered()
		}
		return verdict, nil // FaultAfter: the witness is there
	}
	return core.Verdict{Runs: core.MaxRuns}, core.Errorf(core.CodeContended, "the guards missed %d times", core.MaxRuns)
}

// unanswered is what becomes of a commit without an answer that nothing can be recognised by, or
// that nobody can be asked about.
func unanswered() error {
	return unavailable("the commit was not answered and could not be looked up", nil)
}

// fault says what goes wrong with the commit that is about to happen.
func (m *Memory) fault() Fault {
	m.commits++
	if len(m.next) > 0 {
		f := m.next[0]
		m.next = m.next[1:]
		return f
	}
	if m.Faults != nil {
		return m.Faults(m.commits)
	}
	return FaultNone
}

// check refuses writes that no store may accept.
func (m *Memory) check(w core.Writes) error {
	if len(w.Inserts) == 0 {
		for _, g := range w.Guards {
			if needsWitness(g) {
				return core.Errorf(core.CodeInternal, "a unit that guards %s must insert a row by which its commit can be recognised", tableOf(g))
			}
		}
	}
	for _, g := range w.Guards {
		if versionOf(g) == nil {
			return core.Errorf(core.CodeInternal, "%s cannot be guarded", tableOf(g))
		}
		if err := fit(g); err != nil {
			return err
		}
		if stored := m.rows[tableOf(g)][g.RowID()]; stored != nil {
			if field := changedForever(stored, g); field != "" {
				return core.Errorf(core.CodeInternal, "a guard changes %s of %s %s, which is fixed at insert", field, tableOf(g), g.RowID())
			}
		}
	}
	for _, r := range w.Inserts {
		if tableOf(r) == "" || r.RowID() == "" {
			return core.Errorf(core.CodeInternal, "an inserted row has no table or no id")
		}
		if err := fit(r); err != nil {
			return err
		}
	}
	return nil
}

// guardsHit tells whether every guard names a stored row at its version, each row once.
func (m *Memory) guardsHit(guards []core.Row) bool {
	seen := map[uniqueKey]bool{}
	for _, g := range guards {
		t := tableOf(g)
		self := uniqueKey{core.UniqueID, string(t), g.RowID(), ""}
		stored := m.rows[t][g.RowID()]
		if stored == nil || seen[self] || *versionOf(stored) != *versionOf(g) {
			return false
		}
		seen[self] = true
	}
	return true
}

// duplicate names the first unique key that the writes violate.
func (m *Memory) duplicate(w core.Writes) core.Unique {
	taken := map[uniqueKey]bool{}
	for _, g := range w.Guards {
		for _, k := range uniqueKeys(g) {
			if owner, ok := m.unique[k]; ok && owner != g.RowID() || taken[k] {
				return k.unique
			}
			taken[k] = true
		}
	}
	for _, r := range w.Inserts {
		for _, k := range uniqueKeys(r) {
			if _, ok := m.unique[k]; ok || taken[k] {
				return k.unique
			}
			taken[k] = true
		}
	}
	return ""
}

// apply writes what nothing speaks against.
func (m *Memory) apply(w core.Writes) {
	for _, g := range w.Guards {
		row := clone(g)
		*versionOf(row)++
		m.put(row)
	}
	for _, r := range w.Inserts {
		m.put(clone(r))
	}
}

func (m *Memory) put(row core.Row) {
	t := tableOf(row)
	old := m.rows[t][row.RowID()]
	m.rows[t][row.RowID()] = row
	for _, k := range uniqueKeys(row) {
		m.unique[k] = row.RowID()
	}
	m.lists.put(old, row)
}

func unavailable(message string, err error) error {
	return &core.Error{Code: core.CodeUnavailable, Message: message, Err: err}
}
