package alipay

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// FieldError says which request field breaks which documented limit. Field is
// the wire name ("out_trade_no"); the text never repeats the value.
type FieldError struct {
	Field string
	Rule  string
}

// Error reads like "alipay: subject: must not be empty".
func (e *FieldError) Error() string { return "alipay: " + e.Field + ": " + e.Rule }

// limits collects the first broken limit of a request.
type limits struct{ err *FieldError }

// result returns the first broken limit, or nil.
func (l *limits) result() error {
	if l.err == nil {
		return nil
	}
	return l.err
}

func (l *limits) check(ok bool, field, rule string) {
	if !ok && l.err == nil {
		l.err = &FieldError{Field: field, Rule: rule}
	}
}

func (l *limits) required(field, value string, maxRunes int) {
	l.check(value != "", field, "must not be empty")
	l.optional(field, value, maxRunes)
}

func (l *limits) optional(field, value string, maxRunes int) {
	l.check(utf8.ValidString(value), field, "must be valid UTF-8")
	if len(value) > maxRunes && utf8.RuneCountInString(value) > maxRunes {
		l.check(false, field, "must have at most "+strconv.Itoa(maxRunes)+" characters")
	}
}

// number checks an identifier of the merchant's: [A-Za-z0-9_], at most 64.
func (l *limits) number(field, value string) {
	l.required(field, value, 64)
	l.check(strings.IndexFunc(value, func(r rune) bool {
		return r != '_' && (r > unicode.MaxASCII || !isUnreserved(byte(r)) || strings.ContainsRune("-.~", r))
	}) < 0, field, "may contain only ASCII letters, digits and underscores")
}

// trade checks the pair that names a trade: at least one must be given.
func (l *limits) trade(outTradeNo, tradeNo string) {
	l.check(outTradeNo != "" || tradeNo != "", "out_trade_no", "out_trade_no or trade_no must be given")
	if outTradeNo != "" {
		l.number("out_trade_no", outTradeNo)
	}
	l.optional("trade_no", tradeNo, 64)
}

// pid checks an account of Alipay's, when one is given.
func (l *limits) pid(field, value string) {
	l.check(value == "" || isPID(value), field, "must be 16 digits that begin with 2088")
}

func (l *limits) amount(field string, value Amount) {
	l.check(value >= 1, field, "must be at least 0.01 yuan")
	l.check(value <= MaxAmount, field, "must be at most 100000000.00 yuan")
}

// title checks what the buyer reads. The documentation forbids "/", "=" and
// "&"; control characters and the first two of those would let one text look
// like two fields once somebody splits it (C21).
func (l *limits) title(field, value string) {
	l.required(field, value, 256)
	l.plain(field, value)
}

func (l *limits) plain(field, value string) {
	l.check(!strings.ContainsAny(value, "/=&"), field, "must not contain / = &")
	l.check(strings.IndexFunc(value, unicode.IsControl) < 0, field, "must not contain control characters")
}

func (l *limits) address(field, value string, maxRunes int) {
	if value == "" {
		return
	}
	l.optional(field, value, maxRunes)
	parsed, err := url.Parse(value)
	l.check(err == nil && (parsed.Scheme == "https" || parsed.Scheme == "http") && parsed.Host != "" && parsed.User == nil,
		field, "must be an absolute http or https address")
}

func (l *limits) ip(field, value string) {
	if value == "" {
		return
	}
	_, err := netip.ParseAddr(value)
	l.check(err == nil, field, "must be an IPv4 or IPv6 address")
}

func (l *limits) oneOf(field, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		l.check(false, field, "must be one of "+strings.Join(allowed, ", "))
	}
}
