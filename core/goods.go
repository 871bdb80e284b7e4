package core

import (
	"slices"
	"strings"
)

// Line is one line of goods. Refunds and the ledger speak of lines by LineID, and one payment can
// hold lines of several orders of the merchant.
type Line struct {
	LineID          string `json:"line_id"`
	MerchantOrderNo string `json:"merchant_order_no,omitempty"`
	GoodsID         string `json:"id"`
	Name            string `json:"name"`
	// Category is "physical", "virtual", "service", or a dotted sub-category such as
	// "physical.food".
	Category string `json:"category"`
	Quantity int64  `json:"quantity"`
	PriceFen Fen    `json:"price_fen"`
}

// MaxLines is the most lines one payment may have: a gateway that is told the goods sets an end to
// their number.
const MaxLines = 150

// RootCategories are the three roots of the category tree.
func RootCategories() []string { return []string{"physical", "virtual", "service"} }

// RootCategory returns the part before the first dot, and whether it is a known root.
func RootCategory(category string) (string, bool) {
	root, _, _ := strings.Cut(category, ".")
	return root, slices.Contains(RootCategories(), root)
}

// TotalOf sums quantity times price over lines with checked arithmetic. It fails with CodeInvalid,
// and all Mistakes, when a line has no positive quantity, a negative price, an unknown category, or
// the sum leaves the range (A03, A09).
func TotalOf(lines []Line) (Fen, error) {
	if len(lines) == 0 || len(lines) > MaxLines {
		return 0, invalid("goods", "1 to %d goods lines are needed", MaxLines)
	}
	var wrong mistakes
	var total Fen
	for i, l := range lines {
		if l.Quantity < 1 {
			wrong.note(invalid(lineField(i, "quantity"), "must be at least 1"))
		}
		if l.PriceFen < 0 {
			wrong.note(invalid(lineField(i, "price_fen"), "must not be negative"))
		}
		if _, ok := RootCategory(l.Category); !ok {
			wrong.note(invalid(lineField(i, "category"), "must begin with physical, virtual or service"))
		}
		if len(wrong) > 0 {
			continue // what is left has no sum
		}
		cost, ok := l.PriceFen.Times(l.Quantity)
		if ok {
			total, ok = total.Add(cost)
		}
		if !ok || total > MaxFen {
			wrong.note(invalid(lineField(i, "price_fen"), "the total exceeds %d fen", MaxFen))
		}
	}
	if err := Mistaken(wrong); err != nil {
		return 0, err
	}
	return total, nil
}

// lineField names a field of the i-th goods line.
func lineField(i int, name string) string { return "goods[" + itoa(i) + "]." + name }
