package alipay

import (
	"context"
	"encoding/base64"
	"fmt"
)

// DownloadedCertificate is a certificate of Alipay's that leads to a trusted
// root. Configure Chain as AlipayCertificate of a further key version.
type DownloadedCertificate struct {
	Serial string
	Chain  string // PEM, leaf first
}

// certificateContent is the answer of the download.
type certificateContent struct {
	Content string `json:"alipay_cert_content"`
}

// DownloadCertificate calls alipay.open.app.alipaycert.download for a serial
// that an answer has named. It is for operators and timers: no message from
// outside may ever cause it (C28). What makes the certificate trustworthy is
// its chain, not the answer's signature: the answer may be signed by the very
// key that is being fetched, so it is checked with that one.
func (a *App) DownloadCertificate(ctx context.Context, serial string) (DownloadedCertificate, Result) {
	var l limits
	l.check(a.ring.app != nil && a.ring.app.roots != nil, "alipay_cert_sn", "belongs to certificate mode")
	l.check(len(serial) == 32, "alipay_cert_sn", "must have 32 characters")
	if err := l.result(); err != nil {
		return DownloadedCertificate{}, invalid(err)
	}
	call := Call{Method: MethodCertificateDownload, Biz: map[string]string{"alipay_cert_sn": serial}}
	// A copy of the app that also trusts what the answer itself brings, if the
	// chain of that holds.
	trusting := *a
	var found DownloadedCertificate
	trusting.wire = certificateWire{classicWire{}, serial, &found}
	result := trusting.Do(ctx, call, nil)
	if result.Class != Done {
		return DownloadedCertificate{}, result
	}
	return found, result
}

// certificateWire is the classic wire, whose answer may be signed by the
// certificate it carries.
type certificateWire struct {
	classicWire
	serial string
	found  *DownloadedCertificate
}

func (w certificateWire) read(a *App, call Call, r reply, result *Result) (answer, error) {
	cut, err := cutEnvelope(call.Method, r.body, charsetOfAnswer(r.header))
	if err != nil {
		return answer{}, err
	}
	read, err := newAnswer(cut.node, cut.charset)
	if err != nil || read.head.Code != codeSuccess {
		return w.classicWire.read(a, call, r, result)
	}
	result.Code = read.head.Code
	key, err := w.trusted(a, read)
	if err != nil {
		return answer{}, err
	}
	signature, err := decodeSignature(cut.sign)
	if err != nil {
		return answer{}, err
	}
	if (cut.serial == w.serial || cut.serial == "") && key.verify(cut.node, signature) == nil {
		return read, nil
	}
	if cut.serial == "" { // alone of all answers this one may leave it out
		result.KeyVersion, err = a.ring.verify(cut.node, cut.sign, "", a.config.Now())
	} else {
		result.KeyVersion, err = a.verifyNode(cut)
	}
	return read, err
}

// trusted checks the downloaded chain against the app's own roots and clock.
func (w certificateWire) trusted(a *App, read answer) (verifier, error) {
	var content certificateContent
	if _, err := read.members.decode(&content); err != nil {
		return nil, err
	}
	text, err := base64.StdEncoding.DecodeString(content.Content)
	if err != nil {
		return nil, fmt.Errorf("%w: not base64", ErrCertificateUnreadable)
	}
	chain, err := parseChain(string(text))
	if err != nil {
		return nil, err
	}
	if chain[0].serial != w.serial {
		return nil, fmt.Errorf("%w: another certificate than asked for", ErrCertificateMismatch)
	}
	key, err := checkChain(chain, a.ring.app.roots, a.config.Environment, a.config.Now())
	if err != nil {
		return nil, err
	}
	*w.found = DownloadedCertificate{Serial: w.serial, Chain: string(text)}
	return rsaVerifier{key}, nil
}
