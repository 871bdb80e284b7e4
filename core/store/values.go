package store

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/paymux/paymux/core"
)

// millis is how a time is stored: milliseconds since 1970, never a zone; 0 for never (D10). The
// epoch itself, which is nobody's real time, moves by one.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	if ms := t.UnixMilli(); ms != 0 {
		return ms
	}
	return 1
}

// moment undoes millis.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func orNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }

// notNull keeps an empty blob from becoming NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// orNil gives an empty blob back as nil, and everything else as a copy.
func orNil(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Clone(b)
}

func listJSON(lines []core.Line) string {
	if len(lines) == 0 {
		return ""
	}
	return toJSON(lines)
}

func mapJSON(m map[string]string) string {
	if len(m) == 0 {
		return ""
	}
	return toJSON(m)
}

// toJSON renders a value of core, all of which JSON can say, without the HTML escapes that nobody
// reads here.
func toJSON(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return ""
	}
	return string(bytes.TrimRight(b.Bytes(), "\n"))
}

// fromJSON reads a JSON column back; "" stands for nothing.
func fromJSON(column, id, text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return &core.Error{Code: core.CodeInternal, Message: column + " of " + id + " does not hold JSON", Err: err}
	}
	return nil
}
