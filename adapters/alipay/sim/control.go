package alipaysim

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"
)

// routes lays out everything the simulator serves.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/gateway.do", s.serveGateway)
	mux.HandleFunc("/v3/", s.serveV3)
	mux.HandleFunc("GET /downloadBillFile.resource", s.serveBill)
	mux.HandleFunc("GET /cashier/style.css", s.serveStyle)
	mux.HandleFunc("GET /cashier/scan", s.serveScan)
	mux.HandleFunc("GET /cashier/order", s.serveOrder)
	mux.HandleFunc("GET /cashier/{token}", s.serveCashier)
	mux.HandleFunc("POST /cashier/{token}", s.actCashier)
	mux.HandleFunc("GET /cashier/trade/{trade_no}", s.serveCashier)
	mux.HandleFunc("POST /cashier/trade/{trade_no}", s.actCashier)
	mux.HandleFunc("GET /cashier/agreement/{token}", s.serveAgreement)
	mux.HandleFunc("POST /cashier/agreement/{token}", s.actAgreement)

	mux.Handle("GET /{$}", http.RedirectHandler("/sim/", http.StatusFound))
	mux.HandleFunc("GET /sim/{$}", s.control(s.simIndex))
	mux.HandleFunc("GET /sim/trades", s.control(s.simTrades))
	mux.HandleFunc("GET /sim/trades/{no}", s.control(s.simTrade))
	mux.HandleFunc("POST /sim/trades/{no}/{act}", s.control(s.simAct))
	mux.HandleFunc("POST /sim/pay", s.control(s.simPay))
	mux.HandleFunc("POST /sim/authcode", s.control(s.simAuthCode))
	mux.HandleFunc("POST /sim/barcode", s.control(s.simBarCode))
	mux.HandleFunc("GET /sim/clock", s.control(s.simClock))
	mux.HandleFunc("POST /sim/clock/advance", s.control(s.simAdvance))
	mux.HandleFunc("POST /sim/flush", s.control(s.simFlush))
	mux.HandleFunc("POST /sim/trigger/{event}", s.control(s.simTrigger))
	mux.HandleFunc("GET /sim/faults", s.control(s.simFaults))
	mux.HandleFunc("POST /sim/faults", s.control(s.simAddFault))
	mux.HandleFunc("DELETE /sim/faults", s.control(s.simRemoveFaults))
	mux.HandleFunc("DELETE /sim/faults/{id}", s.control(s.simRemoveFaults))
	mux.HandleFunc("GET /sim/switches", s.control(s.simSwitches))
	mux.HandleFunc("POST /sim/switches", s.control(s.simSetSwitches))
	mux.HandleFunc("DELETE /sim/switches", s.control(s.simResetSwitches))
	mux.HandleFunc("GET /sim/book", s.control(s.simBook))
	mux.HandleFunc("GET /sim/book/totals", s.control(s.simTotals))
	mux.HandleFunc("GET /sim/calls", s.control(s.simCalls))
	mux.HandleFunc("GET /sim/notifications", s.control(s.simNotifications))
	return mux
}

// controlError is a refusal of the control API.
type controlError struct {
	status int
	code   string
	text   string
}

func (e *controlError) Error() string { return e.text }

func badControl(text string) error { return &controlError{http.StatusBadRequest, "bad_request", text} }

func unknownTrade() error {
	return &controlError{http.StatusNotFound, "ACQ.TRADE_NOT_EXIST", "no such trade"}
}

// conflict turns a business refusal into a control error.
func conflict(fail *failure) error {
	if fail == nil {
		return nil
	}
	return &controlError{http.StatusConflict, fail.SubCode, fail.SubMsg}
}

const maxControlBody = 1 << 20

