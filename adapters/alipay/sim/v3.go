package alipaysim

import (
	"crypto/rsa"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// v3Tolerance is how far a v3 timestamp may be from real time; nonces are
// remembered as long.
const v3Tolerance = 10 * time.Minute

// maxNonces bounds the memory for nonces.
const maxNonces = 200_000

// nonces refuses repetitions within the tolerance.
type nonces struct {
	mu   sync.Mutex
	seen map[string]time.Time
}

func newNonces() *nonces { return &nonces{seen: map[string]time.Time{}} }

func (n *nonces) fresh(key string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if at, ok := n.seen[key]; ok && now.Sub(at) < 2*v3Tolerance {
		return false
	}
	if len(n.seen) >= maxNonces {
		for k, at := range n.seen {
			if now.Sub(at) >= 2*v3Tolerance {
				delete(n.seen, k)
			}
		}
	}
	if len(n.seen) < maxNonces {
		n.seen[key] = now
	}
	return true
}

// v3Failure is how v3 refuses: an HTTP status and a code without prefix.
type v3Failure struct {
	status        int
	code, message string
}

// serveV3 answers the REST form of the API.
func (s *Server) serveV3(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil || len(body) > maxBody {
		s.refuseV3(w, r, nil, &v3Failure{http.StatusBadRequest, "invalid-parameter", "请求无法读取"})
		return
	}
	c, bad := s.admitV3(r, body)
	if bad != nil {
		s.journal.note(s.now(), c, &failure{Code: strconv.Itoa(bad.status), SubCode: bad.code})
		s.refuseV3(w, r, nil, bad)
		return
	}
	result, fail := s.execute(c)
	s.journal.note(s.now(), c, fail)
	if c.fault != nil && s.breakV3(w, r, c.fault) {
		return
	}
	if fail != nil {
		s.refuseV3(w, r, c.fault, s.v3Refusal(fail))
		return
	}
	s.answerV3(w, r, c, result)
}

// admitV3 checks the header authentication and builds the same call that the
// classic door builds.
func (s *Server) admitV3(r *http.Request, body []byte) (*call, *v3Failure) {
	c := &call{charset: "utf-8"}
	auth, sign, bad := parseAuthorization(r.Header.Get("Authorization"))
	if bad != nil {
		return c, bad
	}
	if c.app = s.apps[auth["app_id"]]; c.app == nil {
		return c, &v3Failure{http.StatusBadRequest, "invalid-app-id", "无效的AppID参数"}
	}
	content, bad := v3Content(r, body)
	if bad != nil {
		return c, bad
	}
	if !verifyV3(c.app.public, r, auth["raw"], content, sign) {
		return c, &v3Failure{http.StatusUnauthorized, "invalid-signature", "验签出错，签名字符串与应用公钥不匹配"}
	}
	if bad := s.checkV3Envelope(c, r, auth); bad != nil {
		return c, bad
	}
	var known bool
	if c.method, c.biz, known = s.resolveV3(r, content); !known {
		return c, &v3Failure{http.StatusNotFound, "invalid-method", "不存在的接口"}
	}
	c.op = s.methods[c.method]
	return c, s.openV3Content(c, r)
}

// parseAuthorization splits `ALIPAY-SHA256withRSA a=b,…,sign=…`; raw is what was signed.
func parseAuthorization(header string) (map[string]string, string, *v3Failure) {
	rest, ok := strings.CutPrefix(header, "ALIPAY-SHA256withRSA ")
	if !ok {
		return nil, "", &v3Failure{http.StatusBadRequest, "missing-timestamp", "缺少时间戳参数"}
	}
	raw, sign, ok := strings.Cut(rest, ",sign=")
	if !ok {
		return nil, "", &v3Failure{http.StatusBadRequest, "missing-signature", "缺少签名参数"}
	}
	auth := map[string]string{"raw": raw}
	for pair := range strings.SplitSeq(raw, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(pair), "=")
		if name != "raw" {
			auth[name] = value
		}
	}
	return auth, sign, nil
}

