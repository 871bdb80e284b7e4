package config

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/fsnotify/fsnotify"
)

// pollInterval is how often files are read whether or not the system reported
// a change: events get lost when a file is replaced, mounted or on a network.
const pollInterval = 2 * time.Second

// settleInterval is how long after a reported change the files are read again.
const settleInterval = 250 * time.Millisecond

// Watcher holds the configuration in force and replaces it when the file, or a
// key file it names, changes for the better. A file that does not load is
// refused whole: Current keeps answering the last good one.
type Watcher struct {
	path     string
	environ  []string
	dialects []Dialect
	current  atomic.Pointer[Config]
	looked   [sha256.Size]byte // fingerprint at the last look
	seen     [sha256.Size]byte // fingerprint of the last files loaded or refused
	imprint  imprint           // of what is in force
	changes  []string

	// Accept is asked before a new configuration takes its place and may
	// refuse it, for example because a key does not parse. Optional.
	Accept func(next *Config) error
	// Changed is told after a new configuration took its place. Optional.
	Changed func(now *Config)
	// Refused is told why a changed file was not taken, once per change. Optional.
	Refused func(err error)
}

// NewWatcher loads the configuration a first time and fails as [Load] does.
// Set the callbacks before Run.
func NewWatcher(path string, environ []string, dialects ...Dialect) (*Watcher, error) {
	w := &Watcher{path: path, environ: environ, dialects: dialects}
	// The fingerprint is taken first: a change during Load is then seen as one.
	before := w.configHash()
	c, err := Load(path, environ, dialects...)
	if err != nil {
		return nil, err
	}
	w.current.Store(c)
	w.seen, w.imprint = fingerprint(before, c), imprintOf(c)
	return w, nil
}

// Current is the configuration in force. Take it once per request: two calls
// may answer two configurations.
func (w *Watcher) Current() *Config { return w.current.Load() }

// Version names the settings in force and the content of their key files, in 16 characters: the
// same settings have the same version on every node whose files have the same names. Like Changes
// it is for whoever calls Reload, and for Changed.
func (w *Watcher) Version() string { return w.imprint.version() }

// Changes lists the settings that the last reload changed, by path: +added, -removed, ~changed.
// It holds names that the file gives to records, and no value of any setting.
func (w *Watcher) Changes() []string { return w.changes }

// Imprint is the settings in force in a form that may be kept: their paths, and hashes of their
// values, which keyed makes such that nobody without its key can try values out. Two of them are
// compared by [ChangesBetween].
func (w *Watcher) Imprint(keyed func(string) string) string { return w.imprint.kept(keyed) }

// Origin says of the file as it is now what the system knows of who wrote it: its owner and when it
// was changed; "" where it cannot be told.
func (w *Watcher) Origin() string {
	info, err := os.Stat(w.path)
	if err != nil {
		return ""
	}
	written := "file changed at " + info.ModTime().UTC().Format(time.RFC3339)
	if uid, known := ownerOf(info); known {
		written += fmt.Sprintf(", owned by uid %d", uid)
	}
	return written
}

// Run reloads until ctx ends: soon after the system reports a change in the
// file's directory, and by looking every 2 seconds in any case. Without file
// events it works by polling alone. It returns the context's error.
func (w *Watcher) Run(ctx context.Context) error {
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	events, failures, stop := directoryEvents(filepath.Dir(w.path))
	defer stop()
	var settled <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case _, open := <-events:
			if !open {
				events = nil
			}
			settled = time.After(settleInterval)
			continue
		case _, open := <-failures: // lost events: polling goes on
			if !open {
				failures = nil
			}
			continue
		case <-tick.C:
		case <-settled:
		}
		if w.look() {
			settled = time.After(settleInterval)
		}
	}
}

// directoryEvents watches the directory and not the file, because editors and
// orchestrators replace files. Without a notifier the channels never deliver.
func directoryEvents(dir string) (events chan fsnotify.Event, failures chan error, stop func()) {
	notifier, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, nil, func() {}
	}
	if err := notifier.Add(dir); err != nil {
		_ = notifier.Close()
		return nil, nil, func() {}
	}
	return notifier.Events, notifier.Errors, func() { _ = notifier.Close() }
}

// look takes a change only when two looks in a row found the same files: the
// first half of a file that is being written can be a valid configuration
// with merchants missing. It reports whether another look is due soon.
func (w *Watcher) look() (again bool) {
	now := fingerprint(w.configHash(), w.Current())
	if now != w.looked {
		w.looked = now
		return now != w.seen
	}
	w.Reload()
	return false
}

// Reload takes the files as they are now and reports whether a new configuration took
// its place. Only Run, or one caller at a time, may call it.
func (w *Watcher) Reload() bool {
	read := w.configHash()
	old := w.Current()
	now := fingerprint(read, old)
	if now == w.seen {
		return false
	}
	next, err := Load(w.path, w.environ, w.dialects...)
	if err == nil {
		err = needsRestart(old, next)
	}
	if err == nil && w.Accept != nil {
		err = w.Accept(next)
	}
	if err != nil {
		w.seen = now
		if w.Refused != nil {
			w.Refused(err)
		}
		return false
	}
	w.current.Store(next)
	w.seen = fingerprint(read, next)
	taken := imprintOf(next)
	w.imprint, w.changes = taken, w.imprint.changes(taken)
	if w.Changed != nil {
		w.Changed(next)
	}
	return true
}

// configHash is the hash of the file itself and of who may change it; an unreadable file has one
// too.
func (w *Watcher) configHash() [sha256.Size]byte {
	text, mode, err := readConfig(w.path)
	return sha256.Sum256(fmt.Appendf(text, "\n%o %v", mode, err))
}

// fingerprint adds the files that c names to the hash of the file itself.
func fingerprint(config [sha256.Size]byte, c *Config) [sha256.Size]byte {
	h := sha256.New()
	h.Write(config[:])
	for _, f := range c.files() {
		text, err := readKeyFile(f.name, f.private)
		sum := sha256.Sum256([]byte(text))
		h.Write(fmt.Appendf(nil, "%s %v %x\n", f.name, err, sum))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// needsRestart refuses changes to what is opened once: taking half of a file
// would leave a configuration that nobody wrote.
func needsRestart(old, next *Config) error {
	var problems Problems
	for _, s := range []struct {
		path string
		same bool
	}{
		{"server.listen", old.Server.Listen == next.Server.Listen},
		{"server.admin_listen", old.Server.AdminListen == next.Server.AdminListen},
		{"server.environment", old.Server.Environment == next.Server.Environment},
		{"db.driver", old.DB.Driver == next.DB.Driver},
		{"db.dsn", old.DB.DSN.Reveal() == next.DB.DSN.Reveal()},
		{"db.accept_data_loss", old.DB.AcceptDataLoss == next.DB.AcceptDataLoss},
		{"db.topology", old.DB.Topology == next.DB.Topology},
		{"db.max_open", old.DB.MaxOpen == next.DB.MaxOpen},
		{"db.writers", old.DB.Writers == next.DB.Writers},
		{"queue.prefix", old.Queue.Prefix == next.Queue.Prefix},
		{"queue.url", old.Queue.URL.Reveal() == next.Queue.URL.Reveal()},
		{"secrets.master_key_file", old.Secrets == next.Secrets},
	} {
		if !s.same {
			problems.add(s.path, "cannot change while the program runs", "restart it, or undo this change")
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}
