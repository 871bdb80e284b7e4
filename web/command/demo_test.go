package command_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web/command"
)

// demo is a demo started the way a person starts it, and what its output told.
type demo struct {
	t         *testing.T
	base, key string
	gateway   string // origin of the simulator
	curl      string
	out       []string
	stop      func()
}

// log collects what a command writes, for the failure's sake.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// streams is the real world with another output.
func streams(out, errs io.Writer) command.Streams {
	return command.Streams{Out: out, Err: errs, Now: time.Now, Random: rand.Reader}
}

// startDemo runs "paymux demo" on free ports and reads its output until it is ready.
func startDemo(t *testing.T, dir string) *demo {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	var errs log
	ended := make(chan int, 1)
	go func() {
		code := command.Run(ctx, []string{"demo", "--listen", "127.0.0.1:0", "--data", dir}, streams(writer, &errs))
		_ = writer.Close()
		ended <- code
	}()
	d := &demo{t: t}
	lines := bufio.NewScanner(reader)
	for d.curl == "" && lines.Scan() {
		d.out = append(d.out, lines.Text())
		d.read(strings.TrimSpace(lines.Text()))
	}
	go func() { _, _ = io.Copy(io.Discard, reader) }()
	d.stop = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the demo ended with %d\n%s", code, errs.String())
		}
	})
	t.Cleanup(d.stop)
	if d.base == "" || d.key == "" || d.gateway == "" || d.curl == "" {
		t.Fatalf("the demo did not become ready:\n%s\n%s", strings.Join(d.out, "\n"), errs.String())
	}
	return d
}

func (d *demo) read(line string) {
	if rest, ok := strings.CutPrefix(line, "paymux demo ready: "); ok {
		d.base = rest
	}
	if strings.HasPrefix(line, "curl ") {
		d.curl = line
	}
	if key := regexp.MustCompile(`pmx_\S+`).FindString(line); key != "" && d.key == "" {
		d.key = key
	}
	if address, ok := strings.CutPrefix(line, "simulated gateway "); ok {
		d.gateway = strings.TrimSuffix(address, "/gateway.do")
	}
}

// call speaks to the API, or with an absolute address to the simulator, and decodes the answer.
func (d *demo) call(method, path, body string, into any) int {
	d.t.Helper()
	address := path
	if strings.HasPrefix(path, "/") {
		address = d.base + path
	}
	request, err := http.NewRequestWithContext(d.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+d.key)
	request.Header.Set("Idempotency-Key", rand.Text())
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(text, into); err != nil {
			d.t.Fatalf("%s %s answered %s: %s", method, path, response.Status, text)
		}
	}
	return response.StatusCode
}

// flush makes the simulator deliver what it owes, and returns once it was answered.
func (d *demo) flush() {
	d.t.Helper()
	if status := d.call("POST", d.gateway+"/sim/flush", "", nil); status != http.StatusOK {
		d.t.Fatalf("flush: %d", status)
	}
}

func (d *demo) payment(id string) core.PaymentView {
	d.t.Helper()
	var view core.PaymentView
	if status := d.call("GET", "/v1/payments/"+id, "", &view); status != http.StatusOK {
		d.t.Fatalf("GET %s: %d", id, status)
	}
	return view
}

// login does what a mini-program does first, and returns the buyer's user_id.
func (d *demo) login() string {
	d.t.Helper()
	var code struct {
		AuthCode string `json:"auth_code"`
	}
	d.call("POST", d.gateway+"/sim/authcode", `{}`, &code)
	var who core.Payer
	d.call("POST", "/v1/login/alipay_mini", `{"auth_code":"`+code.AuthCode+`"}`, &who)
	if who.UserID == "" {
		d.t.Fatal("login gave no user_id")
	}
	return who.UserID
}

// create orders tea on a platform.
func (d *demo) create(platform string) core.PaymentView {
	d.t.Helper()
	payer := ""
	if platform == "alipay" {
		payer = `"payer":{"user_id":"` + d.login() + `"},`
	}
	var made core.PaymentView
	status := d.call("POST", "/v1/payments", fmt.Sprintf(`{"merchant_order_no":%q,"platform":%q,%s"amount_fen":12800,"subject":"明前龙井",`+
		`"goods":[{"id":"tea","name":"明前龙井","category":"physical.food","quantity":2,"price_fen":6400}]}`, rand.Text(), platform, payer), &made)
	if status != http.StatusCreated || made.Action == nil {
		d.t.Fatalf("create on %s: %d %+v", platform, status, made)
	}
	return made
}

