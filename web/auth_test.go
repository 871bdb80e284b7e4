package web_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

const unauthenticated core.Code = "unauthenticated"

// signed makes a signed request; change may spoil it after it was signed.
func (w *world) signed(method, target, body, nonce string, change func(*http.Request)) *http.Request {
	r := newRequest(method, target, body)
	if body == "" {
		r.Header.Del("Content-Type")
	}
	web.Sign(r, []byte(body), "signed_m_a", []byte(signSecret), w.clock.Now(), nonce)
	if change != nil {
		change(r)
	}
	return r
}

const freshNonce = "nonce-0123456789abcdef"

// The string to sign, computed here by hand from the documented recipe, so that a change of the
// recipe is seen.
func TestSignRecipe(t *testing.T) {
	w := newWorld(t)
	body := `{"goods":[{"id":"g","name":"mug","category":"physical","quantity":1,"price_fen":1}]}`
	sum := sha256.Sum256([]byte(body))
	ts := strconv.FormatInt(w.clock.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte(signSecret))
	mac.Write([]byte("PMX2\nPOST\n/v1/platforms/wechat/check\na=1&b=2\n" + ts + "\n" + freshNonce + "\napplication/json; charset=utf-8\nk-1\n" + hex.EncodeToString(sum[:])))
	r := newRequest("POST", "/v1/platforms/wechat/check?b=2&a=1", body, "Content-Type", "application/json; charset=utf-8", "Idempotency-Key", "k-1",
		"Authorization", "PMX-HMAC-SHA256 key=signed_m_a,ts="+ts+",nonce="+freshNonce+",sign="+hex.EncodeToString(mac.Sum(nil)))
	want(t, w.send(r), 200, "")
}

// signSpelt signs a request well, with a timestamp that is written in another way.
func signSpelt(r *http.Request, body, ts string) {
	sum := sha256.Sum256([]byte(body))
	mac := hmac.New(sha256.New, []byte(signSecret))
	mac.Write([]byte("PMX2\n" + r.Method + "\n" + r.URL.Path + "\n\n" + ts + "\n" + freshNonce + "\n" + r.Header.Get("Content-Type") + "\n\n" + hex.EncodeToString(sum[:])))
	r.Header.Set("Authorization", "PMX-HMAC-SHA256 key=signed_m_a,ts="+ts+",nonce="+freshNonce+",sign="+hex.EncodeToString(mac.Sum(nil)))
}

