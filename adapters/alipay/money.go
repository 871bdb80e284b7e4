package alipay

import (
	"fmt"
	"strconv"
)

// MaxAmount is the largest amount one trade may have: 100,000,000.00 yuan.
const MaxAmount Amount = 100_000_000_00

// Amount is money in integer fen. In requests and answers it travels as yuan
// text with two decimals; as a Go value it is never anything but fen.
type Amount int64

// String gives the yuan text, such as "88.88".
func (a Amount) String() string { return FenToYuan(int64(a)) }

// AppendText appends the yuan text, as requests carry it.
func (a Amount) AppendText(dst []byte) ([]byte, error) { return appendYuan(dst, int64(a)), nil }

// MarshalText gives the yuan text, as requests carry it.
func (a Amount) MarshalText() ([]byte, error) { return a.AppendText(nil) }

// UnmarshalText reads yuan text of an answer: up to two decimals, which is
// what the field descriptions promise ("at most 2 decimals"), and an optional
// minus sign. Empty text is zero, since some answers send empty amounts.
func (a *Amount) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = 0
		return nil
	}
	fen, err := parseYuan(string(text), 0, true)
	if err == nil {
		*a = Amount(fen)
	}
	return err
}

// UnmarshalJSON reads the text, or a number as it is written: without a sign or
// an exponent, up to two decimals. The value never passes through a float.
func (a *Amount) UnmarshalJSON(raw []byte) error {
	switch {
	case string(raw) == "null":
		*a = 0
		return nil
	case raw[0] == '"':
		text, err := unquoteText(raw)
		if err != nil {
			return err
		}
		return a.UnmarshalText([]byte(text))
	}
	fen, err := parseYuan(string(raw), 0, false)
	if err == nil {
		*a = Amount(fen)
	}
	return err
}

// FenToYuan writes fen as yuan with exactly two decimals: 8888 is "88.88".
func FenToYuan(fen int64) string { return string(appendYuan(nil, fen)) }

// YuanToFen reads an amount of a signed message strictly: the grammar is
// ^(0|[1-9]\d{0,8})\.\d{2}$ and nothing else, no sign, no exponent, no blank,
// no digit that is not ASCII. The error never repeats the text.
func YuanToFen(yuan string) (int64, error) { return parseYuan(yuan, maxDecimals, false) }

func appendYuan(dst []byte, fen int64) []byte {
	magnitude := uint64(fen)
	if fen < 0 {
		dst = append(dst, '-')
		magnitude = -magnitude
	}
	dst = strconv.AppendUint(dst, magnitude/100, 10)
	cents := magnitude % 100
	return append(dst, '.', byte('0'+cents/10), byte('0'+cents%10))
}

// maxDecimals is what the protocol writes: a hundredth of a yuan is one fen.
const maxDecimals = 2

// parseYuan checks length and grammar before it computes anything, so that no
// input can cost more than its own first dozen bytes.
func parseYuan(text string, minDecimals int, signed bool) (int64, error) {
	const maxWhole = 9
	negative := signed && len(text) > 0 && text[0] == '-'
	if negative {
		text = text[1:]
	}
	whole := 0
	for whole < len(text) && isDigit(text[whole]) && whole <= maxWhole {
		whole++
	}
	if whole == 0 || whole > maxWhole || (whole > 1 && text[0] == '0') {
		return 0, errAmount("whole yuan")
	}
	decimals := 0
	if whole < len(text) {
		decimals = len(text) - whole - 1
		if text[whole] != '.' || decimals == 0 || decimals > maxDecimals {
			return 0, errAmount("decimals")
		}
	}
	if decimals < minDecimals {
		return 0, errAmount("decimals")
	}
	var fen int64
	for i := range whole {
		fen = fen*10 + int64(text[i]-'0')
	}
	for i := range 2 {
		fen *= 10
		if i < decimals {
			digit := text[whole+1+i]
			if !isDigit(digit) {
				return 0, errAmount("decimals")
			}
			fen += int64(digit - '0')
		}
	}
	if negative {
		fen = -fen
	}
	return fen, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func errAmount(part string) error {
	return fmt.Errorf("%w: %s are not as the protocol writes them", ErrMalformedAmount, part)
}