// pay does what the buyer does, on the pages and by the forms that a browser would meet.
func (d *demo) pay(p core.PaymentView) {
	d.t.Helper()
	if p.Action.Type == "alipay_trade_no" {
		if status := d.call("POST", d.gateway+"/sim/trades/"+p.Action.TradeNo+"/pay", `{}`, nil); status != http.StatusOK {
			d.t.Fatalf("pay %s: %d", p.Action.TradeNo, status)
		}
		return
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	page := d.browse(browser, "GET", p.Action.URL, nil)
	_, action, fields := formOf(d.t, page.body)
	page = d.browse(browser, "POST", page.resolve(action), fields)
	method, action, fields := formOf(d.t, page.body)
	if method != "post" || !strings.HasPrefix(action, d.gateway+"/gateway.do") {
		d.t.Fatalf("the hand-off form is %s %s", method, action)
	}
	cashier := d.browse(browser, "POST", action, fields)
	_, action, fields = formOf(d.t, cashier.body)
	fields.Set("action", "pay")
	paid := d.browse(browser, "POST", cashier.resolve(action), fields)
	if !strings.Contains(paid.body, "支付成功") {
		d.t.Fatalf("the cashier says: %s", paid.body)
	}
}

type shown struct {
	at   *url.URL
	body string
}

func (s shown) resolve(reference string) string {
	u, err := s.at.Parse(reference)
	if err != nil {
		return reference
	}
	return u.String()
}

const phoneAgent = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"

func (d *demo) browse(client *http.Client, method, address string, form url.Values) shown {
	d.t.Helper()
	request, err := http.NewRequestWithContext(d.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		d.t.Fatal(err)
	}
	request.Header.Set("User-Agent", phoneAgent)
	if method == "POST" {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := client.Do(request)
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		d.t.Fatalf("%s %s: %s %v\n%s", method, address, response.Status, err, text)
	}
	return shown{response.Request.URL, string(text)}
}

// formOf reads a page's first form as a browser would.
func formOf(t *testing.T, page string) (method, action string, fields url.Values) {
	t.Helper()
	form := regexp.MustCompile(`(?s)<form ([^>]*)>(.*?)</form>`).FindStringSubmatch(page)
	if form == nil {
		t.Fatalf("no form on the page:\n%s", page)
	}
	attribute := func(text, name string) string {
		found := regexp.MustCompile(`(?:^|\s)` + name + `="([^"]*)"`).FindStringSubmatch(text)
		if found == nil {
			return ""
		}
		return html.UnescapeString(found[1])
	}
	fields = url.Values{}
	for _, input := range regexp.MustCompile(`<input ([^>]*)>`).FindAllStringSubmatch(form[2], -1) {
		kind := attribute(input[1], "type")
		if kind == "hidden" || strings.HasSuffix(strings.TrimSpace(input[1]), " checked") && kind == "radio" {
			fields.Add(attribute(input[1], "name"), attribute(input[1], "value"))
		}
	}
	return attribute(form[1], "method"), attribute(form[1], "action"), fields
}

// The main job from end to end: one payment per platform through the real wire protocol, paid by
// the notification alone, then refunded; and the next start finds it all.
func TestDemoTakesMoneyOnEveryPlatformAndRemembersIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	d := startDemo(t, dir)
	if len(d.out) == 0 || !strings.Contains(d.out[0], "starting") {
		t.Errorf("the first line is %q", d.out)
	}
	if status := d.call("GET", "/healthz", "", nil); status != http.StatusOK {
		t.Errorf("healthz: %d", status)
	}
	var ids []string
	for _, platform := range []string{"wechat", "alipay", "douyin"} {
		made := d.create(platform)
		d.pay(made)
		d.flush()
		paid := d.payment(made.ID)
		if paid.Status != core.PaymentPaid || paid.PaidFen != 12800 {
			t.Fatalf("%s: after the notification the payment is %s, %d fen", platform, paid.Status, paid.PaidFen)
		}
		var back core.RefundView
		if status := d.call("POST", "/v1/payments/"+made.ID+"/refunds", `{"amount_fen":2800,"reason":"少了一罐"}`, &back); status != http.StatusCreated {
			t.Fatalf("%s: refund: %d %+v", platform, status, back)
		}
		if now := d.payment(made.ID); back.Status != core.RefundSucceeded || now.Status != core.PaymentPartiallyRefunded || now.RefundedFen != 2800 {
			t.Errorf("%s: refund %s, payment %s with %d refunded", platform, back.Status, now.Status, now.RefundedFen)
		}
		ids = append(ids, made.ID)
	}
	waiting := d.create("wechat")
	d.checkNotifications(3)
	d.stop()

	again := startDemo(t, dir)
	if again.key != d.key {
		t.Error("the API key changed with the second start")
	}
	for _, id := range ids {
		if p := again.payment(id); p.Status != core.PaymentPartiallyRefunded {
			t.Errorf("%s is %s after the second start", id, p.Status)
		}
	}
	open := again.payment(waiting.ID)
	// The second start listens elsewhere: on a fixed address the link would be the same.
	open.Action.URL = strings.Replace(open.Action.URL, d.base, again.base, 1)
	again.pay(open)
	again.flush()
	if p := again.payment(waiting.ID); p.Status != core.PaymentPaid {
		t.Errorf("an order of the first start is %s after it was paid in the second", p.Status)
	}
}

