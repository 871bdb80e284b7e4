package alipay

import (
	"fmt"
	"html"
	"net/url"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// repair undoes one mistake on a form's fields.
type repair struct {
	cause  Cause
	remedy string
	undo   func([]field) []field
	rule   signRule
}

// notification tries each mistake on its own against the signature.
func (d *diagnosis) notification(capture Capture) {
	fields, err := parseForm(strings.TrimSpace(capture.Notification))
	if err != nil {
		// A capture may be looser than what we accept on the wire.
		if fields, err = looseForm(capture.Notification); err != nil {
			d.found(CauseUnknown, false, err.Error(), "报文不是表单，请提供原始请求体。Not a form: give the raw body.")
			return
		}
	}
	read := Unverified{fields: fields}
	sign, sound := d.signatureShape(read.get("sign"))
	if kind := read.get("sign_type"); kind != SignTypeRSA2 {
		d.found(CauseWrongSignType, true, fmt.Sprintf("sign_type is %.16q", kind), "请在控制台改用 RSA2。Change the app to RSA2 in the console.")
	}
	if id := read.get("app_id"); id != d.material.AppID {
		d.found(CauseWrongApp, true, fmt.Sprintf("the message is for app %.32q, the configuration for %s", id, d.material.AppID),
			"通知地址或应用配置张冠李戴。The message belongs to another app: check notify_url and app_id.")
	}
	if serial := read.get("alipay_cert_sn"); serial != "" && d.serial != "" && serial != d.serial {
		d.found(CauseCertRotated, true, "the message names another certificate than the configured one",
			"支付宝公钥证书已轮换，请下载新证书。Alipay's certificate was rotated: download the new one.")
	}
	if !sound {
		return
	}
	rule := signRule{dropSignType: true}
	if verifies(d.alipay, string(appendCanonical(nil, fields, rule)), sign) {
		d.verifiesAfterAll()
		return
	}
	if verifies(d.own, string(appendCanonical(nil, fields, rule)), sign) {
		d.found(CauseSignedByOurKey, true, "our own application key made the signature",
			"报文由应用私钥签名，不是支付宝发出的。Signed with the application's key: it did not come from Alipay.")
		return
	}
	for _, attempt := range formRepairs(capture) {
		repaired := attempt.undo(append([]field(nil), fields...))
		sortFields(repaired)
		if verifies(d.alipay, string(appendCanonical(nil, repaired, attempt.rule)), sign) {
			d.found(attempt.cause, true, "undoing this makes the signature verify", attempt.remedy)
			return
		}
	}
	d.otherwise(string(appendCanonical(nil, fields, rule)))
}

// verifiesAfterAll closes a search that found nothing wrong with the content.
func (d *diagnosis) verifiesAfterAll() {
	if len(d.findings) == 0 {
		d.found(CauseNone, true, "the signature verifies with this material", "验签通过。It verifies.")
		return
	}
	d.findings[0].Proven = true
}

// otherwise closes a search that undid nothing: by what can be seen of the
// text all the same, or by saying so.
func (d *diagnosis) otherwise(text string) {
	for _, f := range d.findings {
		if f.Proven {
			return
		}
	}
	// What a decoder puts in place of bytes that it does not know, and what becomes of two of those when they are read as GBK.
	if strings.ContainsRune(text, utf8.RuneError) || strings.Contains(text, "锟斤拷") {
		d.found(CauseCharset, false, "the text holds replacement characters: it was read in the wrong charset, and what was there is lost",
			"报文曾以错误的编码读取，请取原始字节。Read in the wrong charset: take the raw bytes.")
		return
	}
	d.found(CauseUnknown, false, "no known mistake explains it: altered on its way, or signed by a key that is not configured",
		"请核对控制台中的支付宝公钥与签名方式。Compare Alipay's public key and signing mode with the console.")
}

func formRepairs(capture Capture) []repair {
	standard := signRule{dropSignType: true}
	own, _ := url.ParseQuery(capture.Query)
	list := []repair{
		{CauseSignTypeKept, "这是应用网关消息，请用网关消息的验签规则。An application-gateway message: use its rule.", keepFields, signRule{}},
		{CauseEmptyDropped, "签名不含空字段，请打开 drop_empty_in_notify。Signed without empty fields: switch drop_empty_in_notify on.",
			keepFields, signRule{dropSignType: true, dropEmpty: true}},
		{CauseEmptyDropped, "证书序列号未参与签名，请打开 drop_cert_sn_in_notify。Signed without alipay_cert_sn: switch drop_cert_sn_in_notify on.",
			keepFields, signRule{dropSignType: true, dropCertSN: true}},
		{CauseQueryParams, "notify_url 自带的参数混入了验签，请剔除。Parameters of notify_url's own query were mixed in: leave them out.",
			func(fields []field) []field {
				kept := fields[:0]
				for _, f := range fields {
					if !own.Has(f.name) {
						kept = append(kept, f)
					}
				}
				return kept
			}, standard},
		{CauseHTMLEscaped, "框架做了 HTML 转义，请取原始请求体。The framework escaped HTML: take the raw body.",
			eachValue(html.UnescapeString), standard},
		{CauseNotDecoded, "参数未解码，请先做一次 URL 解码。Not decoded: decode the form once.", eachValue(unescapeOnce), standard},
		{CauseDecodedTwice, "参数被多解码一次。Decoded once too often.", restoreDecodedTwice, standard},
		{CauseCharset, "编码被转换过，请在原始字节上验签。Transcoded: verify on the raw bytes.", eachValue(toGBK), standard},
		{CauseCharset, "编码被转换过，请在原始字节上验签。Transcoded: verify on the raw bytes.", eachValue(fromGBK), standard},
		{CauseCharset, "报文被当作 ISO-8859-1 读取，请按 UTF-8 读。Read as ISO-8859-1: read it as UTF-8.", eachValue(fromLatin1), standard},
		{CauseReserialised, "JSON 字段被重新序列化，请用原文。A JSON field was written anew: use it as it came.", eachValue(compactJSON), standard},
	}
	for _, name := range [...]string{"subject", "body"} {
		for _, blanks := range [...][2]string{{"", " "}, {" ", ""}, {" ", " "}} {
			list = append(list, repair{CauseTrimmed, "字段首尾空格被去掉。Blanks were cut off.", restoreTrimmed(name, blanks), standard})
		}
	}
	return list
}

func keepFields(fields []field) []field { return fields }

// eachValue applies a change to every value but the signature.
func eachValue(change func(string) string) func([]field) []field {
	return func(fields []field) []field {
		for i, f := range fields {
			if f.name != "sign" {
				fields[i].value = change(f.value)
			}
		}
		return fields
	}
}

func unescapeOnce(value string) string {
	if decoded, err := url.QueryUnescape(value); err == nil {
		return decoded
	}
	return value
}

// restoreDecodedTwice encodes again what the sender had encoded itself:
// passback_params is URL-encoded by the merchant and comes back so.
func restoreDecodedTwice(fields []field) []field {
	for i, f := range fields {
		if f.name == "passback_params" {
			fields[i].value = url.QueryEscape(f.value)
		}
	}
	return fields
}

// restoreTrimmed puts a blank back where merchants' texts lose it.
func restoreTrimmed(name string, blanks [2]string) func([]field) []field {
	return func(fields []field) []field {
		for i, f := range fields {
			if f.name == name {
				fields[i].value = blanks[0] + f.value + blanks[1]
			}
		}
		return fields
	}
}

func toGBK(value string) string {
	if encoded, err := simplifiedchinese.GB18030.NewEncoder().String(value); err == nil {
		return encoded
	}
	return value
}

func fromGBK(value string) string {
	if decoded, err := simplifiedchinese.GB18030.NewDecoder().String(value); err == nil {
		return decoded
	}
	return value
}

// fromLatin1 gives back the bytes that were each taken for a character.
func fromLatin1(value string) string {
	bytes := make([]byte, 0, len(value))
	for _, r := range value {
		if r > 0xff {
			return value
		}
		bytes = append(bytes, byte(r))
	}
	return string(bytes)
}

// compactJSON undoes the blanks that a pretty printer puts into JSON values.
func compactJSON(value string) string {
	if strings.HasPrefix(value, "[") || strings.HasPrefix(value, "{") {
		return strings.NewReplacer(`": `, `":`, `, "`, `,"`, "\n", "", "  ", "").Replace(value)
	}
	return value
}

// looseForm reads a capture the way lax frameworks do.
func looseForm(text string) ([]field, error) {
	values, err := url.ParseQuery(strings.TrimSpace(text))
	if err != nil {
		return nil, err
	}
	var fields []field
	for name, all := range values {
		fields = append(fields, field{name, all[0]})
	}
	sortFields(fields)
	return fields, nil
}
