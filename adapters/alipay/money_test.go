package alipay

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestFenToYuan(t *testing.T) {
	for fen, yuan := range map[int64]string{
		0: "0.00", 1: "0.01", 10: "0.10", 99: "0.99", 100: "1.00", 8888: "88.88", -4: "-0.04",
		100_000_000_00: "100000000.00", math.MaxInt64: "92233720368547758.07", math.MinInt64: "-92233720368547758.08",
	} {
		if got := FenToYuan(fen); got != yuan {
			t.Errorf("FenToYuan(%d) = %q, want %q", fen, got, yuan)
		}
	}
}

func TestYuanToFen_refuses(t *testing.T) {
	for name, text := range map[string]string{
		"C08 one decimal": "10.0", "C08 exponent": "1e1", "C08 blanks": " 10.00", "C08 trailing blank": "10.00 ",
		"A06 infinity": "Inf", "A06 NaN": "NaN", "A06 hexadecimal": "0x1p-2", "A06 underscore": "1_0.00", "A06 plus": "+1.00",
		"A07 huge exponent": "1E1000000000", "A07 long": strings.Repeat("9", 1<<20) + ".00",
		"A08 full-width": "１０.00", "A08 Arabic": "١٠.00", "A08 NBSP": "10.00\u00a0", "A08 RTL mark": "\u200f10.00",
		"minus": "-1.00", "empty": "", "dot": ".", "no whole": ".50", "no decimals": "10.", "integer": "10",
		"three decimals": "1.000", "leading zero": "01.00", "ten digits": "1000000000.00", "letter decimals": "1.0a", "comma": "1,000.00",
		"two dots": "1.0.0", "NUL": "1.00\x00",
	} {
		if fen, err := YuanToFen(text); err == nil {
			t.Errorf("%s: accepted as %d", name, fen)
		} else {
			wantRefusal(t, err, ErrMalformedAmount)
		}
	}
}

func TestYuanToFen_accepts(t *testing.T) {
	for text, fen := range map[string]int64{"0.00": 0, "0.01": 1, "10.00": 1000, "88.88": 8888, "999999999.99": 99999999999} {
		if got, err := YuanToFen(text); err != nil || got != fen {
			t.Errorf("YuanToFen(%q) = %d, %v, want %d", text, got, err, fen)
		}
	}
}

// What we write is what the strict reader reads, for every amount there can be.
func TestYuanRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fen := rapid.Int64Range(0, 99_999_999_999).Draw(t, "fen")
		if back, err := YuanToFen(FenToYuan(fen)); err != nil || back != fen {
			t.Fatalf("%d came back as %d, %v", fen, back, err)
		}
	})
}

func TestAmount_readsAnswers(t *testing.T) {
	for text, fen := range map[string]Amount{"": 0, "0.1": 10, "10": 1000, "-0.04": -4, "88.88": 8888} {
		var amount Amount
		if err := amount.UnmarshalText([]byte(text)); err != nil || amount != fen {
			t.Errorf("%q read as %d, %v, want %d", text, amount, err, fen)
		}
	}
	for _, text := range []string{"1e1", "0.001", "1.", "--1", "- 1", "1_0"} {
		var amount Amount
		if err := amount.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q accepted as %d", text, amount)
		}
	}
}
