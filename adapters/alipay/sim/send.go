package alipaysim

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxAck bounds how much of a merchant's answer is read; seven bytes are enough.
const maxAck = 4 << 10

// immediateTries is how often a first notification is repeated at once, with the switch.
const immediateTries = 3

// sendNotice makes one try to deliver a notification and books its outcome.
func (s *Server) sendNotice(id string, due int64) {
	s.mu.Lock()
	n := s.world.notices[id]
	if n == nil || n.Done != "" || n.Next != due {
		s.mu.Unlock()
		return
	}
	shot := *n
	s.mu.Unlock()

	fault := s.faults.forNotice(shot.AppID, shot.Event, shot.Fields["out_trade_no"], shot.TradeNo)
	outcome := noticeLost
	var postponed time.Duration
	switch {
	case fault == nil:
		outcome = s.post(&shot, s.form(&shot, nil), nil)
	case fault.Effect == effectLose:
	case fault.Effect == effectDelay || fault.Effect == effectReorder:
		postponed = time.Duration(max(fault.DelaySeconds, 1)) * time.Second
	default:
		for range max(fault.Copies, 1) {
			if outcome = s.post(&shot, s.form(&shot, fault), fault.Header); s.ending() {
				break
			}
		}
	}
	s.bookTry(id, outcome, postponed)
}

// bookTry books what came of a try and when the next one is due.
func (s *Server) bookTry(id, outcome string, postponed time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.world.notices[id]
	now := s.clock.Now()
	e := Entry{Kind: KindNotifySent, Key: id, AppID: n.AppID, TradeNo: n.TradeNo,
		OutTradeNo: n.Fields["out_trade_no"], Reason: outcome}
	if outcome != noticeAcked {
		if wait, more := s.waitAfter(n.Tries + 1); more {
			e.Due = now.Add(wait).UnixMilli()
		}
	}
	if postponed > 0 {
		e.Reason, e.Due = noticePostponed, now.Add(postponed).UnixMilli()
	}
	if _, err := s.record(e); err != nil {
		n.Done = noticeGivenUp // the book is broken; nothing more can be promised
	}
}

// waitAfter is the pause after the given number of tries; false after the last one.
func (s *Server) waitAfter(tries int) (time.Duration, bool) {
	if s.reading().ImmediateTries {
		if tries < immediateTries {
			return time.Millisecond, true
		}
		tries -= immediateTries - 1
	}
	schedule := notifySchedule()
	if tries > len(schedule) {
		return 0, false
	}
	return schedule[tries-1], true
}

// form signs a notification for this try. Payment notifications are signed
// without sign_type, application-gateway messages with it.
func (s *Server) form(n *Notice, fault *Fault) map[string]string {
	fields := make(map[string]string, len(n.Fields)+4)
	maps.Copy(fields, n.Fields)
	if !n.Message {
		fields["notify_time"] = stamp(s.now())
	}
	fields["sign_type"] = "RSA2"
	key := s.signer(s.apps[n.AppID])
	if key.certSN != "" && s.reading().NotifyCertSN {
		fields["alipay_cert_sn"] = key.certSN
	}
	if fault != nil {
		key = fault.beforeSigning(s, fields, key)
	}
	encoded := make(map[string]string, len(fields))
	for name, value := range fields {
		encoded[name] = fromUTF8(n.Charset, value)
	}
	without := []string{"sign", "sign_type"}
	if n.Message && !s.reading().MessagesDropSignType {
		without = []string{"sign"}
	}
	sign, err := signText(key.private, []byte(stringToSign(encoded, true, without...)))
	if err != nil {
		return nil
	}
	encoded["sign"] = sign
	if fault != nil {
		fault.afterSigning(encoded)
	}
	return encoded
}

// The values of the switch notify_content_type.
const (
	contentTypeMixed = "mixed" // odd, but for a share of the tries
	contentTypeOdd   = "odd"   // as captured: two media types and a charset
	contentTypePlain = "plain"
)

// NotifyContentTypes lists the values of Switches.NotifyContentType.
func NotifyContentTypes() []string {
	return []string{contentTypeMixed, contentTypeOdd, contentTypePlain}
}

// plainShare is how many tries of a hundred come with the plain header when both come.
const plainShare = 25

// contentType is the header of one try. Which one the real gateway sends follows
// no rule that anybody has published: both were captured.
func (s *Server) contentType(n *Notice, charset string) string {
	const form = "application/x-www-form-urlencoded; "
	kind := s.reading().NotifyContentType
	if kind == contentTypePlain ||
		(kind == contentTypeMixed && s.numbers.chance("content_type|"+n.ID, uint64(n.Tries), plainShare)) {
		return form + "charset=" + charset
	}
	return form + "text/html; charset=" + charset
}

// post delivers a form; only HTTP 200 with exactly the seven bytes counts.
func (s *Server) post(n *Notice, form, header map[string]string) string {
	values := url.Values{}
	for name, value := range form {
		values.Set(name, value)
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPost, n.URL, strings.NewReader(values.Encode()))
	if err != nil {
		return noticeRefused
	}
	request.Header.Set("Content-Type", s.contentType(n, orUTF8(form["charset"])))
	request.Header.Set("User-Agent", "Mozilla/4.0")
	for name, value := range header {
		request.Header.Set(name, value)
		if value == "" {
			request.Header.Del(name)
		}
	}
	response, err := s.sender.Do(request)
	if err != nil {
		return noticeRefused
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAck))
	if err != nil || response.StatusCode != http.StatusOK || string(body) != "success" {
		return noticeRefused
	}
	return noticeAcked
}
