package alipaysim

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// maxFen is the gateway's upper limit for one amount: 100,000,000 yuan.
const maxFen = 100_000_000 * 100

var errAmount = errors.New("not an amount in yuan with at most two decimals")

// yuan writes fen as the protocol does: yuan with two decimals.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

// parseYuan reads an amount of at most two decimals into fen.
func parseYuan(text string) (int64, error) {
	whole, fraction, dotted := strings.Cut(text, ".")
	if len(whole) == 0 || len(whole) > 9 || len(fraction) > 2 || (dotted && fraction == "") {
		return 0, errAmount
	}
	digits := whole + fraction + strings.Repeat("0", 2-len(fraction))
	for _, r := range digits {
		if r < '0' || r > '9' {
			return 0, errAmount
		}
	}
	fen, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || fen > maxFen {
		return 0, errAmount
	}
	return fen, nil
}

// scalar is a JSON string or number read as text: clients send amounts and
// counts either way.
type scalar string

// UnmarshalJSON accepts a string, a number or a boolean; null leaves it empty.
func (s *scalar) UnmarshalJSON(data []byte) error {
	if string(data) == "null" {
		return nil
	}
	if len(data) > 0 && data[0] == '"' {
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*s = scalar(text)
		return nil
	}
	if len(data) > 0 && (data[0] == '{' || data[0] == '[') {
		return errors.New("a text or a number is wanted")
	}
	*s = scalar(data)
	return nil
}
