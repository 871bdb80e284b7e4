package alipaysim

import "container/heap"

// taskKind says what is to be done; whether it still applies is decided when
// its time has come.
type taskKind int

const (
	taskExpire  taskKind = iota // key: trade_no
	taskPay                     // key: trade_no
	taskFinish                  // key: trade_no
	taskRefund                  // key: trade_no|out_request_no
	taskDeliver                 // key: notify_id
)

// task is something due at a simulated instant (epoch milliseconds).
type task struct {
	due  int64
	turn uint64
	kind taskKind
	key  string
}

// agenda orders tasks by due time, then by arrival.
type agenda struct {
	heap taskHeap
	turn uint64
}

func (a *agenda) add(due int64, kind taskKind, key string) {
	a.turn++
	heap.Push(&a.heap, task{due: due, turn: a.turn, kind: kind, key: key})
}

// next takes the first task due at or before the instant.
func (a *agenda) next(until int64) (task, bool) {
	if len(a.heap) == 0 || a.heap[0].due > until {
		return task{}, false
	}
	return heap.Pop(&a.heap).(task), true
}

// first is when the next task is due.
func (a *agenda) first() (int64, bool) {
	if len(a.heap) == 0 {
		return 0, false
	}
	return a.heap[0].due, true
}

type taskHeap []task

func (h taskHeap) Len() int { return len(h) }
func (h taskHeap) Less(i, j int) bool {
	if h[i].due != h[j].due {
		return h[i].due < h[j].due
	}
	return h[i].turn < h[j].turn
}
func (h taskHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *taskHeap) Push(x any)   { *h = append(*h, x.(task)) }
func (h *taskHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
