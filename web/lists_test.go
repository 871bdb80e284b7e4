package web

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
)

// W42: a page of a list ends at 1 MiB, whatever its rows hold: walking it by its cursors shows each
// row once, and one that is larger by itself is shown alone.
func TestW42_PagesOfListsEndAtAMebibyte(t *testing.T) {
	var rows []string
	for i := range 100 {
		rows = append(rows, strconv.Itoa(i)+strings.Repeat("x", 30<<10))
	}
	rows[70] += strings.Repeat("y", 2<<20)
	const limit = 100
	seen, pages := 0, 0
	for rest := rows; ; pages++ {
		page, err := listOf(rest, limit, strconv.Itoa)
		if err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(page)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > maxListBytes+256 && len(page.Data) > 1 {
			t.Errorf("a page of %d rows has %d bytes", len(page.Data), len(text))
		}
		for i, row := range page.Data {
			if !strings.HasPrefix(string(row), `"`+strconv.Itoa(seen+i)+"x") {
				t.Fatalf("row %d is %.9s", seen+i, row)
			}
		}
		seen += len(page.Data)
		if page.NextCursor == nil {
			break
		}
		last, err := strconv.Atoi(*page.NextCursor)
		if err != nil || last != len(page.Data)-1 {
			t.Fatalf("the cursor is %s behind %d rows", *page.NextCursor, len(page.Data))
		}
		rest = rest[last+1:]
	}
	if seen != len(rows) || pages < 3 || pages > 6 {
		t.Errorf("%d rows on %d pages", seen, pages+1)
	}
	full, err := listOf(rows[:3], 3, strconv.Itoa)
	if err != nil || full.NextCursor == nil || *full.NextCursor != "2" {
		t.Errorf("a full page of %d rows has the cursor %v (%v)", len(full.Data), full.NextCursor, err)
	}
	if short, _ := listOf(rows[:2], 3, strconv.Itoa); short.NextCursor != nil {
		t.Error("the last page has a cursor")
	}
}
