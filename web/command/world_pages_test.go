package command_test

import (
	"encoding/json"
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// C54: a browser's return proves that it comes from Alipay, and nothing about payment: the page
// greets the buyer whatever it brings, and books nothing.
func TestC54_worldReturns(t *testing.T) {
	w := startWorld(t, false)
	app := worldApp(t, false, "http://127.0.0.1:1")
	for _, c := range worldCases(t, 4, "return_url") {
		t.Run(c.ID, func(t *testing.T) {
			back, err := app.VerifyReturn(string(c.body()))
			if (err == nil) != (c.Expect.Accept == "accept") {
				t.Fatalf("%v, want %s", err, c.Expect.Accept)
			}
			if total, _ := alipay.YuanToFen(back.TotalText); err == nil && (core.Fen(total) != c.Expect.TotalFen || back.OutTradeNo != worldOrderNo) {
				t.Errorf("%+v", back)
			}
			w := w.in(t)
			made := w.order()
			response, err := http.Get(w.base + "/return/" + path.Base(made.Action.URL) + "?" + string(c.body()))
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if p := w.see("GET", "/v1/payments/"+made.ID); response.StatusCode != http.StatusOK || p.PaidFen != 0 || p.Status == core.PaymentPaid {
				t.Errorf("%d, %s, %d fen", response.StatusCode, p.Status, p.PaidFen)
			}
		})
	}
}

// C54: the merchants' guide has a row for what my.tradePay hands to a mini-program, and says of it
// what it means.
func TestC54_worldCallbacks(t *testing.T) {
	means := map[string]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (.*) \| (ask your server|cancelled for now|your own mistake) \|`).FindAllStringSubmatch(string(fileBytes(t, "../../docs/merchants.md")), -1) {
		for code := range strings.SplitSeq(row[1], ", ") {
			means[code] = row[2]
		}
	}
	words := map[string]string{"ask_server": "ask your server", "cancelled_for_now": "cancelled for now", "merchant_error": "your own mistake"}
	for _, c := range worldCases(t, 7, "mini_callback") {
		if got := means[callbackRow(t, c.body(), means)]; got != words[c.Expect.Conclusion] {
			t.Errorf("%s: the guide says %q, want %q", c.ID, got, words[c.Expect.Conclusion])
		}
	}
}

// callbackRow finds the row of the guide's table for a callback.
func callbackRow(t *testing.T, body []byte, rows map[string]string) string {
	t.Helper()
	var callback struct {
		ResultCode   string `json:"resultCode"`
		ResultStatus string `json:"resultStatus"`
		Result       string `json:"result"`
		Error        int    `json:"error"`
	}
	if err := json.Unmarshal(body, &callback); err != nil {
		t.Fatal(err)
	}
	code := "`" + callback.ResultCode + callback.ResultStatus + "`"
	switch _, known := rows[code]; {
	case callback.Error != 0:
		return "`error`"
	case strings.Contains(callback.Result, `"isv.`):
		return "any with `isv.` in `result`"
	case !known:
		return "any other"
	}
	return code
}
