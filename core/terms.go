package core

import (
	"strings"
	"time"
)

// Shape is what a gateway documents for a text of one kind. The zero Shape lets every text pass.
type Shape struct {
	Prefix      string // what the text begins with
	Least, Most int    // how many bytes it has; a Most of 0 sets no end
	Only        string // the characters that it may hold; "" for all
	Forbidden   string // the characters that it must not hold
	// Says is what the form wants, for whoever sent another text.
	Says Words
}

// check blames a field whose text has another shape. An empty text is nobody's mistake here.
func (s Shape) check(field, text string) error {
	if text == "" {
		return nil
	}
	if !s.Fits(text) {
		return &Error{Code: CodeInvalid, Field: field, Message: s.Says.EN, Said: s.Says}
	}
	if i := strings.IndexAny(text, s.Forbidden); i >= 0 {
		return invalid(field, "must not hold %q", text[i])
	}
	return nil
}

// Fits tells whether a text has the form; Forbidden characters are another matter.
func (s Shape) Fits(text string) bool {
	return strings.HasPrefix(text, s.Prefix) && len(text) >= s.Least && (s.Most == 0 || len(text) <= s.Most) &&
		(s.Only == "" || strings.Trim(text, s.Only) == "")
}

// checkPayer blames what the account's gateway would not take for a buyer's id.
func (a Account) checkPayer(p Payer) error {
	var wrong mistakes
	wrong.note(a.UserID.check("payer.user_id", p.UserID))
	wrong.note(a.OpenID.check("payer.open_id", p.OpenID))
	wrong.note(a.PayerApp.check("payer.app_id", p.AppID))
	return Mistaken(wrong)
}

// checkSubject blames what the account's gateway would not take for the title of an order.
func (a Account) checkSubject(subject string) error {
	return a.Subject.check("subject", clean(subject))
}

// fits blames what none of the merchant's active accounts would take. Which of them serves is
// planned later, and held to its own terms then; but what fits nowhere is told with all else that
// is wrong.
func (m Merchant) fits(check func(Account) error) error {
	var first error
	for _, a := range m.Accounts {
		if !a.Active {
			continue
		}
		err := check(a)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return first
}

// patience stands in for the times of an account that is not configured: nothing ends meanwhile.
const patience = 24 * time.Hour

// termsOf is the account that an attempt pinned, for what its gateway says about time.
func (c *Cashier) termsOf(a *Attempt) Account {
	account, ok := c.Merchants.AccountByID(a.Account)
	if !ok {
		return Account{Grace: patience, RefundLag: patience}
	}
	return account
}
