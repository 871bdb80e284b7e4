package web_test

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// heldChannel is a native channel whose gateway answers when it is let, and then does what it is
// told to.
type heldChannel struct {
	channel
	asked  *atomic.Int64
	answer chan func()
}

func (h heldChannel) Pay(ctx context.Context, r core.PayRequest) core.PayResult {
	defer web.Exchanging(ctx)()
	h.asked.Add(1)
	select {
	case then := <-h.answer:
		if then != nil {
			then()
		}
		return h.channel.Pay(ctx, r)
	case <-ctx.Done():
		return core.PayResult{Answer: core.Answer{Outcome: core.OutcomeUnknown}}
	}
}

// holding is a world whose gateway holds its answers.
type holding struct {
	*world
	gateway heldChannel
	answers chan int
	number  int
}

func newHolding(t *testing.T, limits web.Limits) *holding {
	h := &holding{answers: make(chan int, 1024)}
	h.world = newWorld(t, func(o *web.Options) {
		o.Limits = limits
		cashier := o.Cashier.(*core.Cashier)
		mini, _ := cashier.Channels.Get("alipay_mini")
		page, _ := cashier.Channels.Get("wechat_h5")
		h.gateway = heldChannel{mini.Channel.(channel), &atomic.Int64{}, make(chan func())}
		channels, err := core.NewChannels(h.gateway, page.Channel)
		if err != nil {
			t.Fatal(err)
		}
		cashier.Channels, o.Channels = channels, channels
	})
	return h
}

// begin lets a merchant ask for an order, and returns when the request runs or waits.
func (h *holding) begin(merchantID, platform string) {
	h.number++
	body := fmt.Sprintf(`{"merchant_order_no":"o%d","platform":%q,"payer":{"user_id":"%s"},%s}`, h.number, platform, buyer, basket)
	go func() {
		h.answers <- h.as(merchantID+"/cashier", "POST", "/v1/payments", body, "Idempotency-Key", "").Code
	}()
	synctest.Wait()
}

// figures compares the metrics of the API's places.
func (h *holding) figures(running, waiting, exchanging int) {
	h.t.Helper()
	for name, want := range map[string]int{"running": running, "waiting": waiting, "exchanging": exchanging} {
		if got := metric(h.t, h.world, "paymux_http_"+name+`{pool="api"}`); got != strconv.Itoa(want) {
			h.t.Errorf("%s %s, want %d", got, name, want)
		}
	}
}

// W40: 200 native creates of one key are at a gateway that holds its answers. They hold none of the
// places: another key's create is done, the same key's next one too, and all of them when the
// gateway answers.
func TestW40_CallsAtTheGatewayHoldNoPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHolding(t, web.Limits{Exchanging: 512})
		for range 200 {
			h.begin("m_a", "alipay")
		}
		h.figures(0, 0, 200)
		for _, who := range []string{"m_b", "m_a"} {
			h.begin(who, "wechat")
			if len(h.answers) != 1 || <-h.answers != 201 {
				t.Fatalf("a create of %s waits for the gateway of others", who)
			}
		}
		h.begin("m_b", "alipay")
		if got := h.gateway.asked.Load(); got != 201 {
			t.Errorf("%d have reached the gateway, want the other key's too", got)
		}
		for range 201 {
			h.gateway.answer <- nil
			synctest.Wait()
			if code := <-h.answers; code != 201 {
				t.Fatalf("answered %d", code)
			}
		}
		h.figures(0, 0, 0)
	})
}

// W40: of what may be at gateways a key leaves as much as it has: the rest of its requests wait,
// and then are refused. Those of another key are done, at the gateway too.
func TestW40_CallsOfOneKeyAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHolding(t, web.Limits{Exchanging: 32})
		for range 16 + 64 + 10 {
			h.begin("m_a", "alipay")
		}
		h.figures(0, 64, 16)
		for range 10 {
			if code := <-h.answers; code != 429 {
				t.Errorf("beyond those that wait: %d", code)
			}
		}
		h.begin("m_b", "wechat")
		if len(h.answers) != 1 || <-h.answers != 201 {
			t.Error("another key's create waits")
		}
		h.begin("m_b", "alipay")
		h.figures(0, 64, 17)
		close(h.gateway.answer)
		synctest.Wait()
		h.figures(0, 0, 0)
	})
}

// W40: a panic in the transport and a gateway that never answers leave nothing held.
func TestW40_LostCallsHoldNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHolding(t, web.Limits{Running: 2})
		h.begin("m_a", "alipay")
		h.figures(0, 0, 1)
		h.gateway.answer <- func() { panic("in the transport") }
		if code := <-h.answers; code != 500 {
			t.Errorf("a panic is answered %d", code)
		}
		h.figures(0, 0, 0)
		h.begin("m_a", "alipay")
		if code := <-h.answers; code == 201 { // the time of a use case has passed
			t.Errorf("no answer of the gateway is answered %d", code)
		}
		h.figures(0, 0, 0)
	})
}
