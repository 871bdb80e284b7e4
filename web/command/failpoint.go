package command

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
)

// failpointVariable makes a server of the sandbox kill itself, as kill -9 would:
// PAYMUX_FAILPOINT=refund.after_answer:2 ends it when it passes that point for the second time.
const failpointVariable = "PAYMUX_FAILPOINT"

// failpoints reads the variable; nil without it, which is always so in production: there it is
// refused.
func failpoints(environ []string, environment string) (core.Failpoints, error) {
	text := ""
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, failpointVariable+"="); ok {
			text = value
		}
	}
	if text == "" {
		return nil, nil
	}
	if environment != config.Sandbox {
		return nil, fmt.Errorf("%s is set: a server that kills itself is for the sandbox only; unset it", failpointVariable)
	}
	name, nth, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(nth, 10, 32)
	if err != nil || n < 1 || !slices.Contains(core.Points(), core.Point(name)) {
		return nil, fmt.Errorf("%s is %q; it must be a point and a count, such as %s:1", failpointVariable, text, core.PointPayAfterAnswer)
	}
	s := &selfKill{point: core.Point(name)}
	s.left.Store(n)
	return s, nil
}

// selfKill implements core.Failpoints: the process dies where it stands, with nothing flushed and
// nobody told.
type selfKill struct {
	point core.Point
	left  atomic.Int64
}

// Pass implements core.Failpoints.
func (s *selfKill) Pass(p core.Point) {
	if p != s.point || s.left.Add(-1) != 0 {
		return
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		panic("a failpoint could not kill the process: " + err.Error())
	}
	select {} // the signal is on its way; nothing may happen before it arrives
}
