//go:build attack

package command_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

const (
	// throughputTime is how long each figure is measured, gatewayDelay how late the gateway
	// answers.
	throughputTime    = 4 * time.Second
	throughputClients = 64
	gatewayDelay      = 200 * time.Millisecond
)

// TestThroughput prints what one merchant's 64 clients get done by how many places there are, where
// each call of the gateway takes a fifth of a second. It asserts no times.
func TestThroughput(t *testing.T) {
	for _, engine := range []string{"sqlite", "mysql"} {
		for _, places := range []int{16, 32, 64, 128} {
			t.Run(fmt.Sprint(engine, "/", places), func(t *testing.T) {
				dsn := filepath.Join(t.TempDir(), "paymux.db")
				if engine == "mysql" {
					dsn = mariaDB(t)
				}
				s := newSite(t, engine, dsn, "")
				text, err := os.ReadFile(s.path("paymux.yaml"))
				if err != nil {
					t.Fatal(err)
				}
				s.write("paymux.yaml", fmt.Sprintf("limits: { running: %d }\n%s", places, text))
				if _, err := s.sim.AddFault(alipaysim.Fault{Method: "alipay.trade.create", Effect: "delay", DelayMS: int(gatewayDelay.Milliseconds()), Times: -1}); err != nil {
					t.Fatal(err)
				}
				a := &assault{site: s, database: engine}
				a.served = s.start()
				for _, platform := range []string{"wechat", "alipay"} {
					done, refused := a.rate(platform)
					t.Logf("%-6s %3d places, %-6s %5.0f creates a second, %d refused; memory %d MB", engine, places, platform, done, refused, a.memory())
				}
			})
		}
	}
}

// rate is how many creates a second the clients get done, and how many were refused.
func (a *assault) rate(platform string) (perSecond float64, refused int64) {
	c := client(nil, throughputClients)
	defer c.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(a.t.Context(), throughputTime)
	defer cancel()
	var done, not atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range throughputClients {
		all.Go(func() {
			for ctx.Err() == nil {
				if status := a.createOn(c, platform); status == http.StatusCreated {
					done.Add(1)
				} else {
					not.Add(1)
				}
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds(), not.Load()
}

// createOn makes an order on a platform; the one of a native channel names its buyer.
func (a *assault) createOn(c *http.Client, platform string) (status int) {
	body := fmt.Sprintf(`{"merchant_order_no":"T%d","amount_fen":100,"platform":%q,"subject":"t","payer":{"user_id":"2088000000000002"},"goods":[{"id":"g","name":"g","category":"physical","quantity":1,"price_fen":100}]}`,
		a.number.Add(1), platform)
	request, err := http.NewRequest(http.MethodPost, "http://"+a.listen+"/v1/payments", strings.NewReader(body))
	if err != nil {
		return 0
	}
	request.Header.Set("Authorization", "Bearer "+a.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := c.Do(request)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	return response.StatusCode
}
