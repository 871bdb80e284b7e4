package alipay

import (
	"fmt"
	"html"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// response tries each mistake on an answer's node.
func (d *diagnosis) response(capture Capture) {
	text, around := aroundAnswer(capture.Response)
	if len(around) > 0 {
		d.found(CauseWrapped, true, "taken off: "+strings.Join(around, ", "), "请提供应答原文，不含其他内容。Give the answer as it came and nothing around it.")
	}
	if look := notAnAnswer(text); look != "" {
		d.explain(CauseNotGateway, true, "it is "+look,
			"请检查中间的代理、网关地址与出口网络。Look for a proxy in between, and at the gateway's address.")
		return
	}
	cut, err := cutEnvelope(capture.Method, []byte(text))
	if err != nil {
		d.found(CauseUnknown, false, err.Error(), "应答不是完整的网关报文。Not a whole answer of the gateway.")
		return
	}
	if d.refused(capture, cut) && cut.sign == "" {
		return // this one the gateway does not sign
	}
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
		d.explain(CauseSignedByOurKey, true, "our own application key made the signature",
			"应答由应用私钥签名，不是支付宝发出的。Signed with the application's key: it did not come from Alipay.")
		return
	}
	for _, attempt := range answerRepairs() {
		if verifies(d.alipay, attempt.undo(node), sign) {
			d.explain(attempt.cause, true, "undoing this makes the signature verify", attempt.remedy)
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

// refused explains an answer that refuses our request, and says whether it did. Encrypted, the
// refusal of a signature carries none of its own; it is opened with our AES key, and then it is the
// word of whoever has that key, or of the host that answered just now, not a proof.
func (d *diagnosis) refused(capture Capture, cut envelope) bool {
	node := cut.node
	if cut.encrypted {
		var err error
		if node, err = d.decrypted(cut); err != nil {
			if cut.sign == "" {
				d.found(Cause(ErrDecryptionFailed), false, "the answer is encrypted and unsigned, and cannot be opened: "+err.Error(),
					"请核对 aes_key_file 与控制台的接口内容加密密钥。Compare aes_key_file with the console's content encryption key.")
			}
			return cut.sign == ""
		}
	}
	var head answerHead
	if json.Unmarshal(node, &head) != nil || head.SubCode == "" && head.Code == "" {
		return false
	}
	if strings.HasSuffix(head.SubCode, "invalid-signature") {
		d.requestRefused(capture, head, cut)
		return true
	}
	if cut.encrypted && cut.sign == "" {
		d.explain(CauseRefusedUnsigned, capture.Live, strings.TrimSpace("it says "+head.Code+" "+head.SubCode),
			"按代码查官方文档；该应答未签名，不作为凭据。Look the code up; the answer is unsigned and proves nothing.")
		return true
	}
	return false
}

func (d *diagnosis) decrypted(cut envelope) ([]byte, error) {
	if d.material.Key.AESKey == "" {
		return nil, fmt.Errorf("%w: no AES key is configured", ErrDecryptionFailed)
	}
	aes, err := newContentCipher(d.material.Key.AESKey)
	if err != nil {
		return nil, err
	}
	return aes.decryptJSONText(cut.node)
}

// requestRefused explains an answer that says our own signature is wrong. The
// gateway quotes the text it made itself, HTML-escaped: the first difference
// to ours is the mistake. What it quotes is proven to be the gateway's only by
// its signature, or by the line it came over.
func (d *diagnosis) requestRefused(capture Capture, head answerHead, cut envelope) {
	proven := capture.Live || verifies(d.alipay, string(cut.node), cut.sign)
	unsigned := ""
	if cut.sign == "" {
		unsigned = "; the refusal itself is unsigned"
	}
	_, quoted, found := strings.Cut(head.SubMsg, "验签字符串为：")
	theirs := strings.TrimRight(html.UnescapeString(quoted), " \r\n")
	switch {
	case !found || capture.Sent == "":
		d.explain(CauseRequestSignature, proven, "the gateway refused our request's signature"+unsigned,
			"请核对控制台登记的应用公钥是否与私钥成对。Does the public key in the console belong to our private key?")
	case theirs == capture.Sent:
		d.explain(CauseRequestSignature, proven,
			"both sides have the same text: the console's public key is not the pair of the key that signed, or the signature was damaged on its way"+unsigned,
			"控制台登记的应用公钥与所用私钥不成对；请重新上传。Upload the public key that belongs to the private key.")
	default:
		d.explain(CauseRequestDiffers, proven, "the texts differ from parameter "+firstDifference(capture.Sent, theirs)+" on"+unsigned,
			"参与签名的参数与实际发出的不同。What was signed is not what was sent.")
	}
}

// aroundAnswer takes off what stands around an answer.
func aroundAnswer(text string) (string, []string) {
	var around []string
	for range maxWraps {
		text = strings.TrimSpace(text)
		inner, name := text, ""
		switch {
		case strings.HasPrefix(text, "\ufeff"):
			inner, name = strings.TrimPrefix(text, "\ufeff"), "a byte order mark"
		case strings.HasPrefix(text, `{\"`), strings.HasPrefix(text, `"{\"`) && !strings.HasSuffix(text, `"`):
			inner, name = withoutBackslashes(text), "backslashes before quotes"
		case strings.HasPrefix(text, `{&quot;`):
			inner, name = html.UnescapeString(text), "escapes of HTML"
		default:
			if unquoted, is := outOfQuotes(text); is {
				inner, name = unquoted, "quotes"
			} else if _, chunk, found := strings.Cut(text, "\n"); found && isChunkSize(text) {
				inner, name = strings.TrimRight(chunk, "0\r\n"), "the marks of a chunked transfer"
			}
		}
		if inner == text {
			break
		}
		text, around = inner, append(around, name)
	}
	return text, around
}

// isChunkSize tells of a first line that is a length in hexadecimal digits.
func isChunkSize(text string) bool {
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimSpace(line)
	return line != "" && len(line) <= 6 && strings.Trim(line, "0123456789abcdefABCDEF") == ""
}

// notAnAnswer names what is plainly no answer of the gateway's; empty when it may be one.
func notAnAnswer(text string) string {
	if look := lookOf(text); strings.Contains(look, "HTML") {
		return "a page of HTML or XML"
	}
	var members map[string]jsontext.Value
	if json.Unmarshal([]byte(text), &members) != nil {
		return ""
	}
	for name := range members {
		if strings.HasSuffix(name, "_response") {
			return ""
		}
	}
	return "JSON that is not the gateway's: it has no member ending in _response"
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
