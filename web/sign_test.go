package web_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

const signatureVersion core.Code = "signature_version"

// vector is one worked example of docs/signing-vectors.json, which was made by other code than
// ours.
type vector struct {
	Name           string
	KeyID          string `json:"key_id"`
	Secret         string
	Method         string
	Path           string
	Query          string
	ContentType    string `json:"content_type"`
	IdempotencyKey string `json:"idempotency_key"`
	Body           string
	TS             string
	Nonce          string
	Text           string
	Authorization  string
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile("../docs/signing-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Scheme, Version string
		Vectors         []vector
	}
	if err := json.Unmarshal(text, &file); err != nil || len(file.Vectors) < 10 || file.Scheme != web.SignScheme {
		t.Fatalf("%d vectors of scheme %s: %v", len(file.Vectors), file.Scheme, err)
	}
	return file.Vectors
}

// request is the vector's request before it is signed.
func (v vector) request() *http.Request {
	target := v.Path
	if v.Query != "" {
		target += "?" + v.Query
	}
	r := httptest.NewRequest(v.Method, target, strings.NewReader(v.Body))
	for name, value := range map[string]string{"Content-Type": v.ContentType, "Idempotency-Key": v.IdempotencyKey} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	return r
}

// The published examples are what we sign, to the byte, and what the server takes.
func TestSigningVectors(t *testing.T) {
	for _, v := range vectors(t) {
		seconds, err := strconv.ParseInt(v.TS, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		r := v.request()
		web.Sign(r, []byte(v.Body), v.KeyID, []byte(v.Secret), time.Unix(seconds, 0), v.Nonce)
		if got := r.Header.Get("Authorization"); got != v.Authorization {
			t.Errorf("%s:\n%s\nis published as\n%s", v.Name, got, v.Authorization)
		}
		mac := hmac.New(sha256.New, []byte(v.Secret))
		mac.Write([]byte(v.Text))
		if sign := hex.EncodeToString(mac.Sum(nil)); !strings.HasSuffix(v.Authorization, "sign="+sign) {
			t.Errorf("%s: the text's own signature is %s", v.Name, sign)
		}
		w := newWorld(t)
		w.clock.Set(time.Unix(seconds, 0))
		w.keys[v.KeyID] = web.Key{ID: v.KeyID, MerchantID: "m_a", Actor: "shop", Role: web.RoleAdmin, Mode: web.ModeSigned, Secret: []byte(v.Secret)}
		if answer := w.send(r); answer.Code == http.StatusUnauthorized {
			t.Errorf("%s: %s", v.Name, answer.Body)
		}
	}
}

// W28: what decides how a request is read, or whether it is a repeat, cannot be changed, added or
// taken away in flight.
func TestSignedHeadersHold(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	w.pay(p)
	path, body := "/v1/payments/"+p.ID+"/refunds", `{"amount_fen":100}`
	send := func(nonce string, change func(http.Header)) *httptest.ResponseRecorder {
		r := newRequest("POST", path, body, "Content-Type", "application/json", "Idempotency-Key", "refund-1")
		web.Sign(r, []byte(body), "signed_m_a", []byte(signSecret), w.clock.Now(), nonce)
		change(r.Header)
		return w.send(r)
	}
	for name, change := range map[string]func(http.Header){
		"another key":        func(h http.Header) { h.Set("Idempotency-Key", "refund-2") },
		"key cut":            func(h http.Header) { h.Set("Idempotency-Key", "refund-") },
		"key taken away":     func(h http.Header) { h.Del("Idempotency-Key") },
		"key emptied":        func(h http.Header) { h.Set("Idempotency-Key", "") },
		"key twice":          func(h http.Header) { h.Add("Idempotency-Key", "refund-1") },
		"keys joined":        func(h http.Header) { h.Set("Idempotency-Key", "refund-1, refund-1") },
		"type respelt":       func(h http.Header) { h.Set("Content-Type", "Application/JSON") },
		"type with charset":  func(h http.Header) { h.Set("Content-Type", "application/json; charset=utf-8") },
		"type taken away":    func(h http.Header) { h.Del("Content-Type") },
		"type twice":         func(h http.Header) { h.Add("Content-Type", "application/json") },
		"a line feed moved":  func(h http.Header) { h.Set("Content-Type", "application/json\nrefund-1"); h.Del("Idempotency-Key") },
		"values exchanged":   func(h http.Header) { h.Set("Content-Type", "refund-1"); h.Set("Idempotency-Key", "application/json") },
		"an empty key added": func(h http.Header) { h.Add("Idempotency-Key", "") },
	} {
		if answer := send(freshNonce, change); answer.Code != 401 || problem(t, answer).Code != unauthenticated {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
	want(t, send(freshNonce, func(http.Header) {}), 201, "")
	// The same with another nonce is the same refund; nothing that came before it made one.
	if again := send(freshNonce+"2", func(http.Header) {}); again.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("the repeat: %d %s", again.Code, again.Body)
	}
	list := decode[struct{ Data []core.RefundView }](t, w.as("m_a/viewer", "GET", "/v1/refunds", ""))
	if len(list.Data) != 1 {
		t.Errorf("%d refunds were made", len(list.Data))
	}
}

// W29: absent and empty read alike in the text; neither way round does a request anything that it
// did not do as it was signed.
func TestSignedEmptyHeadersDoNothing(t *testing.T) {
	w := newWorld(t)
	p := w.create("m_a", "wechat", "o1")
	order := `{"merchant_order_no":"o2","platform":"wechat",` + basket + `}`
	for _, c := range []struct{ name, path, body, header string }{
		{"required key", "/v1/payments/" + p.ID + "/refund-late", "", "Idempotency-Key"},
		{"optional key", "/v1/payments", order, "Idempotency-Key"},
		{"type of a body", "/v1/payments", order, "Content-Type"},
	} {
		r := newRequest("POST", c.path, c.body)
		r.Header.Del(c.header)
		web.Sign(r, []byte(c.body), "signed_m_a", []byte(signSecret), w.clock.Now(), freshNonce+c.header+strconv.Itoa(len(c.body)))
		r.Header.Set(c.header, "")
		if answer := w.send(r); answer.Code != 400 && answer.Code != 415 {
			t.Errorf("%s: %d %s", c.name, answer.Code, answer.Body)
		}
	}
	list := decode[struct{ Data []core.PaymentView }](t, w.as("m_a/viewer", "GET", "/v1/payments", ""))
	if len(list.Data) != 1 || list.Data[0].Status != core.PaymentCreated {
		t.Errorf("something was done: %+v", list.Data)
	}
}

// W30: a signature of version 1, which covers no header, does nothing, spends nothing, and is told
// what to change; whoever lacks the secret is not.
func TestSignaturesOfTheFirstVersionAreRefused(t *testing.T) {
	w := newWorld(t)
	body := `{"merchant_order_no":"o1","platform":"wechat",` + basket + `}`
	first := func(keyID, secret string) *http.Request {
		r := newRequest("POST", "/v1/payments?b=2&a=1", body)
		sum := sha256.Sum256([]byte(body))
		ts := strconv.FormatInt(w.clock.Now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write([]byte("POST\n/v1/payments\na=1&b=2\n" + ts + "\n" + freshNonce + "\n" + hex.EncodeToString(sum[:])))
		r.Header.Set("Authorization", "PMX-HMAC-SHA256 key="+keyID+",ts="+ts+",nonce="+freshNonce+",sign="+hex.EncodeToString(mac.Sum(nil)))
		return r
	}
	answer := w.send(first("signed_m_a", signSecret))
	want(t, answer, 401, signatureVersion)
	if p := problem(t, answer); !strings.Contains(p.Detail, "PMX2") || !strings.Contains(p.Detail, "idempotency-key") {
		t.Errorf("what is to be changed? %s", p.Detail)
	}
	want(t, w.send(first("signed_m_a", signSecret+"x")), 401, unauthenticated)
	want(t, w.send(first("nobody", string(make([]byte, 32)))), 401, unauthenticated)
	want(t, w.send(first("m_a_admin", string(make([]byte, 32)))), 401, unauthenticated)
	list := decode[struct{ Data []core.PaymentView }](t, w.as("m_a/viewer", "GET", "/v1/payments", ""))
	if len(list.Data) != 0 {
		t.Errorf("%d payments were made", len(list.Data))
	}
	want(t, w.send(w.signed("POST", "/v1/payments", body, freshNonce, nil)), 201, "")
}

// block returns the guide's code block of a language that declares a name.
func block(t *testing.T, guide, language, name string) string {
	t.Helper()
	text, err := os.ReadFile("../docs/" + guide)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "\n```"+language+"\n")[1:] {
		if code, _, _ := strings.Cut(part, "\n```\n"); strings.Contains(code, "func "+name+"(") || strings.Contains(code, "function "+name+"(") {
			return code
		}
	}
	t.Fatalf("%s declares no %s in %s", guide, name, language)
	return ""
}

// runProgram runs a program written here and returns what it says.
func runProgram(t *testing.T, environ []string, name, source string, command ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), command[0], append(command[1:], name)...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), append(environ, "GOFLAGS=-mod=mod", "GO111MODULE=on")...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(command, " "), err, out, errs.String())
	}
	return strings.TrimSpace(string(out))
}

