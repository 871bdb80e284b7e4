package core

import "time"

// Archived is what stays of an order that was final for long and has left the database: it cannot
// be changed any more, and none of its numbers is anybody else's.
type Archived struct {
	PaymentID       string
	MerchantID      string
	MerchantOrderNo string
	Archive         string // the id of the archive that holds the order
	At              time.Time
}

// SetArchived puts what key found in place of an order.
func (v View) SetArchived(k Key, a *Archived) { v.archived[k] = a }

// Archived returns what is left of the order that key names and that has left for an archive, or
// nil.
func (v View) Archived(k Key) *Archived {
	if a := v.archived[k]; a != nil {
		c := *a
		return &c
	}
	return nil
}

// gone is the error for an order that v does not have under k: CodeArchived, or CodeNotFound with
// the words.
func (v View) gone(k Key, notFound string) *Error {
	a := v.Archived(k)
	if a == nil {
		return Errorf(CodeNotFound, "%s", notFound)
	}
	e := Errorf(CodeArchived, "payment %s has been final for so long that it was moved to archive %s; nothing can be done with it any more", a.PaymentID, a.Archive)
	e.PaymentID = a.PaymentID
	return e
}