// v3Content is the signed body: of multipart requests the field `data`.
func v3Content(r *http.Request, body []byte) ([]byte, *v3Failure) {
	media, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "multipart/form-data" {
		return body, nil
	}
	form, err := readMultipart(string(body), attributes["boundary"])
	if err != nil {
		return nil, &v3Failure{http.StatusBadRequest, "invalid-parameter", "multipart 无法解析"}
	}
	return []byte(form.Get("data")), nil
}

func verifyV3(key *rsa.PublicKey, r *http.Request, auth string, content []byte, sign string) bool {
	text := auth + "\n" + r.Method + "\n" + r.URL.RequestURI() + "\n" + string(content) + "\n"
	if token := r.Header.Get("Alipay-App-Auth-Token"); token != "" {
		text += token + "\n"
	}
	return verifyText(key, []byte(text), sign)
}

func (s *Server) checkV3Envelope(c *call, r *http.Request, auth map[string]string) *v3Failure {
	ms, err := strconv.ParseInt(auth["timestamp"], 10, 64)
	if err != nil {
		return &v3Failure{http.StatusBadRequest, "missing-timestamp", "缺少时间戳参数"}
	}
	now := s.clock.base()
	if now.Sub(time.UnixMilli(ms)).Abs() > v3Tolerance {
		return &v3Failure{http.StatusBadRequest, "invalid-timestamp", "非法的时间戳参数"}
	}
	if auth["nonce"] == "" || !s.nonces.fresh(c.app.AppID+"|"+auth["nonce"], now) {
		return &v3Failure{http.StatusBadRequest, "invalid-nonce", "nonce 缺失或重复"}
	}
	if c.app.certSN != "" {
		if fail := s.checkSerials(c.app, auth["app_cert_sn"], r.Header.Get("Alipay-Root-Cert-Sn")); fail != nil {
			return s.v3Refusal(fail)
		}
	}
	return nil
}

// resolveV3 maps a path to the classic method name and its business content.
func (s *Server) resolveV3(r *http.Request, content []byte) (string, []byte, bool) {
	method := strings.ReplaceAll(strings.TrimPrefix(r.URL.Path, "/v3/"), "/", ".")
	const complaints = "alipay.merchant.tradecomplain."
	if id, ok := strings.CutPrefix(method, complaints); ok && r.Method == http.MethodGet && !strings.Contains(id, ".") {
		biz, err := json.Marshal(map[string]string{"complain_event_id": id})
		return methodComplaint, biz, err == nil
	}
	op, known := s.methods[method]
	if !known || op.page {
		return method, nil, false
	}
	if r.Method == http.MethodGet {
		content = queryAsJSON(r.URL.Query())
	}
	return method, content, true
}

