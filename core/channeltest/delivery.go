package channeltest

import "github.com/paymux/paymux/core"

// Delivery is one message of the gateway as HTTP brings it: nothing of it has been read.
type Delivery struct {
	Method string
	Query  string              // raw
	Header map[string][]string // by canonical names
	Body   []byte
}

// message is the delivery as the web layer hands it to core.
func (d Delivery) message() core.Message {
	return core.Message{Method: d.Method, RawQuery: d.Query, Header: d.Header, Body: d.Body, Kind: core.MessageTrade}
}

// Variant is a message that differs from a true one.
type Variant struct {
	Name string // what was done to it
	Delivery
}

// Forgery is a message that must not be believed.
type Forgery struct {
	Kind Kind
	Variant
}

// Kind is a way of a message to be false.
type Kind string

// The kinds. Harness.Forges says which of them a gateway's protocol can have.
const (
	// Unsigned: there is no signature, or nothing that can be one (C01, C02).
	Unsigned Kind = "unsigned"
	// AlteredField: what the body says is not what was signed: changed, emptied, dropped, doubled,
	// or added to (C03).
	AlteredField Kind = "altered field"
	// AlteredHeader: a header that is signed, or that says by what, is not the one that was sent
	// (C55).
	AlteredHeader Kind = "altered header"
	// ForeignKey: validly signed by a key that is not the account's (C05).
	ForeignKey Kind = "foreign key"
	// ForeignAccount: truly the gateway's, and meant for another account (C07).
	ForeignAccount Kind = "foreign account"
	// Replay: it was true, and comes again when it is too old (C12).
	Replay Kind = "replay"
	// Malformed: no message of this gateway, whatever its signature: another method, shape, address
	// or size (C26).
	Malformed Kind = "malformed"
)

// kinds lists them all, and those that every signed protocol can have.
func kinds() (all, always []Kind) {
	always = []Kind{Unsigned, AlteredField, ForeignKey, Malformed}
	return append([]Kind{AlteredHeader, ForeignAccount, Replay}, always...), always
}
