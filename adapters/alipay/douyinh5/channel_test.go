package douyinh5_test

import (
	"testing"

	"github.com/paymux/paymux/adapters/alipay/douyinh5"
	alipaytrade "github.com/paymux/paymux/adapters/alipay/trade"
	"github.com/paymux/paymux/adapters/alipay/trade/tradetest"
	"github.com/paymux/paymux/core"
)

// The suite holds the channel and its receiver to C01, C02, C03, C05, C07, C15, C16, C17, C20, C22,
// C24, C25, C26, C27, C31, C32, C39, G01, G02, G03, G04, G05, G06, G07, G08, G10, G11, G12, G14,
// G17, I11, S01 and S11 on this wire; core/channeltest says where.
func TestChannel(t *testing.T) {
	tradetest.Run(t, douyinh5.ID, func(apps alipaytrade.Apps) core.PaymentChannel { return douyinh5.New(apps) }, "close", "refund", "instalments")
}
