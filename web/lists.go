package web

import "encoding/json"

// maxListBytes bounds the rows of one page. A list goes on behind the last row that fits.
const maxListBytes = 1 << 20

// list is how every list is answered: a full page has a NextCursor, and the page behind it may be
// empty; the last page has null.
type list[T any] struct {
	Data       []T     `json:"data"`
	NextCursor *string `json:"next_cursor"`
}

// listOf makes a page of what was found, of which there may be more where it is as many as were
// asked for; cursor names the row of a number. Rows that would make the page too large are left for
// the next one, but one is always shown, so that every list comes to its end.
func listOf[T any](found []T, limit int, cursor func(i int) string) (list[json.RawMessage], error) {
	page := list[json.RawMessage]{Data: []json.RawMessage{}}
	size := 0
	for _, row := range found {
		text, err := json.Marshal(row)
		if err != nil {
			return page, err
		}
		if size += len(text) + len(","); size > maxListBytes && len(page.Data) > 0 {
			break
		}
		page.Data = append(page.Data, text)
	}
	if shown := len(page.Data); shown > 0 && (shown < len(found) || shown == limit) {
		next := cursor(shown - 1)
		page.NextCursor = &next
	}
	return page, nil
}