// control serves JSON in and out to those whom guard lets pass. What was booked is on disk before
// it answers.
func (s *Server) control(handle func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
		var result any
		err := s.guard(r)
		if err == nil {
			result, err = handle(r)
		}
		if err == nil {
			err = s.settle()
		}
		status := http.StatusOK
		if err != nil {
			status = http.StatusInternalServerError
			failed := map[string]string{"code": "internal", "message": err.Error()}
			if known, ok := errors.AsType[*controlError](err); ok {
				status, failed["code"] = known.status, known.code
			}
			result = failed
		}
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Basic realm="simulator"`)
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(result)
	}
}

// readControl decodes a control request strictly; an empty body leaves into as it is.
func readControl(r *http.Request, into any) error {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil && !errors.Is(err, io.EOF) {
		return badControl(err.Error())
	}
	return nil
}

func (s *Server) simIndex(r *http.Request) (any, error) {
	apps := make([]map[string]any, 0, len(s.cfg.Apps))
	for _, a := range s.cfg.Apps {
		apps = append(apps, map[string]any{"app_id": a.AppID, "seller_id": a.SellerID, "other_sellers": a.OtherSellers,
			"certificate_mode": a.CertificatePEM != "", "open_id_mode": a.OpenIDMode})
	}
	index := map[string]any{
		"gateway": s.baseURL(r) + "/gateway.do", "apps": apps, "buyers": s.cfg.Buyers,
		"alipay_public_key": s.AlipayPublicKey(), "now": s.clock.Now().Format(time.RFC3339),
		"gateway_effects": GatewayEffects(), "notify_effects": NotifyEffects(), "triggers": triggerNames(),
	}
	if a := s.Authority(); a != nil {
		index["alipay_root_cert"] = a.RootPEM
		index["alipay_cert"] = a.Certificates[min(int(s.rotations.Load()), len(a.Certificates)-1)].ChainPEM
	}
	return index, nil
}

func (s *Server) simClock(*http.Request) (any, error) {
	now := s.clock.Now()
	return map[string]any{"now": now.Format(time.RFC3339Nano), "epoch_ms": now.UnixMilli(), "china": stamp(now.UnixMilli()),
		"ahead_seconds": int64(s.clock.Ahead() / time.Second)}, nil
}

// maxAdvance bounds one step: longer than any refund window.
const maxAdvance = 3 * 365 * 24 * time.Hour

func (s *Server) simAdvance(r *http.Request) (any, error) {
	var q struct {
		Seconds  int64  `json:"seconds"`
		Duration string `json:"duration"`
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	if q.Seconds < 0 || q.Seconds > int64(maxAdvance/time.Second) {
		return nil, badControl("seconds: 0 to three years")
	}
	d := time.Duration(q.Seconds) * time.Second
	if q.Duration != "" {
		var err error
		if d, err = time.ParseDuration(q.Duration); err != nil || d < 0 || d > maxAdvance {
			return nil, badControl("duration: like 4m or 25h, at most three years")
		}
	}
	if err := s.Advance(d); err != nil {
		return nil, err
	}
	return s.simClock(r)
}

func (s *Server) simFlush(r *http.Request) (any, error) {
	if err := s.Flush(); err != nil {
		return nil, err
	}
	return s.simClock(r)
}

func (s *Server) simAuthCode(r *http.Request) (any, error) {
	var q struct {
		AppID  string `json:"app_id"`
		UserID string `json:"user_id"`
		Scope  string `json:"scope"`
	}
	if err := readControl(r, &q); err != nil {
		return nil, err
	}
	if q.AppID == "" {
		q.AppID = s.cfg.Apps[0].AppID
	}
	code, err := s.IssueAuthCode(q.AppID, q.UserID)
	if errors.Is(err, errNoBuyer) {
		return nil, badControl(err.Error())
	}
	return map[string]string{"auth_code": code}, err
}

func (s *Server) simFaults(*http.Request) (any, error) {
	return map[string]any{"faults": s.faults.all()}, nil
}

func (s *Server) simAddFault(r *http.Request) (any, error) {
	var f Fault
	if err := readControl(r, &f); err != nil {
		return nil, err
	}
	return s.addFault(f)
}

func (s *Server) addFault(f Fault) (any, error) {
	added, err := s.faults.add(f)
	if err != nil {
		return nil, badControl(err.Error())
	}
	return added, nil
}

// AddFault appends to the fault script, as POST /sim/faults does.
func (s *Server) AddFault(f Fault) (Fault, error) { return s.faults.add(f) }

// ClearFaults empties the fault script.
func (s *Server) ClearFaults() { s.faults.remove("") }

func (s *Server) simRemoveFaults(r *http.Request) (any, error) {
	return map[string]int{"removed": s.faults.remove(r.PathValue("id"))}, nil
}

// maxPage bounds one page of a list.
const maxPage = 1000

func pageOf(r *http.Request) (after uint64, limit int, err error) {
	q := r.URL.Query()
	limit = maxPage
	if text := q.Get("after"); text != "" {
		if after, err = strconv.ParseUint(text, 10, 63); err != nil {
			return 0, 0, badControl("after: a number")
		}
	}
	if text := q.Get("limit"); text != "" {
		if limit, err = strconv.Atoi(text); err != nil || limit < 1 {
			return 0, 0, badControl("limit: 1 to 1000")
		}
	}
	return after, min(limit, maxPage), nil
}

func (s *Server) simBook(r *http.Request) (any, error) {
	after, limit, err := pageOf(r)
	if err != nil {
		return nil, err
	}
	entries := s.book.After(after, limit)
	return map[string]any{"entries": entries, "last_seq": s.book.Len()}, nil
}

func (s *Server) simTotals(*http.Request) (any, error) { return s.book.Totals(), nil }

func (s *Server) simCalls(*http.Request) (any, error) {
	return map[string]any{"calls": s.journal.recent()}, nil
}