func queryAsJSON(query url.Values) []byte {
	fields := map[string]string{}
	for name := range query {
		fields[name] = query.Get(name)
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return text
}

// openV3Content decrypts the content and takes notify_url out of it.
func (s *Server) openV3Content(c *call, r *http.Request) *v3Failure {
	c.base = s.baseURL(r)
	if r.Header.Get("Alipay-Encrypt-Type") == "AES" {
		plain, err := aesDecrypt(c.app.AESKey, string(c.biz))
		if c.app.AESKey == "" || err != nil {
			return &v3Failure{http.StatusBadRequest, "decryption-error-unknown", "解密出错, 未知错误"}
		}
		c.biz, c.sealKey = plain, c.app.AESKey
	}
	var public struct {
		NotifyURL string `json:"notify_url"`
	}
	if len(c.biz) == 0 {
		c.biz = []byte("{}")
	}
	if err := json.Unmarshal(c.biz, &public); err != nil {
		return &v3Failure{http.StatusBadRequest, "illegal-json", "请求体不是合法的 JSON"}
	}
	c.notifyURL = public.NotifyURL
	return nil
}

// v3Refusal translates a classic failure.
func (s *Server) v3Refusal(fail *failure) *v3Failure {
	bad := &v3Failure{http.StatusBadRequest, strings.TrimPrefix(fail.SubCode, "isv."), fail.SubMsg}
	switch fail.Code {
	case codeBusiness:
		bad.status = s.reading().V3BusinessStatus
	case codeUnavailable:
		bad.status, bad.code = http.StatusInternalServerError, "unknow-error"
	case codePermission:
		bad.status = http.StatusUnauthorized
	case codeLimited:
		bad.status = http.StatusTooManyRequests
	case codeInsufficient:
		bad.status = http.StatusForbidden
	}
	return bad
}

// refuseV3 writes an error; errors carry no signature.
func (s *Server) refuseV3(w http.ResponseWriter, r *http.Request, f *Fault, bad *v3Failure) {
	trace := s.throwaway("trace")
	body, err := compactJSON(map[string]any{"code": bad.code, "message": bad.message,
		"links": []map[string]string{{"link": "https://open.alipay.com/api/errCheck?traceId=" + trace, "desc": "解决方案"}}})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json;charset=utf-8")
	w.Header().Set("Alipay-Trace-Id", trace)
	sendV3(w, r, f, bad.status, body)
}

func (s *Server) answerV3(w http.ResponseWriter, r *http.Request, c *call, result any) {
	body, err := compactJSON(result)
	if c.fault != nil && c.fault.Effect == effectDecorate {
		body = decorate(body)
	}
	if err == nil && c.sealKey != "" {
		var text string
		text, err = aesEncrypt(c.sealKey, body)
		body = []byte(text)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	key := s.signer(c.app)
	effect := ""
	if c.fault != nil {
		effect = c.fault.Effect
	}
	if effect == effectWrongKey {
		key.private = s.stranger()
	}
	body = s.faults.swap(c.fault, doorV3, body)
	h := w.Header()
	stampMS, nonce := strconv.FormatInt(s.now(), 10), s.throwaway("nonce")
	sign, err := signText(key.private, []byte(stampMS+"\n"+nonce+"\n"+string(body)+"\n"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h.Set("Content-Type", "application/json;charset=utf-8")
	h.Set("Alipay-Timestamp", stampMS)
	h.Set("Alipay-Nonce", nonce)
	h.Set("Alipay-Trace-Id", s.throwaway("trace"))
	if effect != effectUnsigned {
		h.Set("Alipay-Signature", sign)
	}
	if effect == effectTwoSigns {
		h.Add("Alipay-Signature", "AAAA")
	}
	if key.certSN != "" {
		h.Set("Alipay-Sn", key.certSN)
	}
	if effect == effectTamper {
		body = tamper(body)
	}
	status := http.StatusOK
	if answer, ok := result.(coded); ok {
		if code, _ := answer.resultCode(); code == codeWaiting {
			status = http.StatusAccepted
		}
	}
	sendV3(w, r, c.fault, status, body)
}

// sendV3 writes the status once, and the body as the fault wants it.
func sendV3(w http.ResponseWriter, r *http.Request, f *Fault, status int, body []byte) {
	var once sync.Once
	spoilBytes(w, r, f, body, func(part []byte) {
		once.Do(func() { w.WriteHeader(status) })
		_, _ = w.Write(part)
	})
}

// breakV3 does those faults that leave nothing of the answer.
func (s *Server) breakV3(w http.ResponseWriter, r *http.Request, f *Fault) bool {
	switch f.Effect {
	case effectReset, effectHang:
		pause(r, f.DelayMS)
		resetConnection(w)
	case effectBadGateway:
		http.Error(w, "<html><body>502 Bad Gateway</body></html>", http.StatusBadGateway)
	case effectEmpty:
		w.WriteHeader(http.StatusOK)
	default:
		return false
	}
	return true
}