// W05: whatever is changed after signing, or sent too late, too early or twice, is 401 and changes
// nothing.
func TestSignedRequests(t *testing.T) {
	body := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	header := func(f func(string) string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", f(r.Header.Get("Authorization"))) }
	}
	swap := func(old, new string) func(*http.Request) {
		return header(func(h string) string { return strings.Replace(h, old, new, 1) })
	}
	resign := func(at time.Time) func(*http.Request) {
		return func(r *http.Request) {
			web.Sign(r, []byte(body), "signed_m_a", []byte(signSecret), at, freshNonce)
		}
	}
	w := newWorld(t)
	now := w.clock.Now()
	ts := strconv.FormatInt(now.Unix(), 10)
	for name, change := range map[string]func(*http.Request){
		"no header":         func(r *http.Request) { r.Header.Del("Authorization") },
		"two headers":       func(r *http.Request) { r.Header.Add("Authorization", r.Header.Get("Authorization")) },
		"other method":      func(r *http.Request) { r.Method = "GET" },
		"other path":        func(r *http.Request) { r.URL.Path = "/v1/payments/pay_1/close" },
		"query added":       func(r *http.Request) { r.URL.RawQuery = "limit=1" },
		"old":               resign(now.Add(-301 * time.Second)),
		"future":            resign(now.Add(301 * time.Second)),
		"no timestamp":      swap("ts="+ts+",", ""),
		"timestamp respelt": swap("ts=", "ts=0"),
		"timestamp changed": swap("ts="+ts, "ts="+strconv.FormatInt(now.Unix()+1, 10)),
		"nonce changed":     swap("nonce=n", "nonce=m"),
		"nonce short":       swap(freshNonce, "short"),
		"nonce of 15": func(r *http.Request) {
			web.Sign(r, []byte(body), "signed_m_a", []byte(signSecret), now, strings.Repeat("n", 15))
		},
		"nonce of 65": func(r *http.Request) {
			web.Sign(r, []byte(body), "signed_m_a", []byte(signSecret), now, strings.Repeat("n", 65))
		},
		"nonce with a dot": func(r *http.Request) {
			web.Sign(r, []byte(body), "signed_m_a", []byte(signSecret), now, "nonce.0123456789abcdef")
		},
		"timestamp of its own": func(r *http.Request) { signSpelt(r, body, "0"+ts) },
		"timestamp with plus":  func(r *http.Request) { signSpelt(r, body, "+"+ts) },
		"nonce missing":        swap("nonce="+freshNonce+",", ""),
		"key of another":       swap("signed_m_a", "signed_m_b_x"),
		"unknown key":          swap("signed_m_a", "nobody"),
		"bearer key":           swap("signed_m_a", "m_a_admin"),
		"empty key":            swap("signed_m_a", ""),
		"signature empty":      header(func(h string) string { return h[:strings.LastIndexByte(h, '=')+1] }),
		"signature cut":        header(func(h string) string { return h[:len(h)-2] }),
		"signature twice":      header(func(h string) string { return h + "," + h[strings.LastIndex(h, "sign="):] }),
		"extra field":          header(func(h string) string { return h + ",alg=none" }),
		"other scheme":         swap("PMX-HMAC-SHA256", "PMX-NONE"),
		"signed with nothing":  func(r *http.Request) { web.Sign(r, []byte(body), "signed_m_a", nil, now, freshNonce) },
		"signed for unknown":   func(r *http.Request) { web.Sign(r, []byte(body), "nobody", make([]byte, 32), now, freshNonce) },
		"signed for bearer id": func(r *http.Request) { web.Sign(r, []byte(body), "m_a_admin", make([]byte, 32), now, freshNonce) },
		"signed other body": func(r *http.Request) {
			web.Sign(r, []byte(body+" "), "signed_m_a", []byte(signSecret), now, freshNonce)
		},
	} {
		answer := w.send(w.signed("POST", "/v1/payments", body, freshNonce, change))
		if answer.Code != 401 || answer.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
	for _, nonce := range []string{strings.Repeat("n", 16), strings.Repeat("n", 64)} {
		want(t, w.send(w.signed("GET", "/v1/channels", "", nonce, nil)), 200, "")
	}
	// None of these spent the nonce: the good request passes, in whatever case its scheme is
	// written, and only once.
	want(t, w.send(w.signed("POST", "/v1/payments", body, freshNonce, swap("PMX-HMAC-SHA256", "pmx-hmac-sha256"))), 201, "")
	want(t, w.send(w.signed("POST", "/v1/payments", body, freshNonce, nil)), 401, core.CodeReplayedNonce)
	// A query means the same in any order, so its order is not signed; what it says is.
	r := w.signed("GET", "/v1/payments?limit=2&status=created", "", freshNonce+"2", func(r *http.Request) { r.URL.RawQuery = "status=created&limit=2" })
	want(t, w.send(r), 200, "")
	r = w.signed("GET", "/v1/payments?limit=2&status=created", "", freshNonce+"3", func(r *http.Request) { r.URL.RawQuery = "status=created&limit=3" })
	want(t, w.send(r), 401, unauthenticated)
	// The edges of the window are inside it.
	for i, off := range []time.Duration{-300 * time.Second, 300 * time.Second} {
		edge := newRequest("GET", "/v1/channels", "")
		web.Sign(edge, nil, "signed_m_a", []byte(signSecret), now.Add(off), freshNonce+"edge"+strconv.Itoa(i))
		want(t, w.send(edge), 200, "")
	}
}

// A body of "{}" on a request without a body is part of what was signed.
func TestSignedEmptyObject(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	r := newRequest("POST", "/v1/payments/"+p.ID+"/close", "{}", "Idempotency-Key", "k")
	web.Sign(r, []byte("{}"), "signed_m_a", []byte(signSecret), w.clock.Now(), freshNonce)
	want(t, w.send(r), 200, "")
}

// C34: one answer for every bearer key that is not right, whether its id exists or not. W23: keys
// are opaque; a token that would choose its own algorithm is a wrong key like any other.
func TestBearerKeys(t *testing.T) {
	w := newWorld(t)
	good := w.bearer["m_a/admin"]
	cut := strings.LastIndexByte(good, '_')
	bodies := map[string]bool{}
	for _, key := range []string{
		"", good[:len(good)-1], good + "a", strings.ToUpper(good), good[:cut+1], "pmx_nobody" + good[cut:], "pmx_m_b_admin" + good[cut:], "pmx__", "sk_" + good[4:],
		"pmx_signed_m_a_" + signSecret, good[:cut+1] + strings.Repeat("a", 52),
		"eyJhbGciOiJub25lIn0.eyJtZXJjaGFudCI6Im1fYSIsInJvbGUiOiJhZG1pbiJ9.", "pmx_m_a_admin_eyJhbGciOiJub25lIn0.e30.",
	} {
		answer := w.ask("GET", "/v1/channels", "", "Authorization", "Bearer "+key)
		want(t, answer, 401, unauthenticated)
		bodies[problem(t, answer).Detail] = true
	}
	if len(bodies) != 1 {
		t.Errorf("%d different answers", len(bodies))
	}
	want(t, w.ask("GET", "/v1/channels", "", "Authorization", "bearer "+good), 200, "")
	want(t, w.ask("GET", "/v1/channels", "", "Authorization", "Basic "+good), 401, unauthenticated)
	want(t, w.ask("GET", "/v1/channels?key="+good, ""), 401, unauthenticated)
}

func TestKeysExpire(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"m_a_viewer", "signed_m_a"} {
		k := w.keys[id]
		k.Expires = w.clock.Now().Add(time.Minute)
		w.keys[id] = k
	}
	want(t, w.as("m_a/viewer", "GET", "/v1/channels", ""), 200, "")
	w.clock.Advance(time.Minute)
	want(t, w.as("m_a/viewer", "GET", "/v1/channels", ""), 401, unauthenticated)
	want(t, w.send(w.signed("GET", "/v1/channels", "", freshNonce, nil)), 401, unauthenticated)
}

