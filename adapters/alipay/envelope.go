package alipay

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxResponse bounds an answer's body. The largest documented ones are a few KiB.
const maxResponse = 1 << 20

// envelope is an answer of the classic gateway, cut but not yet trusted.
type envelope struct {
	node      []byte // the raw value of the response node: exactly these bytes are signed
	isError   bool   // the node is named error_response
	sign      string
	serial    string // alipay_cert_sn, certificate mode only
	encrypted bool   // the node is a string of ciphertext; its quotes are signed too

	hasSign, hasSerial bool // even when empty
}

// cutEnvelope finds the signed bytes without re-serialising anything. It reads
// the members of the outer object only, so that text such as `"sign":` inside
// a field is just text; whatever has a second reading is refused (C33): a
// repeated member, a node of another method, a node beside error_response.
func cutEnvelope(method string, body []byte) (envelope, error) {
	var e envelope
	// Repeated names are looked for here, for the members that matter; inside the
	// node, decoding refuses them.
	decoder := jsontext.NewDecoder(bytes.NewBuffer(body), jsontext.AllowDuplicateNames(true))
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return e, fmt.Errorf("%w: no JSON object", ErrMalformedResponse)
	}
	for decoder.PeekKind() != '}' {
		name, err := decoder.ReadToken()
		if err != nil {
			return e, malformedJSON(err)
		}
		member := name.String()
		value, err := decoder.ReadValue()
		if err != nil {
			return e, malformedJSON(err)
		}
		// The decoder may reuse its buffer; the signed bytes are taken from ours.
		end := int(decoder.InputOffset())
		if err := e.take(method, member, body[end-len(value):end]); err != nil {
			return e, err
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return e, malformedJSON(err)
	}
	if rest := bytes.TrimSpace(body[decoder.InputOffset():]); len(rest) > 0 {
		return e, fmt.Errorf("%w: bytes after the object", ErrAmbiguousResponse)
	}
	if e.node == nil {
		return e, fmt.Errorf("%w: no response node", ErrMalformedResponse)
	}
	return e, nil
}

func (e *envelope) take(method, member string, value jsontext.Value) error {
	switch {
	case member == "sign":
		return unquote(value, &e.sign, &e.hasSign)
	case member == "alipay_cert_sn":
		return unquote(value, &e.serial, &e.hasSerial)
	case member == "error_response" || strings.HasSuffix(member, "_response"):
		if e.node != nil || (member != "error_response" && !isNodeOf(method, member)) {
			return fmt.Errorf("%w: unexpected node %.64q", ErrAmbiguousResponse, member)
		}
		e.node, e.isError = value, member == "error_response"
		e.encrypted = value.Kind() == '"'
		if value.Kind() != '{' && !e.encrypted {
			return fmt.Errorf("%w: the node is no object", ErrMalformedResponse)
		}
	}
	return nil
}

// isNodeOf compares without building "alipay_trade_query_response" each time.
func isNodeOf(method, member string) bool {
	base, found := strings.CutSuffix(member, "_response")
	if !found || len(base) != len(method) {
		return false
	}
	for i := range len(base) {
		if base[i] != method[i] && (base[i] != '_' || method[i] != '.') {
			return false
		}
	}
	return true
}

func unquote(value jsontext.Value, text *string, seen *bool) error {
	if *seen {
		return fmt.Errorf("%w: a member stands twice", ErrAmbiguousResponse)
	}
	*seen = true
	if value.Kind() != '"' || json.Unmarshal(value, text) != nil {
		return fmt.Errorf("%w: a member of the envelope is no text", ErrMalformedResponse)
	}
	return nil
}

func malformedJSON(err error) error {
	if strings.Contains(err.Error(), "duplicate object member name") {
		return fmt.Errorf("%w: a member stands twice", ErrAmbiguousResponse)
	}
	return fmt.Errorf("%w: not complete JSON", ErrMalformedResponse)
}

// answer is a verified and decrypted node.
type answer struct {
	node []byte
	head answerHead
}

// answerHead is what every node may carry beside its own fields.
type answerHead struct {
	Code         string `json:"code"`
	SubCode      string `json:"sub_code"`
	SubMsg       string `json:"sub_msg"`
	OutTradeNo   string `json:"out_trade_no"`
	TradeNo      string `json:"trade_no"`
	OutRequestNo string `json:"out_request_no"`
}

func newAnswer(node []byte) (answer, error) {
	a := answer{node: node}
	return a, unmarshalNode(node, &a.head)
}

func unmarshalNode(node []byte, target any) error {
	if err := json.Unmarshal(node, target); err != nil {
		return malformedJSON(err)
	}
	return nil
}
