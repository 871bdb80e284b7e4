package tradetest

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/channeltest"
)

// Bench implements channeltest.Control.

// Enter does what my.tradePay or a browser does: a trade that exists is shown, an order string
// entered, and a form is posted and the buyer's first try to pay fails.
func (b *Bench) Enter(action core.Action) error {
	switch {
	case action.TradeNo != "":
		return statusOf(b.get("/cashier/trade/" + action.TradeNo))
	case action.Text != "":
		content, err := json.Marshal(map[string]string{"order_string": action.Text, "action": "enter"})
		if err != nil {
			return err
		}
		return statusOf(b.post(b.server.URL+"/sim/pay", "application/json", string(content)))
	}
	form := url.Values{}
	for name, value := range action.Fields {
		form.Set(name, value)
	}
	response, err := b.post(action.URL, formType, form.Encode())
	if err != nil {
		return err
	}
	page, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	_ = response.Body.Close()
	cashier := response.Request.URL.String() // after the redirect
	if err != nil || response.StatusCode != http.StatusOK || !strings.Contains(cashier, "/cashier/") {
		return fmt.Errorf("no cashier for the form: HTTP %d: %.300s", response.StatusCode, page)
	}
	return statusOf(b.post(cashier, formType, "action=fail"))
}

// Settle makes the buyer pay.
func (b *Bench) Settle(outTradeNo string) error { return b.act(outTradeNo, "pay", nil) }

// CloseOutside closes the trade in the gateway's console.
func (b *Bench) CloseOutside(outTradeNo string) error { return b.act(outTradeNo, "close", nil) }

// RefundOutside refunds in the gateway's console.
func (b *Bench) RefundOutside(outTradeNo, outRequestNo string, fen int64) error {
	return b.act(outTradeNo, "refund", map[string]any{"amount_fen": fen, "out_request_no": outRequestNo})
}

// Trades counts the trades made under the number, by the gateway's book.
func (b *Bench) Trades(outTradeNo string) int {
	count := 0
	for _, entry := range b.entries(outTradeNo) {
		if entry.Kind == alipaysim.KindTradeCreated {
			count++
		}
	}
	return count
}

// Order is what the gateway understood of the trade's order, or false when there is no trade.
func (b *Bench) Order(outTradeNo string) (alipaysim.Order, bool) {
	for _, entry := range b.entries(outTradeNo) {
		if entry.Kind == alipaysim.KindTradeCreated && entry.Order != nil {
			return *entry.Order, true
		}
	}
	return alipaysim.Order{}, false
}

// RefundedFen sums what went back, by the gateway's book.
func (b *Bench) RefundedFen(outTradeNo string) int64 {
	var sum int64
	for _, entry := range b.entries(outTradeNo) {
		if entry.Kind == alipaysim.KindRefunded {
			sum += entry.AmountFen
		}
	}
	return sum
}

// Advance moves the simulator's clock, which is the application's too.
func (b *Bench) Advance(d time.Duration) { b.Sim.Clock().Advance(d) }

// Calls counts the requests so far.
func (b *Bench) Calls() int { return b.Wire.Calls() }

// NextFault spoils the next request.
func (b *Bench) NextFault(fault string) error { return b.Wire.next(fault) }

// Message returns the newest notification about the trade.
func (b *Bench) Message(outTradeNo string) (channeltest.Delivery, error) {
	if err := b.Sim.Flush(); err != nil {
		return channeltest.Delivery{}, err
	}
	return b.inbox.newest(outTradeNo)
}

// Push signs fields as Alipay signs a payment notification, for messages that the simulator does
// not make. Public fields are filled in where missing.
func (b *Bench) Push(fields map[string]string) (contentType string, body []byte, err error) {
	all := map[string]string{
		"app_id": AppID, "charset": "utf-8", "version": "1.0", "sign_type": "RSA2", "notify_id": "2026112200222180000000000000000001",
		"notify_type": "trade_status_sync", "notify_time": "2026-11-22 18:00:09", "seller_id": SellerID,
	}
	maps.Copy(all, fields)
	body, err = b.Sign(all, "sign", "sign_type")
	return "application/x-www-form-urlencoded; charset=utf-8", body, err
}

// Sign makes a form of the fields and signs it with Alipay's key, leaving some out of the signed
// text.
func (b *Bench) Sign(fields map[string]string, without ...string) ([]byte, error) {
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	err := signForm(b.Wire.gateway, form, without...)
	return []byte(form.Encode()), err
}

// signForm signs all fields but those left out.
func signForm(key *rsa.PrivateKey, form url.Values, without ...string) error {
	pairs := []string{}
	for name := range form {
		if !slices.Contains(without, name) {
			pairs = append(pairs, name+"="+form.Get(name))
		}
	}
	sort.Strings(pairs)
	signature, err := sign(key, strings.Join(pairs, "&"))
	form.Set("sign", signature)
	return err
}

// entries reads the gateway's book about one number.
func (b *Bench) entries(outTradeNo string) []alipaysim.Entry {
	found := []alipaysim.Entry{}
	for after := uint64(0); ; {
		page := b.Sim.Book().After(after, 1000)
		if len(page) == 0 {
			return found
		}
		for _, entry := range page {
			if entry.OutTradeNo == outTradeNo {
				found = append(found, entry)
			}
		}
		after = page[len(page)-1].Seq
	}
}

func (b *Bench) act(outTradeNo, action string, body any) error {
	content := []byte{}
	if body != nil {
		var err error
		if content, err = json.Marshal(body); err != nil {
			return err
		}
	}
	return statusOf(b.post(b.server.URL+"/sim/trades/"+outTradeNo+"/"+action, "application/json", string(content)))
}

const formType = "application/x-www-form-urlencoded"

func (b *Bench) post(address, contentType, body string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", contentType)
	return b.server.Client().Do(request)
}

func (b *Bench) get(path string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, b.server.URL+path, nil)
	if err != nil {
		return nil, err
	}
	return b.server.Client().Do(request)
}

func statusOf(response *http.Response, err error) error {
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	_ = response.Body.Close()
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: HTTP %d: %.300s", response.Request.URL.Path, response.StatusCode, text)
	}
	return err
}

// inbox is where the simulator's notifications arrive: it keeps the newest of each trade and
// accepts them all.
type inbox struct {
	mu       sync.Mutex
	messages map[string]channeltest.Delivery
}

func newInbox() *inbox { return &inbox{messages: map[string]channeltest.Delivery{}} }

// RoundTrip receives one notification.
func (i *inbox) RoundTrip(request *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(request.Body, alipay.MaxNotification+1))
	if err != nil {
		return nil, err
	}
	_ = request.Body.Close()
	form, err := url.ParseQuery(string(body))
	if err != nil || request.URL.String() != notifyURL {
		return nil, errors.New("not a notification for this account")
	}
	i.mu.Lock()
	i.messages[form.Get("out_trade_no")] = channeltest.Delivery{
		Method: request.Method, Query: request.URL.RawQuery, Header: request.Header.Clone(), Body: body,
	}
	i.mu.Unlock()
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{}, Request: request, Body: io.NopCloser(strings.NewReader(alipay.NotifySuccess)),
	}, nil
}

func (i *inbox) newest(outTradeNo string) (channeltest.Delivery, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	found, ok := i.messages[outTradeNo]
	if !ok {
		return found, errors.New("no message about " + outTradeNo)
	}
	return found, nil
}
