package alipay

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// liveApp talks over real sockets to handler.
func liveApp(t *testing.T, handler http.HandlerFunc, change func(*AppConfig)) *App {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	transport, err := NewTransport(TransportConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return newTestApp(t, func(c *AppConfig) {
		c.Gateway, c.Transport = server.URL+"/gateway.do", transport
		if change != nil {
			change(c)
		}
	})
}

// What is sent is what was signed: public parameters in the query, the rest in
// the body, and the whole verifies with the application's public key.
func TestDo_sendsWhatItSigned(t *testing.T) {
	app, gateway := answeringNode(t, MethodCreate, `{"code":"10000","out_trade_no":"T1","trade_no":"2026"}`)
	_, result := app.Create(t.Context(), CreateRequest{
		OutTradeNo: "T1", TotalAmount: 8888, Subject: "测试 + 50%", BuyerOpenID: "o1", NotifyURL: "https://pay.example.com/notify",
	})
	wantClass(t, result, Done)
	query := gateway.last.URL.Query()
	for name, want := range map[string]string{
		"app_id": testAppID, "method": MethodCreate, "charset": "utf-8", "sign_type": "RSA2", "version": "1.0",
		"timestamp": "2026-11-23 04:22:31", "notify_url": "https://pay.example.com/notify",
	} {
		if query.Get(name) != want {
			t.Errorf("query %s is %q, want %q", name, query.Get(name), want)
		}
	}
	if query.Has("biz_content") || !gateway.form.Has("biz_content") {
		t.Error("biz_content belongs into the body")
	}
	if !strings.Contains(gateway.form.Get("biz_content"), `"total_amount":"88.88"`) || !strings.Contains(gateway.form.Get("biz_content"), `"op_app_id":"`+testAppID) {
		t.Error(gateway.form.Get("biz_content"))
	}
	assertSigned(t, gateway.form)
}

// assertSigned verifies a request independently of how it was built.
func assertSigned(t *testing.T, values url.Values) {
	t.Helper()
	public, err := ParsePublicKey(testKeys(t)["app_public"])
	if err != nil {
		t.Fatal(err)
	}
	var parts []string
	for name, value := range values {
		if name != "sign" && value[0] != "" {
			parts = append(parts, name+"="+value[0])
		}
	}
	// Byte order of names; "=" sorts below every character a name has.
	for i := range parts {
		for j := i + 1; j < len(parts); j++ {
			if parts[j] < parts[i] {
				parts[i], parts[j] = parts[j], parts[i]
			}
		}
	}
	if err := (rsaVerifier{public}).verify([]byte(strings.Join(parts, "&")), decodeBase64(t, values.Get("sign"))); err != nil {
		t.Fatalf("the request does not verify: %v", err)
	}
}

// G01: nothing was sent, so it is safe to repeat.
func TestG01_nothingSent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	transport, err := NewTransport(TransportConfig{})
	if err != nil {
		t.Fatal(err)
	}
	app := newTestApp(t, func(c *AppConfig) { c.Gateway, c.Transport = "http://"+closed+"/gateway.do", transport })
	_, result := queryOne(app)
	wantClass(t, result, NotSent)
	if strings.Contains(result.Err.Error(), "sign=") {
		t.Fatalf("the error shows the request: %v", result.Err)
	}
	for name, refused := range map[string]error{
		"G01 refused":      &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED},
		"G01 unknown host": &net.DNSError{Err: "no such host", IsNotFound: true},
	} {
		t.Run(name, func(t *testing.T) {
			app := newTestApp(t, func(c *AppConfig) { c.Transport = failing{refused} })
			_, result := queryOne(app)
			wantClass(t, result, NotSent)
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, result = newTestApp(t, nil).Query(ctx, QueryRequest{OutTradeNo: "T1"})
	wantClass(t, result, NotSent)
}

type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

// G02: a TLS peer that cannot prove itself gets nothing.
func TestG02_untrustedTLS(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls.Add(1) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it will complain of our refusal
	server.StartTLS()
	defer server.Close()
	transport, err := NewTransport(TransportConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if transport.TLSClientConfig.InsecureSkipVerify || transport.Proxy != nil || !transport.DisableCompression {
		t.Fatal("the transport trusts too much")
	}
	app := newTestApp(t, func(c *AppConfig) { c.Gateway, c.Transport = server.URL+"/gateway.do", transport })
	_, result := queryOne(app)
	wantClass(t, result, NotSent)
	if calls.Load() != 0 {
		t.Fatal("the request was sent to an untrusted peer")
	}
	// The same peer, trusted by configuration, is another thing.
	trusting, err := NewTransport(TransportConfig{RootCAs: pemText("CERTIFICATE", server.Certificate().Raw)})
	if err != nil {
		t.Fatal(err)
	}
	app = newTestApp(t, func(c *AppConfig) { c.Gateway, c.Transport = server.URL+"/gateway.do", trusting })
	if _, result = queryOne(app); calls.Load() != 1 {
		t.Fatalf("%d calls: %v", calls.Load(), result.Err)
	}
	for _, broken := range []TransportConfig{{RootCAs: "x"}, {ClientCertificate: "x"}, {Proxy: "://"}} {
		if _, err := NewTransport(broken); err == nil {
			t.Errorf("%+v accepted", broken)
		}
	}
}

// G03, G04, G17: after the request is out, silence, a reset or a half answer
// is unknown, and the gateway sees it exactly once.
func TestG03_G17_sentOnceThenUnknown(t *testing.T) {
	for name, behave := range map[string]func(http.ResponseWriter, *http.Request){
		"G03 no answer in time": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
		"G04 reset after execution": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "")
		},
		"G04 reset in the middle": func(w http.ResponseWriter, _ *http.Request) {
			hijack(w, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"alipay")
		},
		"G04 garbage": func(w http.ResponseWriter, _ *http.Request) { hijack(w, "SMTP ready\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			var calls atomic.Int32
			app := liveApp(t, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				// The server notices a vanished client only after the body is read.
				_, _ = io.Copy(io.Discard, r.Body)
				behave(w, r)
			}, func(c *AppConfig) { c.Timeout = 300 * time.Millisecond })
			_, result := queryOne(app)
			wantClass(t, result, Unknown)
			if calls.Load() != 1 {
				t.Fatalf("the gateway saw the request %d times", calls.Load())
			}
		})
	}
}

