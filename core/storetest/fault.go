package storetest

import "github.com/paymux/paymux/core"

// Fault is what goes wrong with one commit.
type Fault int

// The faults. None of them lets a store lose or double a unit that it answered for.
const (
	FaultNone Fault = iota
	FaultMiss       // a guard misses, as if another writer had been first: Decide runs again
	// The connection breaks before the commit: nothing is written; the store may try again.
	FaultBefore
	// The commit never arrives and has no answer: the witness is missing, so the unit runs again.
	FaultLost
	// The commit is done and its answer is lost: the witness is found, so the unit is done (D01).
	FaultAfter
	// The commit is done, its answer is lost, and nobody can be asked: CodeUnavailable.
	FaultSilent
)

// Faulty is a store whose commits can be made to fail: the suite then runs its fault tests too.
type Faulty interface {
	core.Store
	// Fail makes the next commit suffer the fault. A store that cannot have it answers false.
	Fail(Fault) bool
}
