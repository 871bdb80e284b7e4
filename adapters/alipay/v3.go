package alipay

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// v3Algorithm opens the Authorization header of OpenAPI v3.
const v3Algorithm = "ALIPAY-SHA256withRSA"

// v3Wire is OpenAPI v3: one path per API, JSON both ways, signatures in
// headers. Codes are translated to the classic ones, so that one table serves.
type v3Wire struct{ origin string }

// v3Message is what is signed of a request.
type v3Message struct {
	method string // upper case
	target string // path with query, exactly as sent
	body   string
}

func (w v3Wire) request(a *App, call Call) (*http.Request, error) {
	message, err := v3MessageOf(call)
	if err != nil {
		return nil, err
	}
	contentType := "application/json"
	if a.config.EncryptContent && message.body != "" {
		message.body, contentType = a.ring.aes.encrypt([]byte(message.body)), "text/plain"
	}
	nonce := a.config.Nonce()
	authorization, err := a.v3Authorization(message, nonce, call.AppAuthToken)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(message.method, w.origin+message.target, strings.NewReader(message.body)) //nolint:noctx // the context joins in send
	if err != nil {
		return nil, fmt.Errorf("%w: %s", ErrConfig, call.Method)
	}
	request.Header.Set("Authorization", authorization)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Alipay-Request-Id", nonce)
	if message.body != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if contentType == "text/plain" {
		request.Header.Set("Alipay-Encrypt-Type", "AES")
	}
	if a.ring.app != nil {
		request.Header.Set("Alipay-Root-Cert-Sn", a.ring.app.rootSerial)
	}
	if call.AppAuthToken != "" {
		request.Header.Set("Alipay-App-Auth-Token", call.AppAuthToken)
	}
	return request, nil
}

// v3Authorization signs the message. The pairs stand in the order they are
// signed in; sign is last.
func (a *App) v3Authorization(message v3Message, nonce, appAuthToken string) (string, error) {
	pairs := "app_id=" + a.config.AppID
	if a.ring.app != nil {
		pairs += ",app_cert_sn=" + a.ring.app.serial
	}
	pairs += ",nonce=" + nonce + ",timestamp=" + strconv.FormatInt(a.config.Now().UnixMilli(), 10)
	sign, err := signText(a.ring.signer, []byte(v3StringToSign(pairs, message, appAuthToken)))
	return v3Algorithm + " " + pairs + ",sign=" + sign, err
}

// v3StringToSign ends every line with a line feed, the last one included.
func v3StringToSign(pairs string, message v3Message, appAuthToken string) string {
	text := pairs + "\n" + message.method + "\n" + message.target + "\n" + message.body + "\n"
	if appAuthToken != "" {
		text += appAuthToken + "\n"
	}
	return text
}

// v3MessageOf maps a call to its path. Two APIs are GETs.
func v3MessageOf(call Call) (v3Message, error) {
	message := v3Message{method: http.MethodPost, target: "/v3/" + strings.ReplaceAll(call.Method, ".", "/")}
	content := []byte("{}")
	var err error
	switch {
	case call.Biz != nil:
		content, err = json.Marshal(call.Biz)
	case call.Params != nil:
		content, err = json.Marshal(call.Params, json.Deterministic(true))
	}
	if err != nil {
		return message, fmt.Errorf("alipay: body of %s: %w", call.Method, err)
	}
	switch call.Method {
	case MethodBillDownloadURL:
		message.method = http.MethodGet
		query, err := v3Query(content)
		message.target += "?" + query
		return message, err
	case MethodComplaintQuery:
		var request ComplaintQueryRequest
		err := json.Unmarshal(content, &request)
		message.method = http.MethodGet
		message.target = "/v3/alipay/merchant/tradecomplain/" + url.PathEscape(request.ComplainEventID)
		return message, err
	}
	if call.NotifyURL != "" { // v3 has no public parameters: it moves into the body
		quoted, err := jsontext.AppendQuote(nil, call.NotifyURL)
		if err != nil {
			return message, err
		}
		separator := ","
		if string(content) == "{}" {
			separator = ""
		}
		content = append(append(content[:len(content)-1], separator+`"notify_url":`...), append(quoted, '}')...)
	}
	message.body = string(content)
	return message, nil
}

