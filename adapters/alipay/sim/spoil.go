package alipaysim

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	defaultHuge = 64 << 20
	maxHuge     = 1 << 30
	maxDelay    = 10 * time.Minute
)

// answerWithFault writes an answer the way the fault wants it.
func (s *Server) answerWithFault(w http.ResponseWriter, r *http.Request, c *call, out reply) {
	f := c.fault
	switch f.Effect {
	case effectReset:
		resetConnection(w)
		return
	case effectHang:
		pause(r, f.DelayMS)
		resetConnection(w)
		return
	case effectBadGateway:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusBadGateway)
		_, _ = fmt.Fprint(w, "<html><head><title>502 Bad Gateway</title></head><body>502 Bad Gateway</body></html>")
		return
	case effectEmpty:
		w.WriteHeader(http.StatusOK)
		return
	}
	body, err := s.spoilEnvelope(f, out).seal()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if f.Effect == effectTwoSigns {
		body = append(body[:len(body)-1], []byte(`,"sign":"AAAA"}`)...)
	}
	body = s.faults.swap(f, doorClassic, body)
	spoilBytes(w, r, f, body, func(part []byte) { s.writeReply(w, out.charset, part) })
}

// spoilEnvelope changes what is signed and by whom.
func (s *Server) spoilEnvelope(f *Fault, out reply) reply {
	switch f.Effect {
	case effectUnsigned:
		out.unsigned = true
	case effectWrongKey:
		out.key.private = s.stranger()
	case effectTamper:
		out.mangle = tamper
	case effectForeignNode:
		out.node = responseNode("alipay.trade.page.refund")
	case effectGBK:
		out.charset = "gbk"
	case effectDecorate:
		out.content = decorate(out.content)
	case effectBareSlash:
		out.bareSlash = true
	case effectSlashSigned:
		out.bareSlash = true
		out.mangle = func(signed []byte) []byte { return bytes.ReplaceAll(signed, []byte("/"), []byte(`\/`)) }
	}
	return out
}

// tamper changes the last digit of a content, or a letter if there is none.
func tamper(signed []byte) []byte {
	changed := append([]byte(nil), signed...)
	if i := bytes.LastIndexAny(changed, "0123456789"); i >= 0 {
		changed[i] = '0' + (changed[i]-'0'+1)%10
	} else if len(changed) > 1 {
		changed[1] ^= 1
	}
	return changed
}

// spoilBytes sends a finished answer as the fault wants its bytes; nil sends it as it is.
func spoilBytes(w http.ResponseWriter, r *http.Request, f *Fault, body []byte, write func([]byte)) {
	effect := ""
	if f != nil {
		effect = f.Effect
	}
	switch effect {
	case effectDelay:
		pause(r, f.DelayMS)
		write(body)
	case effectTruncate:
		keep := f.Bytes
		if keep <= 0 || keep > len(body) {
			keep = len(body) / 2
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		write(body[:keep]) // the server then drops the connection
	case effectDrip:
		for i := range body {
			if pause(r, max(f.DelayMS, 1)); r.Context().Err() != nil {
				return
			}
			write(body[i : i+1])
			_ = http.NewResponseController(w).Flush()
		}
	case effectHuge:
		blanks := []byte(strings.Repeat(" ", 64<<10))
		for left := f.swollen(); left > 0 && r.Context().Err() == nil; left -= len(blanks) {
			write(blanks)
		}
		write(body)
	case effectGzipBomb:
		w.Header().Set("Content-Encoding", "gzip")
		write(bomb(f.swollen()))
	default:
		write(body)
	}
}

func (f *Fault) swollen() int {
	if f.Bytes <= 0 || f.Bytes > maxHuge {
		return defaultHuge
	}
	return f.Bytes
}

// bomb compresses size blanks.
func bomb(size int) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	blanks := bytes.Repeat([]byte(" "), 64<<10)
	for left := size; left > 0; left -= len(blanks) {
		if _, err := z.Write(blanks); err != nil {
			return nil
		}
	}
	if z.Close() != nil {
		return nil
	}
	return b.Bytes()
}

// pause waits real time, or until the client has gone.
func pause(r *http.Request, ms int) {
	timer := time.NewTimer(min(time.Duration(ms)*time.Millisecond, maxDelay))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.Context().Done():
	}
}

// resetConnection ends the connection with a TCP reset.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// beforeSigning changes a notification's fields, and the key, before it is signed.
func (f *Fault) beforeSigning(s *Server, fields map[string]string, key signingKey) signingKey {
	switch f.Effect {
	case effectWrongAmount:
		if fen, err := parseYuan(fields["total_amount"]); err == nil {
			fields["total_amount"] = yuan(fen + 1)
		}
	case effectWrongSeller:
		fields["seller_id"] = "2088999999999999"
	case effectWrongApp:
		fields["app_id"] = "2021999999999999"
	case effectUnknownOrder:
		fields["out_trade_no"] = "NOBODY" + s.throwaway("nobody")[:16]
	case effectWrongKey:
		key.private = s.stranger()
	case effectDecorate:
		decorateNotice(fields)
	}
	maps.Copy(fields, f.Set)
	for _, name := range f.Drop {
		delete(fields, name)
	}
	return key
}

// afterSigning breaks a signed notification.
func (f *Fault) afterSigning(fields map[string]string) {
	if f.Effect == effectTamper {
		fields["total_amount"] = "0.01" + fields["total_amount"]
	}
	maps.Copy(fields, f.SetAfterSigning)
}
