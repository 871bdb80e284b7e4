package alipay

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// classicWire is gateway.do: public parameters in the query, business
// parameters in a form body, an envelope with a signed node in return.
type classicWire struct{}

// signedCall is a call after signing, split by where each parameter travels.
type signedCall struct {
	query []field // public parameters and sign
	body  []field // biz_content and other API parameters
}

func (classicWire) request(a *App, call Call) (*http.Request, error) {
	signed, err := a.signCall(call)
	if err != nil {
		return nil, err
	}
	address := appendQuery(append([]byte(a.gateway), '?'), signed.query)
	body := strings.NewReader(string(appendQuery(nil, signed.body)))
	request, err := http.NewRequest(http.MethodPost, string(address), body) //nolint:noctx // the context joins in send
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrConfig, call.Method)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded;charset=UTF-8")
	request.Header.Set("Accept", "application/json")
	return request, nil
}

// signCall signs exactly what will be sent, whatever way it travels.
func (a *App) signCall(call Call) (signedCall, error) {
	body, err := a.businessFields(call)
	if err != nil {
		return signedCall{}, err
	}
	query := a.publicFields(call, make([]field, 0, 16))
	all := make([]field, 0, len(query)+len(body))
	all = append(append(all, query...), body...)
	sortFields(all)
	message := appendCanonical(make([]byte, 0, canonicalSize(all)), all, requestRule())
	sign, err := signText(a.ring.signer, message)
	if err != nil {
		return signedCall{}, err
	}
	return signedCall{query: append(query, field{"sign", sign}), body: body}, nil
}

// publicFields lists the public parameters that are not empty. charset stands
// in the query because the gateway decodes the body by it.
func (a *App) publicFields(call Call, dst []field) []field {
	dst = append(dst,
		field{"app_id", a.config.AppID},
		field{"method", call.Method},
		field{"format", "JSON"},
		field{"charset", "utf-8"},
		field{"sign_type", a.config.SignType},
		field{"timestamp", FormatTime(a.timestampOf(call))},
		field{"version", "1.0"},
	)
	if a.ring.app != nil {
		dst = append(dst, field{"app_cert_sn", a.ring.app.serial}, field{"alipay_root_cert_sn", a.ring.app.rootSerial})
	}
	for _, optional := range [...]field{
		{"notify_url", call.NotifyURL},
		{"return_url", call.ReturnURL},
		{"auth_token", call.AuthToken},
		{"app_auth_token", call.AppAuthToken},
	} {
		if optional.value != "" {
			dst = append(dst, optional)
		}
	}
	return dst
}

// timestampOf is when the call says it was made.
func (a *App) timestampOf(call Call) time.Time {
	if call.SignedAt.IsZero() {
		return a.config.Now()
	}
	return call.SignedAt
}

// businessFields encodes what the call is about, encrypted when the app is so configured.
func (a *App) businessFields(call Call) ([]field, error) {
	var fields []field
	for name, value := range call.Params {
		if value != "" {
			fields = append(fields, field{name, value})
		}
	}
	sortFields(fields)
	if call.Biz == nil {
		return fields, nil
	}
	content, err := json.Marshal(call.Biz)
	if err != nil {
		return nil, fmt.Errorf("alipay: biz_content of %s: %w", call.Method, err)
	}
	if a.config.EncryptContent {
		return append(fields, field{"biz_content", a.ring.aes.encrypt(content)}, field{"encrypt_type", "AES"}), nil
	}
	return append(fields, field{"biz_content", string(content)}), nil
}

func (classicWire) read(a *App, call Call, r reply, result *Result) (answer, error) {
	if r.status != http.StatusOK {
		return answer{}, fmt.Errorf("%w: %d", ErrUnexpectedStatus, r.status)
	}
	declared := charsetOfAnswer(r.header)
	cut, err := cutEnvelope(call.Method, r.body, declared)
	if err != nil {
		return answer{}, err
	}
	if cut.encrypted {
		return a.readEncrypted(cut, declared, result)
	}
	read, err := newAnswer(cut.node, cut.charset)
	if err != nil {
		return answer{}, err
	}
	// Kept for operators even if the signature turns out missing or wrong.
	result.Code, result.SubCode, result.SubMsg = read.head.Code, read.head.SubCode, read.head.SubMsg
	if result.KeyVersion, err = a.verifyNode(cut); err != nil {
		return answer{}, err
	}
	if result.Code == "" && call.Method == MethodOAuthToken && !cut.isError {
		result.Code = codeSuccess // this API's success has no code
	}
	return read, nil
}

// readEncrypted opens the ciphertext, whose quotes are signed too. Its codes are
// kept for operators as those of a plain answer are: the gateway refuses a bad
// signature of ours encrypted and unsigned. Nothing of it is believed before the
// signature over the ciphertext is.
func (a *App) readEncrypted(cut envelope, declared charset, result *Result) (answer, error) {
	if a.ring.aes == nil {
		return answer{}, fmt.Errorf("%w: no AES key is configured", ErrDecryptionFailed)
	}
	var read answer
	node, opened := a.ring.aes.decryptJSONText(cut.node)
	if opened == nil {
		read, opened = newAnswer(node, likeliest(node, readings(declared)))
		result.Code, result.SubCode, result.SubMsg = read.head.Code, read.head.SubCode, read.head.SubMsg
	}
	var err error
	if result.KeyVersion, err = a.verifyNode(cut); err != nil {
		return answer{}, err
	}
	return read, opened
}

// verifyNode checks the signature over the raw node. In certificate mode the
// answer must say which certificate made it, and only that one is tried.
func (a *App) verifyNode(cut envelope) (string, error) {
	if cut.sign == "" {
		return "", ErrSignatureMissing
	}
	if a.ring.app != nil && cut.serial == "" {
		return "", fmt.Errorf("%w: the answer names none", ErrCertificateUnknown)
	}
	serial := cut.serial
	if a.ring.app == nil {
		serial = "" // public key mode: the name of a certificate means nothing here
	}
	return a.ring.verify(cut.node, cut.sign, serial, a.config.Now())
}
