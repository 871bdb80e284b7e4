package alipaysim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// serveGateway answers gateway.do.
func (s *Server) serveGateway(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
		return
	}
	if r.URL.Query().Get("service") == "notify_verify" {
		s.serveNotifyVerify(w, r)
		return
	}
	req, err := readRequest(r)
	if err != nil {
		s.answer(w, r, &call{}, nil, invalid("isv.invalid-parameter", "请求无法解析"))
		return
	}
	c, fail := s.admit(req)
	c.base = s.baseURL(r)
	if s.isPage(c) {
		s.servePage(w, r, c, fail)
		return
	}
	if fail != nil {
		s.answer(w, r, c, nil, fail)
		return
	}
	result, fail := s.execute(c)
	s.answer(w, r, c, result, fail)
}

// execute runs a checked call under the fault script: some faults replace the
// execution, others only spoil its answer.
func (s *Server) execute(c *call) (any, *failure) {
	outTradeNo, tradeNo := c.subject()
	c.fault = s.faults.forCall(c.app.AppID, c.method, outTradeNo, tradeNo)
	if c.fault != nil && c.fault.before() {
		return nil, c.fault.failure()
	}
	s.mu.Lock()
	result, fail := c.op.run(s, c)
	s.mu.Unlock()
	if err := s.settle(); err != nil {
		return nil, unavailable()
	}
	if c.fault != nil {
		if instead := c.fault.failure(); instead != nil {
			return nil, instead
		}
	}
	return result, fail
}

// subject peeks at the numbers a call is about, to address faults and to keep the journal.
func (c *call) subject() (outTradeNo, tradeNo string) {
	var peek struct {
		OutTradeNo scalar `json:"out_trade_no"`
		TradeNo    scalar `json:"trade_no"`
	}
	if json.Unmarshal(c.biz, &peek) != nil {
		return "", ""
	}
	return string(peek.OutTradeNo), string(peek.TradeNo)
}

// answer seals a result or a failure and writes it as the fault script wants it.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, c *call, result any, fail *failure) {
	content, err := compose(result, fail)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	method := c.method
	if c.op.run == nil || (fail != nil && c.op.oldErrors) {
		method = "" // nobody knows what was asked, or the API answers as old ones do
	}
	out := reply{node: responseNode(method), content: content, charset: c.charset, aesKey: c.sealKey, key: s.signer(c.app)}
	out.unsigned = fail != nil && fail.unsigned
	s.journal.note(s.now(), c, fail)
	if c.fault != nil {
		s.answerWithFault(w, r, c, out)
		return
	}
	body, err := out.seal()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	s.writeReply(w, c.charset, s.faults.swap(nil, doorClassic, body))
}

func (s *Server) writeReply(w http.ResponseWriter, charset string, body []byte) {
	if _, ok := charsetOf(charset); !ok {
		charset = "utf-8"
	}
	w.Header().Set("Content-Type", "text/html;charset="+charset)
	w.Header().Set("Trace_id", s.throwaway("trace"))
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(body)
}

// serveNotifyVerify is the legacy way to ask whether a notification is genuine.
func (s *Server) serveNotifyVerify(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	s.mu.Lock()
	notice := s.world.notices[query.Get("notify_id")]
	s.mu.Unlock()
	genuine := notice != nil && s.apps[notice.AppID] != nil &&
		slices.Contains(s.apps[notice.AppID].sellers(), query.Get("partner"))
	_, _ = fmt.Fprint(w, genuine)
}

// answerPageError is how page APIs fail: an HTML page in GBK, the code without isv.
func (s *Server) answerPageError(w http.ResponseWriter, fail *failure) {
	code := strings.TrimPrefix(fail.SubCode, "isv.")
	page := "<!DOCTYPE html><html><head><meta charset=\"GBK\"><title>支付宝 - 调试错误</title></head><body>" +
		"<h2>调试错误，请回到请求来源地，重新发起请求。</h2><p>错误代码 " + escapeHTML(code) +
		"</p><p>错误原因: " + fail.SubMsg + "</p></body></html>"
	if !strings.Contains(fail.SubMsg, "&amp;") {
		page = strings.Replace(page, fail.SubMsg, escapeHTML(fail.SubMsg), 1)
	}
	w.Header().Set("Content-Type", "text/html;charset=GBK")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(fromUTF8("gbk", page)))
}

// baseURL is how the outside reaches this simulator.
func (s *Server) baseURL(r *http.Request) string {
	if s.cfg.BaseURL != "" {
		return strings.TrimSuffix(s.cfg.BaseURL, "/")
	}
	return "http://" + r.Host
}
