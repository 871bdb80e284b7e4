package web

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/paymux/paymux/core"
)

// asking is a query's parameters, and all that is wrong with them: a caller mends a list's query as
// they mend a body, at once.
type asking struct {
	values map[string]string
	wrong  blame
}

// query reads the query's parameters: only known ones, each at most once and with a value, so that
// nothing is overlooked in silence. An empty filter would list everything, and whoever forgot to
// fill it in would take another order for the one they asked for.
func (c *call) query(known ...string) *asking {
	q := &asking{values: map[string]string{}}
	values, err := url.ParseQuery(c.Request().URL.RawQuery)
	if err != nil { // what could be read of it is judged all the same
		q.refuse("query", "is not well-formed")
	}
	for _, name := range known {
		switch vs := values[name]; {
		case len(vs) > 1:
			q.refuse(name, "is given twice")
		case len(vs) == 1 && vs[0] == "":
			q.refuse(name, "is empty; leave out what has no value")
		case len(vs) == 1:
			q.values[name] = vs[0]
		}
		delete(values, name)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		q.refuse(clip(name), "is not a parameter of this request")
	}
	return q
}

// refuse notes what is wrong with a parameter.
func (q *asking) refuse(name, message string) { q.wrong.add(invalidField(name, message)) }

// err tells all that is wrong, nil for nothing.
func (q *asking) err() error { return core.Mistaken(q.wrong.list) }

// one returns a parameter that is one of a few, "" for none. What is wrong with another is said of
// it.
func one[T ~string](q *asking, name string, all []T, message string) T {
	value := T(q.values[name])
	if value != "" && !slices.Contains(all, value) {
		q.refuse(name, message)
	}
	return value
}

// name returns a parameter that is made of what our ids and merchants' numbers are, "" for none.
func (q *asking) name(name, message string) string {
	value := q.values[name]
	if value != "" && (len(value) > 64 || !isName(value)) {
		q.refuse(name, message)
	}
	return value
}

// number returns a number that the merchant gave, "" for none.
func (q *asking) number(name string) string {
	return q.name(name, "has 1 to 64 ASCII letters, digits, - and _")
}

// limit returns the page's size.
func (q *asking) limit() int {
	text := q.values["limit"]
	if text == "" {
		return defaultLimit
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n < 1 || n > maxLimit {
		q.refuse("limit", "must be 1 to 100")
	}
	return int(n)
}

// moment returns a parameter that is a time, zero for none.
func (q *asking) moment(name string) time.Time {
	text := q.values[name]
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 2000 || at.Year() > 9999 {
		q.refuse(name, "is a time such as 2026-11-20T16:30:00+08:00, and a + in a query is percent-encoded")
	}
	return at.UTC()
}

// span returns two parameters that are times, of which the first is earlier.
func (q *asking) span(from, to string) (first, end time.Time) {
	first, end = q.moment(from), q.moment(to)
	if !first.IsZero() && !end.IsZero() && !first.Before(end) {
		q.refuse(to, "must be later than "+from)
	}
	return first, end
}
