package alipay

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

// notification tries each mistake, and then each two, against the signature.
func (d *diagnosis) notification(capture Capture) {
	read := readCapture(capture.Notification)
	if len(read.fields) == 0 {
		d.found(CauseUnknown, false, "neither a form nor a dump of one", "报文不是表单，请提供原始请求体。Not a form: give the raw body.")
		return
	}
	if len(read.around) > 0 {
		d.found(CauseWrapped, true, "taken off: "+strings.Join(read.around, ", "), "请提供原始请求体，不含其他内容。Give the raw body and nothing around it.")
	}
	if read.dump != "" {
		d.found(CauseDump, true, "it is "+read.dump+", not the raw body",
			"这是程序解析后打印的内容；验签和排查都要用原始请求体。A program parsed and printed this: verify, and capture, the raw body.")
	}
	fields := read.fields
	sortFields(fields)
	message := Unverified{fields: fields}
	if strings.HasSuffix(message.get("method"), ".return") && message.get("notify_type") == "" {
		d.explain(CausePageReturn, true, "its method is "+fmt.Sprintf("%.64q", message.get("method")),
			"这是买家浏览器的返回参数，不是通知，不能作为支付凭据。These are the parameters of the buyer's way back: no notification, and no proof of payment.")
		return
	}
	sign, sound := d.signatureShape(message.get("sign"))
	if kind := message.get("sign_type"); kind != SignTypeRSA2 {
		d.found(CauseWrongSignType, true, fmt.Sprintf("sign_type is %.16q", kind), "请在控制台改用 RSA2。Change the app to RSA2 in the console.")
	}
	if id := message.get("app_id"); id != d.material.AppID {
		d.found(CauseWrongApp, true, fmt.Sprintf("the message is for app %.32q, the configuration for %s", id, d.material.AppID),
			"通知地址或应用配置张冠李戴。The message belongs to another app: check notify_url and app_id.")
	}
	if serial := message.get("alipay_cert_sn"); serial != "" && d.serial != "" && serial != d.serial {
		d.found(CauseCertRotated, true, "the message names another certificate than the configured one",
			"支付宝公钥证书已轮换，请下载新证书。Alipay's certificate was rotated: download the new one.")
	}
	if sound {
		d.search(capture, fields, sign)
	}
}

// search looks for the mistakes that, undone, make the signature verify.
func (d *diagnosis) search(capture Capture, fields []field, sign string) {
	rule := signRule{dropSignType: true}
	text := string(appendCanonical(nil, fields, rule))
	if verifies(d.alipay, text, sign) {
		d.verifiesAfterAll()
		return
	}
	if verifies(d.own, text, sign) {
		d.explain(CauseSignedByOurKey, true, "our own application key made the signature",
			"报文由应用私钥签名，不是支付宝发出的。Signed with the application's key: it did not come from Alipay.")
		return
	}
	if d.withoutStrange(capture, fields, sign) {
		return
	}
	repairs := formRepairs(capture)
	for _, one := range repairs {
		if d.undoing(fields, sign, one) {
			return
		}
	}
	for i := range fields { // one that has a name of Alipay's, such as the second of two
		if d.leavingOut(capture, fields, sign, []int{i}) {
			return
		}
	}
	for i, one := range repairs {
		for _, other := range repairs[i+1:] {
			if one.cause != other.cause && (d.undoing(fields, sign, one, other) || d.undoing(fields, sign, other, one)) {
				return
			}
		}
	}
	d.otherwise(text)
}

// undoing tries repairs in order, and reports them if the signature then verifies.
func (d *diagnosis) undoing(fields []field, sign string, repairs ...repair) bool {
	repaired, rule := slices.Clone(fields), signRule{dropSignType: true}
	for _, r := range repairs {
		repaired = r.undo(repaired)
		if r.rule != (signRule{dropSignType: true}) {
			rule = r.rule
		}
	}
	sortFields(repaired)
	if !verifies(d.alipay, string(appendCanonical(nil, repaired, rule)), sign) {
		return false
	}
	detail := "undoing this makes the signature verify"
	if len(repairs) > 1 {
		detail = "undoing this and the other makes the signature verify"
	}
	for _, r := range repairs {
		d.explain(r.cause, true, detail, r.remedy)
	}
	return true
}

