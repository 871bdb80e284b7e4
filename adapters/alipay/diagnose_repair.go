package alipay

import (
	"html"
	"net/url"
	"slices"
	"strings"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// repair undoes one mistake on a form's fields.
type repair struct {
	cause  Cause
	remedy string
	undo   func([]field) []field
	rule   signRule
}

func formRepairs(capture Capture) []repair {
	standard := signRule{dropSignType: true}
	own, _ := url.ParseQuery(strings.TrimPrefix(capture.Query, "?"))
	list := []repair{
		{CauseSignTypeKept, "这是应用网关消息，请用网关消息的验签规则。An application-gateway message: use its rule.", keepFields, signRule{}},
		{CauseEmptyDropped, "签名不含空字段，请打开 drop_empty_in_notify。Signed without empty fields: switch drop_empty_in_notify on.",
			keepFields, signRule{dropSignType: true, dropEmpty: true}},
		{CauseEmptyDropped, "证书序列号未参与签名，请打开 drop_cert_sn_in_notify。Signed without alipay_cert_sn: switch drop_cert_sn_in_notify on.",
			keepFields, signRule{dropSignType: true, dropCertSN: true}},
		{CauseQueryParams, "notify_url 自带的参数混入了验签，请剔除。Parameters of notify_url's own query were mixed in: leave them out.",
			func(fields []field) []field {
				return slices.DeleteFunc(fields, func(f field) bool { return own.Has(f.name) })
			}, standard},
		{CauseForeignField, "框架把路由或其他参数混进了表单；请用原始请求体。A framework mixed route or other parameters into the form: take the raw body.",
			func(fields []field) []field {
				return slices.DeleteFunc(fields, func(f field) bool { return !slices.Contains(messageFields(), f.name) })
			}, standard},
		{CauseHTMLEscaped, "框架做了 HTML 转义，请取原始请求体。The framework escaped HTML: take the raw body.",
			eachValue(html.UnescapeString), standard},
		{CauseNotDecoded, "参数未解码，请先做一次 URL 解码。Not decoded: decode the form once.", eachValue(unescapeOnce), standard},
		{CauseDecodedTwice, "参数被多解码一次。Decoded once too often.", restoreDecodedTwice, standard},
		{CauseCharset, "编码被转换过，请在原始字节上验签。Transcoded: verify on the raw bytes.", eachValue(toGBK), standard},
		{CauseCharset, "编码被转换过，请在原始字节上验签。Transcoded: verify on the raw bytes.", eachValue(fromGBK), standard},
		{CauseCharset, "报文被当作 ISO-8859-1 读取，请按 UTF-8 读。Read as ISO-8859-1: read it as UTF-8.", eachValue(fromLatin1), standard},
		{CauseReserialised, "JSON 字段被重新序列化，请用原文。A JSON field was written anew: use it as it came.", eachValue(compactJSON), standard},
		{CauseQuotesEscaped, "引号前被加了反斜杠（magic quotes / addslashes），请取原始请求体。Backslashes were put before quotes: take the raw body.",
			eachValue(withoutBackslashes), standard},
		{CauseEmptyChanged, "空字段被改成 null 或被删除，请取原始请求体。Empty fields became null, or were lost: take the raw body.", nullsToEmpty, standard},
		{CauseLineEnds, "换行符被改动，请取原始请求体。Line ends were changed: take the raw body.", eachValue(crlf), standard},
		{CausePlusToSpace, "“+”被解码成空格，请勿重复解码。A plus became a blank: decode once only.", eachValue(blanksToPlus), standard},
		{CauseDecodedTwice, "参数被多解码一次。Decoded once too often.", eachValue(percentsRestored), standard},
	}
	for _, name := range [...]string{"subject", "body", "passback_params"} {
		list = append(list,
			repair{CausePlusToSpace, "“+”被解码成空格，请勿重复解码。A plus became a blank: decode once only.", ofField(name, blanksToPlus), standard},
			repair{CauseDecodedTwice, "参数被多解码一次。Decoded once too often.", ofField(name, percentsRestored), standard},
			repair{CauseDecodedTwice, "参数被多解码一次。Decoded once too often.", ofField(name, url.QueryEscape), standard},
			repair{CauseDecodedTwice, "参数被多解码一次。Decoded once too often.", ofField(name, escapedByPercent), standard},
			repair{CauseEmptyChanged, "空字段被改成 null 或被删除，请取原始请求体。Empty fields became null, or were lost: take the raw body.", withEmpty(name), standard})
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

// ofField applies a change to one field.
func ofField(name string, change func(string) string) func([]field) []field {
	return func(fields []field) []field {
		for i, f := range fields {
			if f.name == name {
				fields[i].value = change(f.value)
			}
		}
		return fields
	}
}

// withoutBackslashes undoes what addslashes does.
func withoutBackslashes(value string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`, `\0`, "\x00").Replace(value)
}

func nullsToEmpty(fields []field) []field {
	for i, f := range fields {
		if f.value == "null" || f.value == "None" || f.value == "<nil>" || f.value == "undefined" {
			fields[i].value = ""
		}
	}
	return fields
}

// withEmpty adds a field that was lost because it was empty.
func withEmpty(name string) func([]field) []field {
	return func(fields []field) []field {
		if slices.ContainsFunc(fields, func(f field) bool { return f.name == name }) {
			return fields
		}
		return append(fields, field{name, ""})
	}
}

func crlf(value string) string {
	return strings.ReplaceAll(strings.ReplaceAll(value, "\r\n", "\n"), "\n", "\r\n")
}

// blanksToPlus leaves times alone, in which a blank is a blank.
func blanksToPlus(value string) string {
	if _, err := ParseTime(value); err == nil {
		return value
	}
	return strings.ReplaceAll(value, " ", "+")
}

func escapedByPercent(value string) string {
	return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
}

func percentsRestored(value string) string { return strings.ReplaceAll(value, "%", "%25") }

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
