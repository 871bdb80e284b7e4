package core

import "slices"

// Mistake is one thing wrong with a request.
type Mistake struct {
	Field   string
	Code    Code
	Message string
	Said    Words // Message in both languages, where its words come from an adapter
}

// maxMistakes bounds what is told of one request: whoever made so many has another mistake, in the
// program that makes requests.
const maxMistakes = 50

// Request is what a caller asks. Each kind knows what is wrong with it whatever the rules say and
// whatever stands in the books.
type Request interface{ checkShape(Merchant) error }

// Mistakes tells everything that is wrong with the shape of a request; nil for nothing. It stores
// nothing and asks nobody.
//
// Errors: CodeNotFound, and those of the request's own shape, with all Mistakes.
func (c *Cashier) Mistakes(merchantID string, r Request) error {
	m, err := c.merchant(merchantID)
	if err != nil {
		return err
	}
	return r.checkShape(m)
}

// Mistaken makes one error of all that is wrong with a request, nil of nothing. The first mistake
// of a field speaks for it. What is out of form goes before what is well-formed and not accepted,
// so that the error's own code is CodeInvalid while any mistake is.
func Mistaken(list []Mistake) error {
	var first, later []Mistake
	blamed := map[string]bool{}
	for _, m := range list {
		switch {
		case m.Field != "" && blamed[m.Field] || len(first)+len(later) == maxMistakes:
		case m.Code == CodeInvalid:
			first = append(first, m)
		default:
			later = append(later, m)
		}
		blamed[m.Field] = true
	}
	all := slices.Concat(first, later)
	if len(all) == 0 {
		return nil
	}
	return &Error{Code: all[0].Code, Field: all[0].Field, Message: all[0].Message, Said: all[0].Said, Mistakes: all}
}

// mistakes gathers what is wrong with a request, so that its sender mends all of it at once.
type mistakes []Mistake

// note adds what an error says is wrong, and tells whether it said anything.
func (m *mistakes) note(err error) bool {
	if err == nil {
		return false
	}
	*m = append(*m, MistakesOf(err)...)
	return true
}

// MistakesOf lists what an error blames its request for: all its mistakes, or itself as the only
// one.
func MistakesOf(err error) []Mistake {
	e, ok := err.(*Error) //nolint:errorlint // what wraps a mistake says more than the mistake
	switch {
	case err == nil:
		return nil
	case !ok:
		return []Mistake{{Code: CodeOf(err), Message: "the request is not valid"}}
	case len(e.Mistakes) > 0:
		return e.Mistakes
	default:
		return []Mistake{{Field: e.Field, Code: e.Code, Message: e.Message, Said: e.Said}}
	}
}