func hijack(w http.ResponseWriter, text string) {
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	_, _ = buffered.WriteString(text)
	_ = buffered.Flush()
	_ = conn.Close()
}

// G17: on a kept connection that dies under the second request, Go must not
// repeat a POST the gateway may have executed.
func TestG17_noRepeatOnKeptConnection(t *testing.T) {
	var calls atomic.Int32
	good := signedAnswer(t, MethodQuery, paidNode)
	app := liveApp(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if calls.Add(1) > 1 {
			hijack(w, "")
			return
		}
		_, _ = io.WriteString(w, good)
	}, nil)
	_, result := queryOne(app)
	wantClass(t, result, Done)
	_, result = queryOne(app)
	wantClass(t, result, Unknown)
	if calls.Load() != 2 {
		t.Fatalf("the gateway saw %d requests, want 2", calls.Load())
	}
}

// G10: size and time are bounded whatever the gateway does.
func TestG10_bounds(t *testing.T) {
	t.Run("G10 100 MB body", func(t *testing.T) {
		var sent atomic.Int64
		app := liveApp(t, func(w http.ResponseWriter, _ *http.Request) {
			chunk := make([]byte, 1<<20)
			for range 100 {
				n, err := w.Write(chunk)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		}, nil)
		_, result := queryOne(app)
		wantClass(t, result, Unknown)
		wantRefusal(t, result.Err, ErrBodyTooLarge)
		if sent.Load() > 50<<20 {
			t.Fatalf("%d bytes were taken", sent.Load())
		}
	})
	t.Run("G10 gzip bomb", func(t *testing.T) {
		app := liveApp(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept-Encoding") != "" {
				t.Error("compression was asked for")
			}
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write([]byte("\x1f\x8b\x08"))
		}, nil)
		_, result := queryOne(app)
		wantClass(t, result, Unknown)
	})
	t.Run("G10 slow drip", func(t *testing.T) {
		app := liveApp(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			for r.Context().Err() == nil {
				_, _ = io.WriteString(w, " ")
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(10 * time.Millisecond):
				}
			}
		}, func(c *AppConfig) { c.Timeout = 200 * time.Millisecond })
		_, result := queryOne(app)
		wantClass(t, result, Unknown)
		if !errors.Is(result.Err, context.DeadlineExceeded) {
			t.Fatal(result.Err)
		}
	})
}