// v3Query turns a flat JSON object into a query, in order of name.
func v3Query(content []byte) (string, error) {
	values := map[string]string{}
	if err := json.Unmarshal(content, &values); err != nil {
		return "", err
	}
	fields := make([]field, 0, len(values))
	for name, value := range values {
		fields = append(fields, field{name, value})
	}
	sortFields(fields)
	return string(appendQuery(nil, fields)), nil
}

// v3Error is the body of every refusal.
type v3Error struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (v3Wire) read(a *App, call Call, r reply, result *Result) (answer, error) {
	succeeded := r.status == http.StatusOK || r.status == http.StatusAccepted
	read, unread := a.readV3(call, r)
	var refusal v3Error
	if !succeeded && unread == nil {
		_, unread = read.members.decode(&refusal)
		result.Code, result.SubCode, result.SubMsg = v3Code(r.status, refusal.Code), refusal.Code, refusal.Message
	}
	var err error
	if result.KeyVersion, err = a.verifyV3(r); err != nil {
		unsigned := r.header.Get("Alipay-Signature") == ""
		if succeeded || !unsigned || !a.config.TrustUnsignedV3Errors {
			return answer{}, err
		}
	}
	switch {
	case !succeeded && refusal.Code == "":
		return answer{}, fmt.Errorf("%w: %d", ErrUnexpectedStatus, r.status)
	case !succeeded:
		return answer{}, nil
	case unread != nil:
		return answer{}, unread
	}
	result.Code = codeSuccess
	if r.status == http.StatusAccepted {
		result.Code = codePending // taken, to be asked for again
	}
	read.head.Code = result.Code
	return read, nil
}

// readV3 opens and reads a body that nobody has verified yet. A refusal may
// come in the clear although the request was encrypted.
func (a *App) readV3(call Call, r reply) (answer, error) {
	body := r.body
	if a.config.EncryptContent && !slices.Contains(v3PlainMethods(), call.Method) {
		plain, err := a.ring.aes.decrypt(string(body))
		switch {
		case err == nil:
			body = plain
		case r.status == http.StatusOK || r.status == http.StatusAccepted:
			return answer{}, err
		}
	}
	return newAnswer(body, likeliest(body, readings(charsetOfAnswer(r.header))))
}

// v3PlainMethods are GETs: they send no body, so nothing is encrypted either way.
func v3PlainMethods() []string { return []string{MethodBillDownloadURL, MethodComplaintQuery} }

// verifyV3 checks "timestamp\nnonce\nbody\n" against the signature header.
func (a *App) verifyV3(r reply) (string, error) {
	header := r.header
	if header.Get("Alipay-Signature") == "" {
		return "", ErrSignatureMissing
	}
	serial := ""
	if a.ring.app != nil {
		if serial = header.Get("Alipay-Sn"); serial == "" {
			return "", fmt.Errorf("%w: the answer names none", ErrCertificateUnknown)
		}
	}
	message := header.Get("Alipay-Timestamp") + "\n" + header.Get("Alipay-Nonce") + "\n" + string(r.body) + "\n"
	return a.ring.verify([]byte(message), header.Get("Alipay-Signature"), serial, a.config.Now())
}

// v3Code translates a v3 error into the classic gateway code. Business codes
// are the classic sub codes; gateway codes are written in kebab case.
func v3Code(status int, code string) string {
	switch {
	case status >= http.StatusInternalServerError || strings.Contains(code, "unknow-error"):
		return codeUnknown
	case code == "app-call-limited" || code == "method-call-limited":
		return codeLimited
	case strings.Contains(code, "auth-token"):
		return codeToken
	case strings.HasPrefix(code, "insufficient-"):
		return codeForbidden
	case strings.HasPrefix(code, "missing-"):
		return codeMissing
	case strings.Contains(code, "-"):
		return codeInvalid
	}
	return codeBusiness
}
