package alipaysim

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Server is a running simulator.
type Server struct {
	cfg     Config
	clock   *Clock
	numbers numbers
	apps    map[string]*application
	methods map[string]operation
	buyers  map[string]Buyer
	book    *Book
	faults  *faultScript
	journal *journal
	asked   *askedAgreements
	nonces  *nonces
	bills   *billDesk
	sender  *http.Client
	mux     *http.ServeMux
	counter atomic.Uint64 // for traces and other throw-away numbers
	wake    chan struct{}
	stop    chan struct{}
	stopped sync.WaitGroup
	closing sync.Once
	deliver *deliveries
	advance sync.Mutex // one Advance at a time

	plainKey  signingKey   // signs for apps that use keys
	signCerts []signingKey // sign for apps that use certificates, in order of rotation
	rotations atomic.Int64 // how often the certificate was rotated
	rootSN    string       // of the authority's bundle; empty without certificate mode
	strangers strangers
	read      atomic.Pointer[readings]

	crossOrigin *http.CrossOriginProtection // of the control API

	mu    sync.Mutex // guards world, and the order of the book
	world *world
}

// application is an App with its keys parsed.
type application struct {
	App
	public *rsa.PublicKey
	certSN string // empty outside certificate mode
}

// sellers are the payees whose trades the app may ask about.
func (a App) sellers() []string { return append([]string{a.SellerID}, a.OtherSellers...) }

// New checks the configuration, replays the book and starts working off what
// is due. Close must be called.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, clock: cfg.Clock, numbers: numbers{seed: cfg.Seed},
		apps: map[string]*application{}, buyers: map[string]Buyer{},
		journal: newJournal(), asked: newAskedAgreements(), nonces: newNonces(), bills: newBillDesk(),
		wake: make(chan struct{}, 1), stop: make(chan struct{}),
		deliver: newDeliveries(), crossOrigin: http.NewCrossOriginProtection(),
	}
	s.methods = operations()
	s.read.Store(readingsOf(cfg.Switches, cfg.Triggers))
	s.faults = newFaultScript(s.numbers)
	if err := s.loadKeys(); err != nil {
		return nil, err
	}
	for _, b := range cfg.Buyers {
		s.buyers[b.UserID] = b
	}
	client := *cfg.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.sender = &client

	if s.book, err = openBook(cfg.BookPath); err != nil {
		return nil, err
	}
	s.world = newWorld(s.numbers)
	if err := s.setClock(s.world.replay(s.book)); err != nil {
		return nil, errors.Join(err, s.book.close())
	}
	s.rotations.Store(int64(s.world.rotations))
	s.resume()
	s.mux = s.routes()
	s.clock.tell(s.wake)
	if !cfg.Manual {
		s.stopped.Add(1)
		go s.work()
	}
	return s, nil
}

// Handler serves the gateway, the cashier and the control API.
func (s *Server) Handler() http.Handler { return s.mux }

// Book is the record of everything that happened, for invariant checks.
func (s *Server) Book() *Book { return s.book }

// Clock is the simulated time.
func (s *Server) Clock() *Clock { return s.clock }

