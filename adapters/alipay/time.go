package alipay

import "time"

// timeLayout is how every time is written on the wire, in China time (GMT+8).
const timeLayout = "2006-01-02 15:04:05"

// chinaOffset turns UTC into China time; China has no daylight saving time.
// Shifting a UTC value gives the right digits without a time zone database.
const chinaOffset = 8 * time.Hour

// Time is an instant that travels as China wall-clock text. It does not embed
// time.Time, whose own JSON form would win over this one.
type Time struct{ Time time.Time }

// IsZero reports whether there is no time at all.
func (t Time) IsZero() bool { return t.Time.IsZero() }

// At wraps an instant for a request. Fractions of a second are dropped on the wire.
func At(t time.Time) Time { return Time{Time: t} }

// FormatTime writes an instant the way the gateway writes times.
func FormatTime(t time.Time) string { return t.UTC().Add(chinaOffset).Format(timeLayout) }

// ParseTime reads a gateway time, with or without a fraction of a second
// (gmt_refund has one), and returns the instant in UTC.
func ParseTime(text string) (time.Time, error) {
	wall, err := time.Parse(timeLayout, text)
	if err != nil {
		return time.Time{}, err
	}
	return wall.Add(-chinaOffset), nil
}

// AppendText appends the China wall-clock text.
func (t Time) AppendText(dst []byte) ([]byte, error) {
	return t.Time.UTC().Add(chinaOffset).AppendFormat(dst, timeLayout), nil
}

// MarshalText gives the China wall-clock text.
func (t Time) MarshalText() ([]byte, error) { return t.AppendText(nil) }

// UnmarshalText reads a gateway time. Text that is no time leaves the zero
// value: an odd display time must not make a verified answer worthless.
func (t *Time) UnmarshalText(text []byte) error {
	parsed, err := ParseTime(string(text))
	if err != nil {
		parsed = time.Time{}
	}
	t.Time = parsed
	return nil
}
