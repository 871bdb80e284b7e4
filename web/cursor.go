package web

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
)

// A cursor names the last row of a page. It is opaque to callers and proves nothing: the tenant is in every query, so another merchant's cursor only
// tells where to go on in one's own list.

// The lists whose order is creation time and id, newest first.
const (
	paymentList = "p"
	refundList  = "r"
)

// newestCursor names a row of such a list by both.
func newestCursor(list, createdAt, id string) string {
	created, err := time.Parse(time.RFC3339Nano, createdAt)
	if err != nil { // core.Stamp writes RFC 3339
		return ""
	}
	return encodeCursor(list, strconv.FormatInt(created.UnixMilli(), 10), id)
}

func readNewestCursor(list, cursor string) (created time.Time, id string, err error) {
	if cursor == "" {
		return time.Time{}, "", nil
	}
	parts, ok := decodeCursor(list, cursor, 2)
	if !ok {
		return time.Time{}, "", badCursor()
	}
	millis, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || millis < 0 || !isName(parts[1]) {
		return time.Time{}, "", badCursor()
	}
	return time.UnixMilli(millis).UTC(), parts[1], nil
}

// eventCursor names an event by its row.
func eventCursor(last core.Event) string { return encodeCursor("e", last.Row) }

func readEventCursor(cursor string) (row string, err error) {
	if cursor == "" {
		return "", nil
	}
	parts, ok := decodeCursor("e", cursor, 1)
	if !ok || !isName(parts[0]) {
		return "", badCursor()
	}
	return parts[0], nil
}

func encodeCursor(parts ...string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(parts, "|")))
}

func decodeCursor(list, cursor string, n int) ([]string, bool) {
	if len(cursor) > 256 {
		return nil, false
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(text), "|")
	if err != nil || len(parts) != n+1 || parts[0] != list {
		return nil, false
	}
	return parts[1:], true
}

func badCursor() error {
	return invalidField("cursor", "is not the next_cursor of an earlier page of this list")
}
