package alipay

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

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
	signType  string // what a client's SDK brings back has it; answers have not
	encrypted bool   // the node is a string of ciphertext; its quotes are signed too

	charset charset

	hasSign, hasSerial, hasSignType bool // even when empty
}

// cutEnvelope finds the signed bytes without re-serialising anything. It reads
// the members of the outer object only, so that text such as `"sign":` inside
// a field is just text; whatever has a second reading is refused (C33): a
// repeated member, a node of another method, a node beside error_response.
//
// The gateway does not always write the charset that it was asked for. The
// readings are tried in turn, those first in which all bytes are text; where
// the node begins and ends is settled by the signature over its bytes.
func cutEnvelope(method string, body []byte, declared ...charset) (envelope, error) {
	body = bytes.TrimPrefix(body, []byte(byteOrderMark)) // it is no part of what is signed
	if utf8.Valid(body) && (len(declared) == 0 || declared[0] != charsetGB) {
		return cutSkeleton(method, body, body, charsetUTF8)
	}
	var refused error
	order := readings(declared...)
	for _, clean := range [...]bool{true, false} {
		for _, c := range order {
			if _, fits := c.decode(string(body)); fits != clean {
				continue
			}
			e, err := cutSkeleton(method, c.skeleton(body), body, c)
			if err == nil || errors.Is(err, ErrAmbiguousResponse) {
				return e, err
			}
			refused = err
		}
	}
	return envelope{}, refused
}

// cutSkeleton reads skeleton, which is as long as body, and cuts body.
func cutSkeleton(method string, skeleton, body []byte, c charset) (envelope, error) {
	e := envelope{charset: c}
	decoder := lenientDecoder(blankControls(skeleton))
	if token, err := decoder.ReadToken(); err != nil || token.Kind() != '{' {
		return e, fmt.Errorf("%w: no JSON object", ErrMalformedResponse)
	}
	var seen nameSet
	for decoder.PeekKind() != '}' {
		name, err := readName(decoder, &seen)
		if err != nil {
			return e, err
		}
		value, err := decoder.ReadValue()
		if err != nil {
			return e, malformedJSON()
		}
		// The decoder may reuse its buffer; the signed bytes are taken from ours.
		end := int(decoder.InputOffset())
		if err := e.take(method, name, body[end-len(value):end]); err != nil {
			return e, err
		}
	}
	if _, err := decoder.ReadToken(); err != nil {
		return e, malformedJSON()
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
	case member == "sign_type" && value.Kind() == '"':
		return unquote(value, &e.signType, &e.hasSignType)
	case member == "alipay_cert_sn" && value.Kind() == '"':
		// of another kind it names no certificate
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

// answer is a verified and decrypted node, read as far as its names.
type answer struct {
	members  members
	head     answerHead
	oddities []string // of the head
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

// newAnswer reads a node that is written in the charset.
func newAnswer(node []byte, c charset) (answer, error) {
	if c != charsetUTF8 || !utf8.Valid(node) {
		text, _ := c.decode(string(node))
		node = []byte(text)
	}
	var a answer
	var err error
	if a.members, err = readMembers(node); err != nil {
		return a, err
	}
	a.oddities, err = a.members.decode(&a.head)
	return a, err
}