// G05: the gateway itself does not know.
func TestG05_gatewayDoesNotKnow(t *testing.T) {
	for _, node := range []string{
		`{"code":"20000","msg":"Service Currently Unavailable","sub_code":"isp.unknow-error"}`,
		`{"code":"20000","msg":"Service Currently Unavailable","sub_code":"aop.unknow-error"}`,
		`{"code":"40004","msg":"Business Failed","sub_code":"ACQ.SYSTEM_ERROR"}`,
		`{"code":"40004","msg":"Business Failed","sub_code":"AQC.SYSTEM_ERROR"}`,
		`{"code":"40004","msg":"Business Failed","sub_code":"ACQ.SOMETHING_NEW"}`,
		`{"code":"99999","msg":"?"}`,
	} {
		app, _ := answeringNode(t, MethodQuery, node)
		_, result := queryOne(app)
		wantClass(t, result, Unknown)
		wantRefusal(t, result.Err, ErrCodeUndecided)
	}
}

// G11: throttling is no verdict.
func TestG11_throttled(t *testing.T) {
	app, _ := answering(t, http.StatusTooManyRequests, "slow down")
	_, result := queryOne(app)
	wantClass(t, result, Throttled)
	app, _ = answeringNode(t, MethodQuery, `{"code":"40005","msg":"Call Limited","sub_code":"isv.app-call-limited"}`)
	_, result = queryOne(app)
	wantClass(t, result, Throttled)
	// Our own bucket refuses before anything is sent.
	app, gateway := answeringNode(t, MethodQuery, paidNode)
	app.guard = newGuard(AppConfig{AppID: testAppID, CallsPerSecond: 0.001, Burst: 1})
	_, result = queryOne(app)
	wantClass(t, result, Done)
	_, result = queryOne(app)
	wantClass(t, result, NotSent)
	wantRefusal(t, result.Err, ErrRateLimited)
	if gateway.calls != 1 {
		t.Fatalf("%d calls", gateway.calls)
	}
}

// G12: an answer about another trade is no answer.
func TestG12_answerOfAnotherRequest(t *testing.T) {
	for name, node := range map[string]string{
		"G12 other out_trade_no":      strings.Replace(paidNode, `"T1"`, `"T2"`, 1),
		"G12 no out_trade_no":         strings.Replace(paidNode, `"out_trade_no":"T1",`, ``, 1),
		"G12 refusal about another":   `{"code":"40004","sub_code":"ACQ.TRADE_NOT_EXIST","out_trade_no":"T2"}`,
		"G12 case differs":            strings.Replace(paidNode, `"T1"`, `"t1"`, 1),
		"G12 the right one elsewhere": strings.Replace(paidNode, `"out_trade_no"`, `"merchant_order_no"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			app, _ := answeringNode(t, MethodQuery, node)
			response, result := queryOne(app)
			wantClass(t, result, Unknown)
			wantRefusal(t, result.Err, ErrAnswerMismatch)
			if response.TradeStatus != "" {
				t.Fatal("the other trade's data came through")
			}
		})
	}
}

// G16: the gateway's clock is read off its Date header.
func TestG16_clockSkew(t *testing.T) {
	for _, skew := range []time.Duration{15 * time.Minute, -15 * time.Minute, 0} {
		app, gateway := answeringNode(t, MethodQuery, paidNode)
		gateway.header = http.Header{"Date": {testNow().Add(skew).Format(http.TimeFormat)}, "Trace_id": {"0a1b"}}
		var seen Exchange
		app.config.Observer = func(e Exchange) { seen = e }
		_, result := queryOne(app)
		wantClass(t, result, Done)
		if result.Skew != skew || seen.Skew != skew || result.TraceID != "0a1b" {
			t.Fatalf("skew %v and %v, want %v", result.Skew, seen.Skew, skew)
		}
		if seen.Method != MethodQuery || seen.Class != Done || seen.Code != "10000" || seen.AppID != testAppID {
			t.Fatalf("%+v", seen)
		}
	}
}

func TestClass_names(t *testing.T) {
	seen := map[string]bool{}
	for class := Unknown; class <= Invalid; class++ {
		if seen[class.String()] {
			t.Errorf("%s twice", class)
		}
		seen[class.String()] = true
	}
	if Unknown != 0 || Unknown.Final() || Pending.Final() || !Invalid.Final() || !FinalRefund.Final() || fmt.Sprint(Done) != "done" {
		t.Error("classes")
	}
}
