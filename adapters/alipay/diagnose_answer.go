package alipay

import (
	"html"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// response tries each mistake on an answer's node.
func (d *diagnosis) response(capture Capture) {
	cut, err := cutEnvelope(capture.Method, []byte(capture.Response))
	if err != nil {
		d.found(CauseUnknown, false, err.Error(), "应答不是完整的网关报文。Not a whole answer of the gateway.")
		return
	}
	d.requestRefused(capture, cut)
	sign, sound := d.signatureShape(cut.sign)
	if cut.serial != "" && d.serial != "" && cut.serial != d.serial {
		d.found(CauseCertRotated, true, "the answer names another certificate than the configured one",
			"支付宝公钥证书已轮换，请下载新证书。Alipay's certificate was rotated: download the new one.")
	}
	if !sound {
		return
	}
	node := string(cut.node)
	if verifies(d.alipay, node, sign) {
		d.verifiesAfterAll()
		return
	}
	if verifies(d.own, node, sign) {
		d.found(CauseSignedByOurKey, true, "our own application key made the signature",
			"应答由应用私钥签名，不是支付宝发出的。Signed with the application's key: it did not come from Alipay.")
		return
	}
	for _, attempt := range answerRepairs() {
		if verifies(d.alipay, attempt.undo(node), sign) {
			d.found(attempt.cause, true, "undoing this makes the signature verify", attempt.remedy)
			return
		}
	}
	d.otherwise(node)
}

// answerRepair undoes one mistake on an answer's text.
type answerRepair struct {
	cause  Cause
	remedy string
	undo   func(string) string
}

func answerRepairs() []answerRepair {
	const raw = "请对原文验签，不要重新序列化。Verify the raw text; never write the JSON anew."
	return []answerRepair{
		{CauseSlashes, raw, func(node string) string { return strings.ReplaceAll(node, "/", `\/`) }},
		{CauseReserialised, raw, compact},
		{CauseReserialised, raw, func(node string) string { return strings.ReplaceAll(compact(node), "/", `\/`) }},
		{CauseHTMLEscaped, "应答被 HTML 转义，请取原文。The answer was HTML-escaped: take the raw text.", html.UnescapeString},
		{CauseCharset, "编码被转换过，请在原始字节上验签。Transcoded: verify on the raw bytes.", toGBK},
		{CauseCharset, "编码被转换过，请在原始字节上验签。Transcoded: verify on the raw bytes.", fromGBK},
		{CauseCharset, "应答被当作 ISO-8859-1 读取，请按 UTF-8 读。Read as ISO-8859-1: read it as UTF-8.", fromLatin1},
		{CauseTrimmed, raw, strings.TrimSpace},
	}
}

// compact removes the white space of JSON and nothing else.
func compact(node string) string {
	value := jsontext.Value(node)
	if err := value.Compact(); err != nil {
		return node
	}
	return string(value)
}

// requestRefused explains an answer that says our own signature is wrong. The
// gateway quotes the text it made itself, HTML-escaped: the first difference
// to ours is the mistake.
func (d *diagnosis) requestRefused(capture Capture, cut envelope) {
	var head answerHead
	if json.Unmarshal(cut.node, &head) != nil || !strings.HasSuffix(head.SubCode, "invalid-signature") {
		return
	}
	_, quoted, found := strings.Cut(head.SubMsg, "验签字符串为：")
	theirs := html.UnescapeString(quoted)
	if !found || capture.Sent == "" {
		d.found(CauseRequestSignature, false, "the gateway refused our request's signature",
			"请核对控制台登记的应用公钥是否与私钥成对。Does the public key in the console belong to our private key?")
		return
	}
	if strings.HasPrefix(theirs, capture.Sent) {
		d.found(CauseRequestSignature, true, "both sides signed the same text, so the keys do not belong together",
			"控制台登记的应用公钥与所用私钥不成对。The public key in the console does not belong to our private key.")
		return
	}
	d.found(CauseRequestDiffers, true, "the texts differ from parameter "+firstDifference(capture.Sent, theirs)+" on",
		"参与签名的参数与实际发出的不同。What was signed is not what was sent.")
}

// firstDifference names the first parameter in which two strings to sign differ.
func firstDifference(ours, theirs string) string {
	left, right := strings.Split(ours, "&"), strings.Split(theirs, "&")
	for i, pair := range left {
		if i >= len(right) || right[i] != pair {
			name, _, _ := strings.Cut(pair, "=")
			return name
		}
	}
	if len(right) > len(left) {
		name, _, _ := strings.Cut(right[len(left)], "=")
		return name
	}
	return "?"
}