// F04: a key whose secret is empty or short is no key, though anybody could compute its signature.
func TestEmptySecretProvesNothing(t *testing.T) {
	w := newWorld(t)
	for _, secret := range [][]byte{nil, {}, []byte("short")} {
		w.keys["signed_m_a"] = web.Key{ID: "signed_m_a", MerchantID: "m_a", Role: web.RoleAdmin, Mode: web.ModeSigned, Secret: secret}
		r := newRequest("GET", "/v1/channels", "")
		web.Sign(r, nil, "signed_m_a", secret, w.clock.Now(), freshNonce)
		want(t, w.send(r), 401, unauthenticated)
	}
	w.keys["hollow"] = web.Key{ID: "hollow", MerchantID: "m_a", Role: web.RoleAdmin, Mode: web.ModeBearer}
	want(t, w.ask("GET", "/v1/channels", "", "Authorization", "Bearer pmx_hollow_"), 401, unauthenticated)
}

// A key is used in its own mode alone, whatever else stands beside it: what a signed key's secret
// hashes to opens nothing, nor does a bearer key sign.
func TestKeysAreOfOneMode(t *testing.T) {
	w := newWorld(t)
	const text = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst"
	for mode, want := range map[web.KeyMode][2]int{web.ModeSigned: {401, 200}, web.ModeBearer: {200, 401}, "": {401, 401}, "both": {401, 401}} {
		w.keys["odd"] = web.Key{
			ID: "odd", MerchantID: "m_a", Actor: "odd", Role: web.RoleAdmin, Mode: mode, SecretHash: sha256.Sum256([]byte(text)), Secret: []byte(signSecret),
		}
		bearer := w.ask("GET", "/v1/channels", "", "Authorization", "Bearer pmx_odd_"+text)
		r := newRequest("GET", "/v1/channels", "")
		// of its own: one that is spent would be refused for that
		nonce := fmt.Sprintf("%032x", sha256.Sum256([]byte("of mode "+mode)))[:32]
		web.Sign(r, nil, "odd", []byte(signSecret), w.clock.Now(), nonce)
		if signed := w.send(r); bearer.Code != want[0] || signed.Code != want[1] {
			t.Errorf("mode %q: as bearer %d, signed %d", mode, bearer.Code, signed.Code)
		}
	}
}
