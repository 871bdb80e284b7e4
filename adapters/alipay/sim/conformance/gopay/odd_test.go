package gopay

import (
	"errors"
	"net/url"

	"github.com/paymux/paymux/adapters/alipay"
	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
)

// oddCase has the simulator answer as the real gateway was seen to: text in GBK
// bytes although utf-8 was asked for, and decorations of other JSON types. gopay
// cannot read the second; our client must lose nothing that decides.
func oddCase(b *bench, p party, d *draw) error {
	m, order := d.order(p.appID)
	if _, err := p.gopay.TradeCreate(ctx(), m); err != nil {
		return err
	}
	number := order.OutTradeNo
	for _, fault := range []alipaysim.Fault{
		{Effect: "gbk", SubCode: "ACQ.REASON_ILLEGAL_STATUS", Method: alipay.MethodClose},
		{Effect: "decorate", Method: alipay.MethodQuery},
		{Effect: "decorate", On: "notify"},
	} {
		fault.OutTradeNo = number
		if _, err := b.sim.AddFault(fault); err != nil {
			return err
		}
	}
	_, refused := p.ours.Close(ctx(), alipay.CloseRequest{OutTradeNo: number})
	if err := errors.Join(same("sub_code in GBK", refused.SubCode, "ACQ.REASON_ILLEGAL_STATUS"), refused.Err); err != nil {
		return err
	}
	if _, err := b.notices(); err != nil { // what earlier cases left
		return err
	}
	if _, err := b.control("/sim/trades/"+number+"/pay", nil); err != nil {
		return err
	}
	ours, r := p.ours.Query(ctx(), alipay.QueryRequest{OutTradeNo: number, QueryOptions: []string{"fund_bill_list"}})
	if err := errors.Join(done("decorated query", r), same("status", ours.TradeStatus, "TRADE_SUCCESS"),
		same("total_amount", ours.TotalAmount, order.TotalAmount)); err != nil {
		return err
	}
	got, err := b.notices()
	if err != nil || len(got) != 1 {
		return errors.Join(err, same("notifications", len(got), 1))
	}
	form, err := url.ParseQuery(got[0].body)
	return errors.Join(err, same("voucher_detail_list", form.Get("voucher_detail_list"), `""`), b.judged(p, got[0], true))
}
