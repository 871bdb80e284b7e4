package web

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"github.com/paymux/paymux/core"
)

// A cursor names the last row of a page. It is opaque to callers and proves nothing: the tenant is
// in every query, so another merchant's cursor only tells where to go on in one's own list.

// The lists whose order is creation time and id, newest first but for events.
const (
	paymentList   = "p"
	refundList    = "r"
	eventTimeList = "t"
)

// newestCursor names a row of such a list by both.
func newestCursor(list, createdAt, id string) string {
	created, err := time.Parse(time.RFC3339Nano, createdAt)
	if err != nil { // core.Stamp writes RFC 3339
		return ""
	}
	return encodeCursor(list, strconv.FormatInt(created.UnixMilli(), 10), id)
}

// newest reads a cursor of such a list; nothing for none.
func (q *asking) newest(list string) (created time.Time, id string) {
	parts := q.cursor(list, 2)
	if parts == nil {
		return time.Time{}, ""
	}
	millis, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil || millis < 0 || !isName(parts[1]) {
		q.refuse("cursor", badCursor)
	}
	return time.UnixMilli(millis).UTC(), parts[1]
}

// The lists whose order is that of their rows' ids.
const (
	eventList    = "e"
	deliveryList = "d"
)

// eventCursor names an event by its row, and in the order of time by that too.
func eventCursor(last core.Event, byTime bool) string {
	if byTime {
		return encodeCursor(eventTimeList, strconv.FormatInt(last.CreatedAt.UnixMilli(), 10), last.Row)
	}
	return encodeCursor(eventList, last.Row)
}

// last reads a cursor of such a list; "" for none.
func (q *asking) last(list string) string {
	parts := q.cursor(list, 1)
	if parts == nil {
		return ""
	}
	if !isName(parts[0]) {
		q.refuse("cursor", badCursor)
	}
	return parts[0]
}

// cursor takes the cursor of a list apart; nil for none, and for one that is no cursor of this
// list.
func (q *asking) cursor(list string, n int) []string {
	text := q.values["cursor"]
	if text == "" {
		return nil
	}
	parts, ok := decodeCursor(list, text, n)
	if !ok {
		q.refuse("cursor", badCursor)
		return nil
	}
	return parts
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

const badCursor = "is not the next_cursor of an earlier page of this list"
