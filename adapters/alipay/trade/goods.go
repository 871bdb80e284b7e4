package alipaytrade

import (
	"net/netip"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// Limits of goods_detail, in characters.
const (
	maxGoodsID   = 64
	maxGoodsName = 256
)

// GoodsDetail describes the basket as Alipay shows it to the buyer and uses it for coupons. It is
// all or nothing: a list that leaves out a line would describe another basket, so a basket with a
// line outside Alipay's limits goes without.
func GoodsDetail(lines []core.Line) []alipay.GoodsDetail {
	if len(lines) > core.MaxLines {
		return nil
	}
	goods := make([]alipay.GoodsDetail, 0, len(lines))
	for _, l := range lines {
		fits := l.GoodsID != "" && len(l.GoodsID) <= maxGoodsID && l.Name != "" && l.Quantity >= 1 && int64(int(l.Quantity)) == l.Quantity &&
			l.PriceFen >= 0 && l.PriceFen <= core.MaxFen
		if !fits {
			return nil
		}
		goods = append(goods, alipay.GoodsDetail{
			GoodsID: l.GoodsID, GoodsName: truncate(l.Name, maxGoodsName), Quantity: int(l.Quantity), Price: alipay.Amount(l.PriceFen),
		})
	}
	return goods
}

// GoodsType is what the basket is to Alipay: virtual as soon as one line is, since virtual goods
// have the stricter rules (no Huabei); else physical if a line is; else not said, because services
// are neither.
func GoodsType(lines []core.Line) string {
	kind := ""
	for _, l := range lines {
		switch root, _ := core.RootCategory(l.Category); root {
		case "virtual":
			return alipay.GoodsVirtual
		case "physical":
			kind = alipay.GoodsPhysical
		}
	}
	return kind
}

// OnlyPhysical tells whether every line is physical goods.
func OnlyPhysical(lines []core.Line) bool {
	for _, l := range lines {
		if root, _ := core.RootCategory(l.Category); root != "physical" {
			return false
		}
	}
	return len(lines) > 0
}

// BusinessParams carries the buyer's address, by which Alipay judges risk and some contracts demand
// (ACQ.RISK_MERCHANT_IP_NOT_EXIST). Only a public address tells anything; our own network's is left
// out.
func BusinessParams(clientIP string) *alipay.BusinessParams {
	ip, err := netip.ParseAddr(clientIP)
	if err != nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return nil
	}
	return &alipay.BusinessParams{ClientIP: ip.Unmap().WithZone("").String()}
}
