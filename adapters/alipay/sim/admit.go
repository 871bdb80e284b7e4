package alipaysim

import (
	"encoding/json"
	"strings"
	"time"
)

// call is one request that passed the gateway's checks, whichever door it came through.
type call struct {
	app     *application
	method  string
	op      operation
	charset string
	// params are all parameters in UTF-8; raw are the same as received.
	params, raw map[string]string
	// biz is the business content: JSON, decrypted.
	biz []byte
	// sealKey encrypts the answer, refusals too; set when the request asked for encryption.
	sealKey   string
	notifyURL string
	returnURL string
	// base is how the caller reached the simulator; it prefixes download addresses.
	base string
	// fault is what the script wants of this call, if anything.
	fault *Fault
}

// decode reads the business content into a request structure.
func (c *call) decode(into any) *failure {
	if err := json.Unmarshal(c.biz, into); err != nil {
		return invalid("isv.illegal-json", "biz_content 不是合法的 JSON")
	}
	return nil
}

// admit checks a classic request in the gateway's order: application, method,
// envelope, certificates, signature, time, encryption, business content. Only
// "application before signature" is evidenced; the rest is the sensible order.
func (s *Server) admit(r *request) (*call, *failure) {
	c := &call{raw: r.params, method: r.params["method"], charset: r.params["charset"]}
	steps := []func(*call) *failure{
		s.checkApp, noteEncryption, s.checkMethod, checkEnvelope, s.checkCertificates,
		s.checkSignature, s.checkTimestamp, decodeParams, decryptContent, checkContent,
	}
	if r.repeated != "" {
		return c, invalid("isv.invalid-parameter", "参数重复:"+r.repeated)
	}
	for _, step := range steps {
		if fail := step(c); fail != nil {
			return c, fail
		}
	}
	return c, nil
}

func (s *Server) checkApp(c *call) *failure {
	id := c.raw["app_id"]
	if id == "" {
		return s.unknownApp(missing("isv.missing-app-id", "缺少AppID参数"))
	}
	if c.app = s.apps[id]; c.app == nil {
		return s.unknownApp(invalid("isv.invalid-app-id", "无效的AppID参数"))
	}
	return nil
}

func (s *Server) unknownApp(fail *failure) *failure {
	fail.unsigned = !s.reading().SignAppIDErrors
	return fail
}

func (s *Server) checkMethod(c *call) *failure {
	if c.method == "" {
		return missing("isv.missing-method", "缺少方法名参数")
	}
	op, ok := s.methods[c.method]
	if !ok {
		return invalid("isv.invalid-method", "不存在的方法名")
	}
	c.op = op
	return nil
}

func checkEnvelope(c *call) *failure {
	switch {
	case c.raw["version"] == "":
		return missing("isv.missing-version", "缺少版本参数")
	case c.raw["version"] != "1.0":
		return invalid("isv.invalid-parameter", "版本参数无效")
	case c.raw["format"] != "" && !strings.EqualFold(c.raw["format"], "json"):
		return invalid("isv.invalid-format", "无效的数据格式")
	case c.raw["timestamp"] == "":
		return missing("isv.missing-timestamp", "缺少时间戳参数")
	case c.raw["sign_type"] == "":
		return missing("isv.missing-signature-type", "缺少签名类型参数")
	case c.raw["sign_type"] != "RSA2":
		return invalid("isv.invalid-signature-type", "无效的签名类型")
	case c.raw["sign"] == "":
		return missing("isv.missing-signature", "缺少签名参数")
	}
	if _, ok := charsetOf(c.charset); !ok {
		return invalid("isv.invalid-charset", "字符集错误")
	}
	return nil
}

func (s *Server) checkSignature(c *call) *failure {
	text := stringToSign(c.raw, false, "sign")
	if verifyText(c.app.public, []byte(text), c.raw["sign"]) {
		return nil
	}
	if s.reading().SignedEmptyValues {
		kept := stringToSign(c.raw, true, "sign")
		if verifyText(c.app.public, []byte(kept), c.raw["sign"]) {
			return nil
		}
	}
	fail := invalid("isv.invalid-signature",
		"验签出错，建议检查签名字符串或签名私钥与应用公钥是否匹配，网关生成的验签字符串为："+
			escapeHTML(toUTF8(c.charset, text)))
	fail.unsigned = c.sealKey != "" // encrypted, this one refusal carries no signature
	return fail
}

func escapeHTML(text string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func (s *Server) checkTimestamp(c *call) *failure {
	at, err := time.ParseInLocation(stampLayout, c.raw["timestamp"], chinaTime())
	if err != nil {
		return invalid("isv.invalid-timestamp", "非法的时间戳参数")
	}
	tolerance := s.reading().TimestampTolerance
	if tolerance > 0 && s.clock.Now().Sub(at).Abs() > tolerance {
		return invalid("isv.invalid-timestamp", "非法的时间戳参数")
	}
	return nil
}

func decodeParams(c *call) *failure {
	c.params = make(map[string]string, len(c.raw))
	for name, value := range c.raw {
		c.params[name] = toUTF8(c.charset, value)
	}
	c.notifyURL, c.returnURL = c.params["notify_url"], c.params["return_url"]
	return nil
}

// noteEncryption comes before the checks that may refuse: a refusal of an
// encrypted request is encrypted like any other answer to it.
func noteEncryption(c *call) *failure {
	if c.raw["encrypt_type"] == "AES" {
		c.sealKey = c.app.AESKey
	}
	return nil
}

func decryptContent(c *call) *failure {
	c.biz = []byte(c.params["biz_content"])
	switch c.params["encrypt_type"] {
	case "":
		return nil
	case "AES":
	default:
		return invalid("isv.invalid-encrypt-type", "无效的加密类型")
	}
	if c.app.AESKey == "" {
		return &failure{Code: codeConditions, SubCode: "isv.missing-encrypt-key", SubMsg: "未配置加密密钥"}
	}
	plain, err := aesDecrypt(c.app.AESKey, string(c.biz))
	if err != nil {
		return &failure{Code: codeConditions, SubCode: "isv.decryption-error-unknown", SubMsg: "解密出错, 未知错误"}
	}
	c.biz = plain
	return nil
}

// checkContent demands a JSON object. Methods without biz_content get one made
// of their own top-level parameters.
func checkContent(c *call) *failure {
	if len(c.biz) == 0 {
		fields := map[string]string{}
		for name, value := range c.params {
			if !isPublicParameter(name) {
				fields[name] = value
			}
		}
		var err error
		if c.biz, err = json.Marshal(fields); err != nil {
			return invalid("isv.illegal-json", "参数无法解析")
		}
		return nil
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(c.biz, &object); err != nil || object == nil {
		return invalid("isv.illegal-json", "biz_content 不是合法的 JSON")
	}
	return nil
}

func isPublicParameter(name string) bool {
	switch name {
	case "app_id", "method", "format", "charset", "sign_type", "sign", "timestamp", "version",
		"notify_url", "return_url", "app_auth_token", "auth_token", "biz_content", "encrypt_type",
		"app_cert_sn", "alipay_root_cert_sn", "alipay_sdk", "prod_code", "terminal_type",
		"terminal_info", "target_app_id", "ws_service_url":
		return true
	}
	return false
}
