package alipay

import (
	"fmt"
	"slices"
)

// PageReturn is what the browser brings back to return_url. It proves that the
// address came from Alipay and nothing about payment: it has no trade status,
// and on many phones it never comes.
type PageReturn struct {
	KeyVersion string
	OutTradeNo string
	TradeNo    string
	SellerID   string
	TotalText  string // yuan text; read it with YuanToFen
}

// VerifyReturn checks the query of a visit to return_url, by the rule and the
// switches of notifications. own names the query parameters that our
// return_url had already, which the gateway does not sign.
func (a *App) VerifyReturn(rawQuery string, own ...string) (PageReturn, error) {
	if len(rawQuery) > MaxNotification {
		return PageReturn{}, fmt.Errorf("%w: over %d bytes", ErrBodyTooLarge, MaxNotification)
	}
	fields, err := parseForm(rawQuery)
	if err != nil {
		return PageReturn{}, err
	}
	signed := slices.DeleteFunc(fields, func(f field) bool { return slices.Contains(own, f.name) })
	u := Unverified{fields: signed}
	if sign := u.get("sign"); sign == "" || sign == "null" {
		return PageReturn{}, ErrSignatureMissing
	}
	if u.get("out_trade_no") == "" {
		return PageReturn{}, fmt.Errorf("%w: out_trade_no", ErrFieldMissing)
	}
	n, err := a.verifyFields(&u, a.formRule())
	if err != nil {
		return PageReturn{}, err
	}
	return PageReturn{
		KeyVersion: n.KeyVersion, OutTradeNo: n.OutTradeNo, TradeNo: n.TradeNo,
		SellerID: n.SellerID, TotalText: n.Get("total_amount"),
	}, nil
}
