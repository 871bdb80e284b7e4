package alipaysim

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"strings"
)

// signingKey is a key the gateway signs with, and in certificate mode the
// certificate that goes with it.
type signingKey struct {
	private  *rsa.PrivateKey
	certSN   string
	chainPEM string
}

// reply is an answer about to be sealed.
type reply struct {
	node    string
	content []byte // compact JSON in UTF-8
	charset string
	aesKey  string // set when the request was encrypted
	key     signingKey
	// unsigned and the fields below are set by failures and by the fault script.
	unsigned  bool
	bareSlash bool                       // leaves `/` as it is
	mangle    func(signed []byte) []byte // changes the content after signing
}

// responseNode names the node of a method's answer.
func responseNode(method string) string {
	if method == "" {
		return "error_response"
	}
	return strings.ReplaceAll(method, ".", "_") + "_response"
}

// head opens every answer but that of a successful oauth.token.
type head struct {
	Code    string `json:"code"`
	Msg     string `json:"msg"`
	SubCode string `json:"sub_code,omitempty"`
	SubMsg  string `json:"sub_msg,omitempty"`
}

// headless marks an answer that carries neither code nor msg on success.
type headless interface{ headless() }

// coded is an answer that is not always code 10000.
type coded interface{ resultCode() (code, msg string) }

// compose makes the node's content: code and msg first, then the business fields.
func compose(result any, fail *failure) ([]byte, error) {
	if fail != nil {
		h := head{Code: fail.Code, Msg: codeMessage(fail.Code), SubCode: fail.SubCode, SubMsg: fail.SubMsg}
		return joinObjects(h, fail.extra)
	}
	if _, bare := result.(headless); bare {
		return compactJSON(result)
	}
	code, msg := codeSuccess, codeMessage(codeSuccess)
	if w, ok := result.(coded); ok {
		code, msg = w.resultCode()
	}
	return joinObjects(head{Code: code, Msg: msg}, result)
}

func joinObjects(first, second any) ([]byte, error) {
	a, err := compactJSON(first)
	if err != nil || second == nil {
		return a, err
	}
	b, err := compactJSON(second)
	if err != nil {
		return nil, err
	}
	if string(b) == "{}" || string(b) == "null" {
		return a, nil
	}
	return append(append(a[:len(a)-1], ','), b[1:]...), nil
}

// compactJSON leaves non-ASCII text and HTML characters as they are.
func compactJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// seal writes {"node":…,"alipay_cert_sn":…,"sign":…} and signs the exact bytes
// of the node's value: in the request's charset, `/` escaped, or encrypted and
// then with both quotes.
func (r reply) seal() ([]byte, error) {
	content, err := r.signedContent()
	if err != nil {
		return nil, err
	}
	sign := ""
	if !r.unsigned {
		if sign, err = signText(r.key.private, content); err != nil {
			return nil, err
		}
	}
	if r.mangle != nil {
		content = r.mangle(content)
	}
	var b bytes.Buffer
	b.WriteString(`{"` + r.node + `":`)
	b.Write(content)
	if r.key.certSN != "" {
		b.WriteString(`,"alipay_cert_sn":"` + r.key.certSN + `"`)
	}
	if sign != "" {
		b.WriteString(`,"sign":"` + sign + `"`)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func (r reply) signedContent() ([]byte, error) {
	if r.aesKey != "" {
		text, err := aesEncrypt(r.aesKey, r.content)
		if err != nil {
			return nil, err
		}
		return []byte(`"` + text + `"`), nil
	}
	text := string(r.content)
	if !r.bareSlash {
		text = strings.ReplaceAll(text, "/", `\/`)
	}
	return []byte(fromUTF8(r.charset, text)), nil
}
