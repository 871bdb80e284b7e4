package command_test

import (
	"io"
	"strings"
	"testing"

	"github.com/paymux/paymux/web/command"
)

// Two simulators on one folder would write one book as if each were alone, and the second demo
// would not know the first's trades.
func TestOneFolderServesOneProgram(t *testing.T) {
	dir := t.TempDir()
	first := startDemo(t, dir)
	for _, name := range []string{"demo", "simulate"} {
		var errs log
		if code := command.Run(t.Context(), []string{name, "--listen", "127.0.0.1:0", "--data", dir}, streams(io.Discard, &errs)); code != 1 {
			t.Errorf("%s beside a demo ended with %d", name, code)
		}
		if !strings.Contains(errs.String(), "in use") || !strings.Contains(errs.String(), "--data") {
			t.Errorf("%s: %s", name, errs.String())
		}
	}
	if status := first.call("GET", "/v1/platforms", "", nil); status != 200 {
		t.Errorf("the first demo answers %d", status)
	}
	first.stop()
	startDemo(t, dir).stop()
}