// checkNotifications holds that money was booked by verified notifications and not by asking.
func (d *demo) checkNotifications(payments int) {
	d.t.Helper()
	var sent struct {
		Notifications []struct {
			Event string `json:"event"`
			Done  string `json:"done"`
		} `json:"notifications"`
	}
	d.call("GET", d.gateway+"/sim/notifications", "", &sent)
	accepted := 0
	for _, n := range sent.Notifications {
		if n.Done == "acked" && n.Event == "TRADE_SUCCESS" {
			accepted++
		}
	}
	if accepted < payments {
		d.t.Errorf("%d notifications of payment were accepted, want %d: %+v", accepted, payments, sent.Notifications)
	}
}

// Nothing secret in the folder may be read by others (F09).
func TestDemoFolderIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `it's: my "demo" #1 · 茶`) // no name may lead out of it
	startDemo(t, dir).stop()
	files, err := os.ReadDir(dir)
	if err != nil || len(files) < 8 || !slices.ContainsFunc(files, func(f os.DirEntry) bool { return f.Name() == "paymux.db" }) {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(f.Name(), "draft-") {
			t.Errorf("%s was left behind", f.Name())
		}
		if secret := !strings.HasPrefix(f.Name(), "paymux.db"); secret && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %04o", f.Name(), info.Mode().Perm())
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v", info.Mode(), err)
	}
}

// F08: the demo listens wherever it is told to, and says when strangers can reach it.
func TestDemoListensWhereItIsTold(t *testing.T) {
	for listen, open := range map[string]bool{"0.0.0.0:0": true, ":0": true, "[::1]:0": false, "localhost:0": false, "[::]:0": true} {
		ctx, cancel := context.WithCancel(t.Context())
		var out, errs log
		ended := make(chan int, 1)
		go func() {
			ended <- command.Run(ctx, []string{"demo", "--listen", listen, "--data", t.TempDir()}, streams(&out, &errs))
		}()
		until(t, listen+" is ready", func() bool { return strings.Contains(out.String(), "curl -s http") || errs.String() != "" })
		if told := strings.Contains(out.String(), "beyond this machine"); told != open || errs.String() != "" {
			t.Errorf("%s: %s%s", listen, &out, &errs)
		}
		if address := regexp.MustCompile(`ready: (\S+)`).FindStringSubmatch(out.String()); address != nil {
			answer, err := http.Get(address[1] + "/readyz")
			if err != nil || answer.StatusCode != http.StatusOK {
				t.Errorf("%s: %v %v", listen, answer, err)
			}
			_ = answer.Body.Close()
		}
		cancel()
		<-ended
	}
}
