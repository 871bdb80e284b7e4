package core

import (
	"math/bits"
	"strconv"
)

// Fen is an amount of money in fen, the hundredth part of a yuan. The currency is CNY throughout;
// yuan strings exist only at a gateway's edge and in what people read.
type Fen int64

// MaxFen is the largest amount of one payment, 100,000,000.00 yuan: a limit of ours,
// which no gateway's own exceeds.
const MaxFen Fen = 10_000_000_000

// Add returns f+g, or ok=false when the sum leaves the range [-MaxFen*1000, MaxFen*1000] in which
// every sum of ours must stay.
func (f Fen) Add(g Fen) (sum Fen, ok bool) {
	const bound = MaxFen * 1000
	if f > bound || f < -bound || g > bound || g < -bound {
		return 0, false
	}
	sum = f + g
	return sum, sum <= bound && sum >= -bound
}

// Times returns f multiplied by n, or ok=false when either is negative or the product exceeds
// MaxFen.
func (f Fen) Times(n int64) (product Fen, ok bool) {
	if f < 0 || n < 0 || f > MaxFen {
		return 0, false
	}
	if n != 0 && f > MaxFen/Fen(n) {
		return 0, false
	}
	return f * Fen(n), true
}

// Yuan prints the amount for people, "88.88"; never for a gateway, whose adapter owns its own
// format.
func (f Fen) Yuan() string {
	sign := ""
	u := uint64(f)
	if f < 0 {
		sign, u = "-", -u
	}
	cents := strconv.FormatUint(u%100, 10)
	if len(cents) == 1 {
		cents = "0" + cents
	}
	return sign + strconv.FormatUint(u/100, 10) + "." + cents
}

// Allocate splits total over weights so that the parts sum to total exactly: each part is rounded
// down and the fen left over go one each to the largest remainders, earlier parts first. It returns
// nil when a weight is negative, all weights are zero, or total or the weights are so large that
// the arithmetic could overflow.
func Allocate(total Fen, weights []int64) []Fen {
	var sum int64
	for _, w := range weights {
		if w < 0 || w > int64(MaxFen) {
			return nil
		}
		sum += w
	}
	if sum == 0 || sum > int64(MaxFen) || total < 0 || total > MaxFen {
		return nil
	}
	parts := make([]Fen, len(weights))
	remainders := make([]uint64, len(weights))
	left := total
	for i, w := range weights {
		parts[i], remainders[i] = shareOf(uint64(total), uint64(w), uint64(sum))
		left -= parts[i]
	}
	for ; left > 0; left-- {
		best := 0
		for i := range remainders {
			if remainders[i] > remainders[best] {
				best = i
			}
		}
		parts[best]++
		remainders[best] = 0
	}
	return parts
}

// shareOf returns total*weight/sum rounded down, and the remainder, in 128-bit arithmetic: total
// and weight may both be as large as MaxFen.
func shareOf(total, weight, sum uint64) (Fen, uint64) {
	hi, lo := bits.Mul64(total, weight)
	quotient, remainder := bits.Div64(hi, lo, sum)
	return Fen(quotient), remainder
}