// withNode tells whether Node is to be used. PAYMUX_TEST_SKIP=node says aloud that there is none.
func withNode(t *testing.T) bool {
	t.Helper()
	if strings.Contains(","+os.Getenv("PAYMUX_TEST_SKIP")+",", ",node,") {
		t.Log("PAYMUX_TEST_SKIP names node: its snippets were not run")
		return false
	}
	return true
}

const goHead = `package main
import (
	"bytes"; "context"; "crypto/hmac"; "crypto/rand"; "crypto/sha256"; "encoding/hex"; "encoding/json"; "fmt"; "io"; "net/http"; "os"; "slices"; "strconv"
	"strings"; "time"
)
var _, _, _, _, _ = bytes.NewReader, context.Background, rand.Text, strconv.FormatInt, time.Now
var _, _, _ = json.Unmarshal, io.ReadAll, os.ReadFile
`

// The functions of docs/api.md make the published examples, in Go and in Node.
func TestSnippetsMakeTheVectors(t *testing.T) {
	file, err := filepath.Abs("../docs/signing-vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected []string
	for _, v := range vectors(t) {
		expected = append(expected, v.Authorization)
	}
	programs := map[string]string{"go": runProgram(t, nil, "main.go", goHead+block(t, "api.md", "go", "authorization")+`
func main() {
	text, _ := os.ReadFile(`+strconv.Quote(file)+`)
	var file struct{ Vectors []map[string]string }
	if err := json.Unmarshal(text, &file); err != nil { panic(err) }
	for _, v := range file.Vectors {
		target := "http://127.0.0.1" + v["path"]
		if v["query"] != "" { target += "?" + v["query"] }
		r, err := http.NewRequest(v["method"], target, nil)
		if err != nil { panic(err) }
		if v["content_type"] != "" { r.Header.Set("Content-Type", v["content_type"]) }
		if v["idempotency_key"] != "" { r.Header.Set("Idempotency-Key", v["idempotency_key"]) }
		fmt.Println(authorization(r, []byte(v["body"]), v["key_id"], v["secret"], v["ts"], v["nonce"]))
	}
}
`, "go", "run")}
	if withNode(t) {
		programs["node"] = runProgram(t, nil, "main.mjs", block(t, "api.md", "js", "authorization")+`
import fs from 'node:fs'
for (const v of JSON.parse(fs.readFileSync(`+strconv.Quote(file)+`)).vectors)
  console.log(authorization({ ...v, keyId: v.key_id, contentType: v.content_type, idempotencyKey: v.idempotency_key }))
`, "node")
	}
	for name, said := range programs {
		if said != strings.Join(expected, "\n") {
			t.Errorf("%s says\n%s\nand is to say\n%s", name, said, strings.Join(expected, "\n"))
		}
	}
}

// The clients of docs/merchants.md are taken by a listening server: with body and key, with a
// query, and with a key alone.
func TestClientsOfTheGuideAreTaken(t *testing.T) {
	w := newWorld(t)
	w.clock.Set(time.Now())
	server := httptest.NewServer(w.server.Handler())
	defer server.Close()
	order := func(no string) string { return `{"merchant_order_no":"` + no + `","platform":"wechat",` + basket + `}` }
	environ := []string{"PAYMUX_URL=" + server.URL, "PAYMUX_KEY_ID=signed_m_a", "PAYMUX_SECRET=" + signSecret}
	programs := map[string]string{"go": runProgram(t, environ, "main.go", goHead+block(t, "merchants.md", "go", "newRequest")+`
func call(method, path, key string, body []byte) (status int, id string) {
	r, err := newRequest(context.Background(), os.Getenv("PAYMUX_URL"), os.Getenv("PAYMUX_KEY_ID"), os.Getenv("PAYMUX_SECRET"), method, path, key, body)
	if err != nil { panic(err) }
	answer, err := http.DefaultClient.Do(r)
	if err != nil { panic(err) }
	var made struct{ ID string }
	text, _ := io.ReadAll(answer.Body)
	_ = json.Unmarshal(text, &made)
	return answer.StatusCode, made.ID
}
func main() {
	made, id := call("POST", "/v1/payments", "go-1", []byte(`+"`"+order("go-1")+"`"+`))
	read, _ := call("GET", "/v1/payments?status=created&limit=5", "", nil)
	closed, _ := call("POST", "/v1/payments/"+id+"/close", "go-2", nil)
	fmt.Println(made, read, closed)
}
`, "go", "run")}
	if withNode(t) {
		programs["node"] = runProgram(t, environ, "main.mjs", block(t, "merchants.md", "js", "paymux")+`
const made = await paymux('POST', '/v1/payments', { body: `+order("node-1")+`, idempotencyKey: 'node-1' })
const read = await paymux('GET', '/v1/payments?status=created&limit=5')
const closed = await paymux('POST', '/v1/payments/' + made.body.id + '/close', { idempotencyKey: 'node-2' })
console.log(made.status, read.status, closed.status)
`, "node")
	}
	for name, said := range programs {
		if said != "201 200 200" {
			t.Errorf("%s was answered %s", name, said)
		}
	}
}

// The example that docs/api.md shows is one of those published.
func TestSignExampleOfTheDocs(t *testing.T) {
	guide, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	v := vectors(t)[0]
	_, sign, _ := strings.Cut(v.Authorization, "sign=")
	if !strings.Contains(string(guide), "```\n"+v.Text+"\n\nsign = "+sign+"\n```") || !strings.Contains(string(guide), "`"+v.Secret+"`") {
		t.Errorf("the guide does not show %s\nsign = %s", v.Text, sign)
	}
}
