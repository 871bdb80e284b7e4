package command_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A health check ends with 0 for an answer of the two hundreds from the server itself, and with 1
// for everything else: another status, one who sends it elsewhere, nobody, silence.
func TestProbe(t *testing.T) {
	mux := http.NewServeMux()
	silent := make(chan struct{})
	defer close(silent)
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	mux.Handle("/elsewhere", http.RedirectHandler("/healthz", http.StatusFound))
	mux.HandleFunc("/silent", func(http.ResponseWriter, *http.Request) { <-silent })
	server := httptest.NewServer(mux)
	defer server.CloseClientConnections()
	for path, want := range map[string]int{"/healthz": 0, "/readyz": 1, "/elsewhere": 1, "/silent": 1} {
		code, out, errs := run(t, nil, "probe", "--timeout", "300ms", server.URL+path)
		if code != want || out != "" || (errs == "") != (want == 0) {
			t.Errorf("%s: exit %d, %q %q", path, code, out, errs)
		}
	}
	if code, _, errs := run(t, nil, "probe", "http://127.0.0.1:1/healthz"); code != 1 || !strings.Contains(errs, "refused") {
		t.Errorf("nobody: exit %d, %s", code, errs)
	}
	for _, none := range []string{"::", "127.0.0.1:8080/readyz", "localhost:8080/readyz", "/readyz", "http:///readyz"} {
		if code, _, errs := run(t, nil, "probe", none); code != 2 || !strings.Contains(errs, "as in http://") {
			t.Errorf("%q is no address: exit %d, %s", none, code, errs)
		}
	}
}

// --version says what the command says.
func TestVersionFlag(t *testing.T) {
	_, command, _ := run(t, nil, "version")
	if code, flag, _ := run(t, nil, "--version"); code != 0 || flag != command || !strings.HasPrefix(flag, "paymux ") {
		t.Errorf("exit %d, %q; the command says %q", code, flag, command)
	}
}
