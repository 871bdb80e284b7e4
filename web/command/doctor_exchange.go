package command

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/paymux/paymux/adapters/alipay"
)

// exchange is a message and what the adapter made of it.
type exchange struct {
	capture alipay.Capture
	result  alipay.Result
	live    bool // it came over TLS just now, so that whoever answered is the gateway
	v3      bool
}

func isV3(p patient) bool { return p.at().Protocol == string(alipay.ProtocolV3) }

// code is the gateway's own word for a refusal, without its family.
func (x exchange) code() string { return strings.TrimPrefix(x.result.SubCode, "isv.") }

// unsignedV3 is an error of OpenAPI v3 as that sends them: without a signature, and by TLS alone
// the gateway's.
func (x exchange) unsignedV3() bool {
	return x.live && x.v3 && x.result.SubCode != "" && errors.Is(x.result.Err, alipay.ErrSignatureMissing)
}

// absent is the answer of a line on which all is well: there is no such trade.
func (x exchange) absent() bool {
	return x.result.Class == alipay.NotExist || x.unsignedV3() && x.code() == "ACQ.TRADE_NOT_EXIST"
}

// verified tells whether the message is proven to be the gateway's.
func (x exchange) verified() bool { return x.result.KeyVersion != "" }

// answered explains one exchange: whether the answer is the gateway's, and what it says.
func (d *doctor) answered(p patient, x exchange) {
	before := d.report.found
	d.explained(p, x)
	d.says(p, x)
	if d.report.found == before && x.result.Err != nil && !x.absent() {
		d.report.find(refused(x.result.Err)) // what was refused is never "nothing found"
	}
}

func (d *doctor) explained(p patient, x exchange) {
	switch {
	case x.verified():
		d.report.fine("应答验签通过，密钥 "+x.result.KeyVersion, "the answer verifies with key "+x.result.KeyVersion)
	case x.result.Err == nil || x.result.Class == alipay.Throttled:
	case known(x.code()) && errors.Is(x.result.Err, alipay.ErrSignatureMissing):
		// the gateway cannot sign for an app that it does not know
	case x.unsignedV3():
		d.report.note("v3 的错误应答不带签名，不作为凭据；查询会改问经典网关（trust_unsigned_v3_errors）",
			"v3 leaves its errors unsigned; they prove nothing, and queries turn to the classic gateway (trust_unsigned_v3_errors)")
	case x.v3:
		d.report.find(refused(x.result.Err))
	case x.result.HTTPStatus != http.StatusOK:
		d.report.find(finding{code: string(alipay.ErrUnexpectedStatus), proven: true, detail: fmt.Sprintf("HTTP %d%s", x.result.HTTPStatus, pageOf(x.capture.Response))})
	default:
		d.diagnose(p, x)
	}
}

// pageOf says that a page answered where a program should.
func pageOf(body string) string {
	if strings.HasPrefix(strings.TrimSpace(body), "<") {
		return " with a page of HTML or XML"
	}
	return ""
}

// diagnose tries every key version on a message that the adapter refused, and takes the one that
// explains most.
func (d *doctor) diagnose(p patient, x exchange) {
	if p.at().SignType != alipay.SignTypeRSA2 { // the experiments are with RSA2 keys
		d.report.find(refused(x.result.Err))
		return
	}
	x.capture.Live = x.live
	var best []alipay.Finding
	var key alipay.KeyConfig
	for _, k := range p.keys {
		if findings := alipay.Diagnose(x.capture, d.material(p, k)); best == nil || worth(findings) > worth(best) {
			best, key = findings, k
		}
	}
	for _, f := range best {
		switch {
		case f.Cause == alipay.CauseNone && x.result.Err != nil:
			d.report.find(d.despite(p, key, x.result.Err))
		case f.Cause == alipay.CauseNone:
		case f.Cause == alipay.CauseUnknown && x.live && errors.Is(x.result.Err, alipay.ErrSignatureMismatch):
			d.report.find(finding{code: "alipay_key_differs",
				detail: "no configured key verifies what the gateway's address answered: another key signs, or something in between altered the answer"})
		default:
			d.report.find(of(f))
		}
	}
}

// worth grades what a key version explains: best that the message verifies, then a mistake that was
// undone or seen, then what may only mean that the message is another version's, then nothing
// proven.
func worth(findings []alipay.Finding) int {
	grade := 0
	for _, f := range findings {
		of := 0
		switch {
		case f.Cause == alipay.CauseNone:
			of = 3
		case f.Proven && (f.Cause == alipay.CauseCertRotated || f.Cause == alipay.CauseWrongKeyLength):
			return 1
		case f.Proven:
			of = 2
		}
		grade = max(grade, of)
	}
	return grade
}

// despite is a message that has a good signature and is refused all the same: by a switch, by its
// key's end, or by its form.
func (d *doctor) despite(p patient, key alipay.KeyConfig, refusal error) finding {
	f := refused(refusal)
	if f.code != string(alipay.ErrSignatureMismatch) {
		return f
	}
	switch {
	case !key.NotAfter.IsZero() && !d.streams.Now().Before(key.NotAfter):
		f.code, f.detail = "notify_switch", "the signature is good, of key version "+key.Version+", whose not_after has passed"
	case p.at().DropEmptyInNotify || p.at().DropCertSNInNotify:
		f.code, f.detail = "notify_switch", "the signature is good under the standard rule, which this account's drop_… switches change"
	}
	return f
}