// maxForeign bounds the fields of which every selection is left out: a thousand checks.
const maxForeign = 10

// withoutStrange leaves out fields that frameworks mix in: those that no message has, in every
// selection, since Alipay may have sent one of them.
func (d *diagnosis) withoutStrange(capture Capture, fields []field, sign string) bool {
	var strange []int
	for i, f := range fields {
		if f.value != "" && !slices.Contains(messageFields(), f.name) && len(strange) < maxForeign {
			strange = append(strange, i)
		}
	}
	for selection := 1; selection < 1<<len(strange); selection++ {
		var out []int
		for bit, at := range strange {
			if selection>>bit&1 == 1 {
				out = append(out, at)
			}
		}
		if d.leavingOut(capture, fields, sign, out) {
			return true
		}
	}
	return false
}

func (d *diagnosis) leavingOut(capture Capture, fields []field, sign string, out []int) bool {
	// what cannot be read is in no query
	own, _ := url.ParseQuery(strings.TrimPrefix(capture.Query, "?"))
	var kept []field
	var names []string
	ofQuery := true
	for i, f := range fields {
		if slices.Contains(out, i) {
			names = append(names, fmt.Sprintf("%.64q", f.name))
			ofQuery = ofQuery && own.Has(f.name)
		} else {
			kept = append(kept, f)
		}
	}
	if !verifies(d.alipay, string(appendCanonical(nil, kept, signRule{dropSignType: true})), sign) {
		return false
	}
	cause, remedy := CauseForeignField, "框架把路由或其他参数混进了表单；请用原始请求体。A framework mixed route or other parameters into the form: take the raw body."
	if ofQuery {
		cause, remedy = CauseQueryParams, "notify_url 自带的参数混入了验签，请剔除。Parameters of notify_url's own query were mixed in: leave them out."
	}
	d.explain(cause, true, "without "+strings.Join(slices.Compact(names), ", ")+" the signature verifies", remedy)
	return true
}

// verifiesAfterAll closes a search that found nothing wrong with the content. What was mended to
// get there, such as blanks in the signature, is thereby proven.
func (d *diagnosis) verifiesAfterAll() {
	if len(d.findings) == 0 {
		d.explain(CauseNone, true, "the signature verifies with this material", "验签通过。It verifies.")
		return
	}
	for i, f := range d.findings {
		if f.Cause == CausePlusToSpace || f.Cause == CauseNotDecoded || f.Cause == CauseRequestSignature || f.Cause == CauseRequestDiffers {
			d.findings[i].Proven = true
		}
		if f.Cause == CauseDump || f.Cause == CauseWrapped {
			d.findings[i].Detail += "; what is in it verifies"
		}
	}
}

// otherwise closes a search that undid nothing: by what can be seen of the
// text all the same, or by saying so.
func (d *diagnosis) otherwise(text string) {
	for _, f := range d.findings {
		if f.Proven && f.Cause != CauseDump && f.Cause != CauseWrapped {
			return
		}
	}
	// What a decoder puts in place of bytes that it does not know, and what becomes of two of those
	// when they are read as GBK.
	if strings.ContainsRune(text, utf8.RuneError) || strings.Contains(text, "锟斤拷") {
		d.found(CauseCharset, false, "the text holds replacement characters: it was read in the wrong charset, and what was there is lost",
			"报文曾以错误的编码读取，请取原始字节。Read in the wrong charset: take the raw bytes.")
		return
	}
	d.found(CauseUnknown, false, "no known mistake explains it: altered on its way, or signed by a key that is not configured",
		"请核对控制台中的支付宝公钥与签名方式。Compare Alipay's public key and signing mode with the console.")
}
