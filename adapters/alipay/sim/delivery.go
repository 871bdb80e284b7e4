package alipaysim

import "sync"

// maxDeliveries bounds notifications under way at once.
const maxDeliveries = 64

// deliveries runs sends beside each other and lets others wait until no task is
// under way. Every task is claimed when it is taken from the agenda, so that
// none is ever between the agenda and the count.
type deliveries struct {
	slots chan struct{}
	mu    sync.Mutex
	idle  *sync.Cond
	busy  int
}

func newDeliveries() *deliveries {
	d := &deliveries{slots: make(chan struct{}, maxDeliveries)}
	d.idle = sync.NewCond(&d.mu)
	return d
}

func (d *deliveries) claim() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy++
}

func (d *deliveries) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.busy--; d.busy == 0 {
		d.idle.Broadcast()
	}
}

// start runs a claimed send in its own goroutine, waiting first for a free
// slot, and releases the claim afterwards.
func (d *deliveries) start(send func()) {
	d.slots <- struct{}{}
	go func() {
		defer d.release()
		defer func() { <-d.slots }()
		send()
	}()
}

// wait returns when nothing is under way.
func (d *deliveries) wait() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.busy > 0 {
		d.idle.Wait()
	}
}

// underWay is the opposite of idle. Asked under the lock that guards the agenda,
// it is certain: tasks are claimed under that lock.
func (d *deliveries) underWay() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.busy > 0
}