// Close stops the background work, waits for deliveries under way and closes the book.
func (s *Server) Close() error {
	var err error
	s.closing.Do(func() {
		s.clock.untell(s.wake)
		close(s.stop)
		s.stopped.Wait()
		s.deliver.wait()
		s.sender.CloseIdleConnections()
		if s.clock.races() {
			err = s.bookClock()
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		err = errors.Join(err, s.book.close())
	})
	return err
}

// ending says whether Close waits for what is under way.
func (s *Server) ending() bool {
	select {
	case <-s.stop:
		return true
	default:
		return false
	}
}

// now is the simulated time in epoch milliseconds.
func (s *Server) now() int64 { return s.clock.Now().UnixMilli() }

// throwaway numbers things that are not booked.
func (s *Server) throwaway(kind string) string {
	return s.numbers.token(kind, s.counter.Add(1))
}

// record books e and makes the change. Callers hold s.mu.
func (s *Server) record(e Entry) (Entry, error) {
	if e.At == 0 {
		e.At = s.now()
	}
	e, err := s.book.append(e)
	if err != nil {
		return e, err
	}
	s.world.apply(e)
	s.nudge()
	return e, nil
}

// settle waits until everything booked so far is on disk; no answer leaves before.
func (s *Server) settle() error { return s.book.Sync(s.book.Len()) }

func (s *Server) nudge() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// work does what is due as simulated time passes.
func (s *Server) work() {
	defer s.stopped.Done()
	for {
		for {
			t, ok := s.takeDue(s.now())
			if !ok {
				break
			}
			s.perform(t)
		}
		timer := s.untilNext()
		select {
		case <-s.stop:
			timer.Stop()
			return
		case <-s.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// untilNext is a timer for the next task; without one it is an hour's idle turn.
func (s *Server) untilNext() *time.Timer {
	s.mu.Lock()
	due, ok := s.world.agenda.first()
	s.mu.Unlock()
	wait := time.Hour
	if ok {
		gap := time.UnixMilli(due).Sub(s.clock.Now())
		if real, passes := s.clock.realWait(max(gap, 0)); passes {
			wait = min(wait, real)
		}
	}
	return time.NewTimer(wait)
}

// takeDue claims the next task due at or before the instant; perform releases it.
func (s *Server) takeDue(until int64) (task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.world.agenda.next(until)
	if ok {
		s.deliver.claim()
	}
	return t, ok
}

// perform does a claimed task. Deliveries go their own way; everything else is quick.
func (s *Server) perform(t task) {
	if t.kind == taskDeliver {
		s.deliver.start(func() { s.sendNotice(t.key, t.due) })
		return
	}
	defer s.deliver.release()
	s.mu.Lock()
	defer s.mu.Unlock()
	switch t.kind {
	case taskExpire:
		s.expire(t.key)
	case taskPay:
		s.completePayment(t.key, t.due)
	case taskFinish:
		s.finish(t.key)
	case taskRefund:
		s.completeRefund(t.key)
	}
}

// Advance moves simulated time forward step by step: everything that falls due
// on the way is done at its own time, deliveries and what they cause included,
// before Advance returns.
func (s *Server) Advance(d time.Duration) error {
	if d < 0 {
		return errors.New("alipaysim: time does not run backwards")
	}
	s.advance.Lock()
	defer s.advance.Unlock()
	target := s.clock.Now().Add(d)
	for {
		s.deliver.wait()
		s.mu.Lock()
		due, ok := s.world.agenda.first()
		busy := s.deliver.underWay()
		s.mu.Unlock()
		if !ok || due > target.UnixMilli() {
			if busy {
				continue // the background took the last task; wait for what it brings
			}
			break
		}
		s.clock.moveTo(time.UnixMilli(due))
		if t, ok := s.takeDue(due); ok {
			s.perform(t)
		}
	}
	s.clock.moveTo(target)
	if d > 0 {
		if err := s.bookClock(); err != nil {
			return err
		}
	}
	s.nudge()
	return s.settle()
}

// setClock lets the clock go on where the book left it; a new book begins with
// what the clock shows. last is the time of the last entry.
func (s *Server) setClock(last time.Time) error {
	switch {
	case s.book.Len() == 0:
		return s.bookClock()
	case s.world.clock.Seq == 0: // a book of an older version
		s.clock.moveTo(last)
	default:
		s.clock.resume(s.world.clock.At, s.world.clock.Real, last.UnixMilli())
	}
	return nil
}

// bookClock keeps what the clock shows, so that a restart goes on from there. A
// book in memory knows no restart.
func (s *Server) bookClock() error {
	if s.cfg.BookPath == "" {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	shown, actual := s.clock.reading()
	_, err := s.record(Entry{Kind: KindClock, At: shown, Real: actual})
	return err
}

// Flush does what is due now and waits for it, without moving the clock.
func (s *Server) Flush() error { return s.Advance(0) }

func (s *Server) loadKeys() error {
	key, err := parsePrivateKey(s.cfg.AlipayPrivateKeyPEM)
	if err != nil {
		return fmt.Errorf("alipaysim: AlipayPrivateKeyPEM: %w", err)
	}
	s.plainKey = signingKey{private: key}
	for _, app := range s.cfg.Apps {
		a := &application{App: app}
		if app.CertificatePEM != "" {
			if err := s.loadCertificate(a); err != nil {
				return fmt.Errorf("alipaysim: app %s: %w", app.AppID, err)
			}
		} else if a.public, err = parsePublicKey(app.PublicKey); err != nil {
			return fmt.Errorf("alipaysim: app %s: %w", app.AppID, err)
		}
		s.apps[app.AppID] = a
	}
	return nil
}

// AlipayPublicKey is the gateway's public key as one line of base64: what a
// merchant configures as "Alipay public key".
func (s *Server) AlipayPublicKey() string {
	text, err := publicText(&s.plainKey.private.PublicKey)
	if err != nil {
		return ""
	}
	return text
}
