package command

import "slices"

// word is what people are told of a code. The table of docs/doctor.md is written from these.
type word struct {
	code             string
	chinese, english string
	remedy           string // Chinese first; findings of the adapter bring their own
}

// doctorChapters are all codes of the doctor, by what they are about.
func doctorChapters() []struct {
	title string
	words []word
} {
	return []struct {
		title string
		words []word
	}{
		{"验签 · Signatures", signatureWords()},
		{"密钥与证书 · Keys and certificates", keyWords()},
		{"报文 · Messages", messageWords()},
		{"网关的答复 · What the gateway answers", gatewayWords()},
		{"网络与地址 · Network and addresses", lineWords()},
	}
}

func wordsOf(code string) word {
	for _, chapter := range doctorChapters() {
		for _, w := range chapter.words {
			if w.code == code {
				return w
			}
		}
	}
	return word{code: code, chinese: "见说明", english: "see the detail"}
}

// known tells whether a gateway's code has words of its own.
func known(code string) bool {
	return slices.ContainsFunc(gatewayWords(), func(w word) bool { return w.code == code })
}

func signatureWords() []word {
	return []word{
		{"no_signature", "报文没有签名", "the message has no signature", "确认报文完整，且确由支付宝发出。See that the message is whole and came from Alipay."},
		{"bad_base64", "签名的 Base64 已损坏", "the signature's base64 is damaged", "从日志重新取原始报文。Take the raw message again."},
		{"plus_to_space", "签名里的“+”变成了空格", "the signature's pluses became blanks", "只做一次 URL 解码。Decode the form once only."},
		{"wrong_sign_type", "签名类型不是 RSA2", "the signature is not of type RSA2", "在控制台改用 RSA2。Change the app to RSA2 in the console."},
		{"own_public_key", "把应用公钥当成了支付宝公钥", "the application's own public key stands where Alipay's belongs", "在控制台复制“支付宝公钥”。Copy Alipay's public key from the console."},
		{"wrong_key_length", "签名长度与公钥不符", "signature and public key differ in length", "核对控制台里的支付宝公钥。Compare Alipay's public key with the console."},
		{"signed_by_our_key", "报文由应用私钥签名，不是支付宝发出的", "our own key made the signature: it did not come from Alipay", "查明谁持有应用私钥；若不是自己的测试，立即更换密钥。Find out who holds the private key; unless it was your own test, change the key now."},
		{"decoded_twice", "参数被多解码了一次", "decoded once too often", "只做一次 URL 解码。Decode the form once only."},
		{"not_decoded", "参数没有解码", "not decoded", "先做一次 URL 解码再验签。Decode the form once."},
		{"html_escaped", "报文被 HTML 转义", "HTML-escaped on its way", "在框架处理之前取原始请求体。Take the raw body, before the framework."},
		{"query_params_signed", "通知地址自带的参数混入了验签", "parameters of the address's own query were mixed in", "通知地址不要带参数。Use an address without a query."},
		{"trimmed", "字段首尾空格被去掉", "blanks were cut off", "不要修剪字段。Do not trim fields."},
		{"empty_dropped", "签名不含某些字段", "signed without some of its fields", "按提示打开对应的 drop_… 开关。Switch on the drop_… setting that the finding names."},
		{"sign_type_kept", "这是应用网关消息，不是支付通知", "a message of the application gateway, not a payment's notification", "应用网关地址应为 /notify/alipay/{账户}/app。Its address is /notify/alipay/{account}/app."},
		{"charset", "字符编码被转换过", "transcoded on its way", "在原始字节上验签。Verify the raw bytes."},
		{"reserialised", "JSON 被重新序列化", "JSON was parsed and written again", "对原文验签。Verify the text as it came."},
		{"slashes_unescaped", "“\\/”被改成了“/”", `"\/" became "/"`, "对原文验签。Verify the text as it came."},
		{"wrong_app", "报文属于另一个应用", "the message belongs to another app", "核对通知地址里的账户。Check the account in the notification address."},
		{"certificate_rotated", "支付宝换了证书", "Alipay signs with another certificate", "运行 paymux certificate 下载并校验新证书。Run paymux certificate, which fetches and checks it."},
		{"certificate_outdated", "证书不在有效期内", "the certificate is outside its validity", "重新下载证书，并核对服务器时间。Download it again, and check this host's clock."},
		{"clock_skew", "服务器时钟不准", "the clocks disagree", "开启时间同步（NTP）。Synchronise this host's clock (NTP)."},
		{"request_signature", "网关不认我们的签名", "the gateway does not accept our signature", "把与私钥成对的应用公钥上传到控制台。Upload the public key that belongs to the private key."},
		{"request_text_differs", "签名的内容与发出的不同", "what was signed is not what was sent", "发出的每个参数必须与参与签名的逐字节一致。Send every parameter byte for byte as it was signed."},
		{"alipay_key_differs", "应答不是用所配的支付宝公钥对应的私钥签的", "the gateway signs with a key that is not the configured one", "重新从该应用的控制台复制支付宝公钥；不同应用、沙箱与生产的公钥都不同。Copy Alipay's public key from this app's own console: each app, and each environment, has its own."},
		{"notify_switch", "签名本身正确，但被本账户的开关或密钥期限拒绝", "the signature is good; a switch or a key's end refuses it", "核对 drop_… 开关与 not_after。Check the drop_… switches and not_after."},
		{"dump", "不是原始请求体，而是程序打印的内容", "not the raw body, but what a program printed of it", "用原始请求体（字节）验签和抓包。Verify and capture the raw body, byte for byte."},
		{"wrapped", "报文外面多了东西", "something stands around the message", "只取原始请求体。Take the raw body alone."},
		{"foreign_field", "混入了支付宝没有发送的参数", "a parameter that Alipay did not send got in", "框架常把路由、查询参数并入表单；取原始请求体。Frameworks merge route and query parameters into the form: take the raw body."},
		{"quotes_escaped", "引号前多了反斜杠", "backslashes stand before quotes", "关闭 magic quotes / addslashes，取原始请求体。Switch magic quotes or addslashes off, and take the raw body."},
		{"empty_changed", "空字段被改成 null 或被删除", "empty fields became null, or were lost", "在框架处理之前取原始请求体。Take the raw body, before the framework."},
		{"line_ends", "换行符被改动", "line ends were changed", "取原始字节。Take the raw bytes."},
		{"page_return", "这是买家浏览器的返回，不是通知", "the buyer's way back, not a notification", "以异步通知或查询为准。Go by the notification, or ask."},
		{"not_the_gateway", "答复的不是支付宝网关", "something else answers in the gateway's place", "检查中间的代理、网关地址与出口网络。Look for a proxy in between, and at the gateway's address."},
		{"refused_unsigned", "加密的拒绝应答，没有签名", "an encrypted refusal without a signature", "按代码查官方文档。Look the code up in the official documents."},
		{"unknown", "没有已知的原因能解释", "no known mistake explains it", "核对支付宝公钥；取最原始的报文再试。Compare Alipay's public key; try again with the rawest capture."},
	}
}

func keyWords() []word {
	return []word{
		{"key_empty", "没有密钥", "there is no key", "把密钥放进所配的文件。Put the key into the configured file."},
		{"key_unreadable", "密钥读不出来", "the key cannot be read", "重新复制，不要丢字符。Copy it again, whole."},
		{"key_is_public", "私钥的位置放了公钥", "a public key stands where the private key belongs", "换成应用私钥。Put the application's private key there."},
		{"key_is_private", "公钥的位置放了私钥", "a private key stands where Alipay's public key belongs", "换成支付宝公钥。Put Alipay's public key there."},
		{"key_is_certificate", "密钥的位置放了证书", "a certificate stands where a key belongs", "证书模式请用 *_cert_file。In certificate mode use the *_cert_file settings."},
		{"key_encrypted", "私钥有口令", "the private key has a password", "去掉口令后保存，文件权限 0600。Store it without, mode 0600."},
		{"key_wrong_algorithm", "密钥算法不对", "the key is of another algorithm", "RSA2 需要 RSA 密钥。RSA2 needs an RSA key."},
		{"key_too_weak", "密钥太短", "the key is too weak", "用 2048 位重新生成。Make one of 2048 bits."},
		{"key_is_our_own", "把应用公钥当成了支付宝公钥", "the application's own public key stands where Alipay's belongs", "在控制台复制“支付宝公钥”。Copy Alipay's public key from the console."},
		{"pasted_plus_lost", "粘贴时“+”变成了空格", "pluses became blanks in copying", "重新复制，中途不要经过表单或 URL 解码。Copy it again, past no form and no URL decoding."},
		{"certificate_unreadable", "证书读不出来", "the certificate cannot be read", "从控制台重新下载 .crt 文件，原样保存。Download the .crt file from the console again, and keep it as it is."},
		{"certificate_is_key", "证书的位置放了密钥或证书请求（.csr）", "a key, or a request for a certificate, stands where a certificate belongs", "换成控制台下载的 .crt 文件；公钥模式请改用 alipay_public_key_file。Put the .crt file of the console there; in public key mode use alipay_public_key_file."},
		{"certificate_expired", "证书不在有效期内", "the certificate is outside its validity", "重新下载证书，并核对服务器时间。Download it again, and check this host's clock."},
		{"certificate_untrusted", "证书不能追溯到根证书", "the certificate does not lead to a root", "下载完整的证书链和根证书。Download the whole chain and the roots."},
		{"certificate_mismatch", "证书放错了位置，或与私钥不成对", "a certificate stands in the wrong place, or does not belong to the private key", "应用证书、支付宝证书各放其位；应用证书须与私钥同一次生成。Put the application's and Alipay's certificate each in its place; the former and the private key are made together."},
		{"certificate_expires", "证书快到期了", "a certificate is about to end", "在控制台更新证书，再加为新的密钥版本。Renew it in the console and add it as a further key version."},
		{"master_key", "主密钥打不开已封存的内容", "the master key does not open what is sealed", "换回封存时的主密钥，或重新封存。Put back the master key it was sealed under, or seal it again."},
		{"app_config", "应用配置不能用", "the application's configuration cannot be used", "按说明修改配置。Mend what the detail names."},
		{"configuration", "配置有误", "the configuration is wrong", "paymux check 会逐条列出。paymux check lists every one."},
	}
}

func messageWords() []word {
	return []word{
		{"app_id_mismatch", "报文属于另一个应用", "the message belongs to another app", "核对通知地址里的账户。Check the account in the notification address."},
		{"signature_missing", "没有签名", "there is no signature", "OpenAPI v3 的签名在应答头里：请连同应答头一起抓取（curl -i）。v3 signs in headers: capture them too (curl -i)."},
		{"signature_malformed", "签名不是 Base64", "the signature is not base64", "取原始报文。Take the raw message."},
		{"signature_mismatch", "验签不通过", "the signature does not verify", "核对支付宝公钥，且对原文验签。Compare Alipay's public key, and verify the raw text."},
		{"sign_type_mismatch", "签名算法与配置不同", "another algorithm than the configured one", "让控制台与 sign_type 一致。Make the console and sign_type agree."},
		{"certificate_unknown", "报文用了未配置的证书", "made with a certificate that is not configured", "运行 paymux certificate。Run paymux certificate."},
		{"duplicate_field", "字段重复", "a field stands twice", "取原始请求体；真实通知没有重复字段。Take the raw body: real ones repeat nothing."},
		{"malformed_form", "不是表单", "not a form", "取原始请求体，不要取框架解析后的内容。Take the raw body, not what a framework parsed."},
		{"ambiguous_form", "内容有歧义", "it can be read in two ways", "取原始请求体。Take the raw body."},
		{"field_missing", "缺少必有的字段", "a field that is always there is missing", "取完整的原始请求体。Take the whole raw body."},
		{"body_too_large", "报文过大", "the message is too large", "确认是支付宝的报文。See that it is Alipay's."},
		{"old_interface", "旧版接口的报文", "a message of an older interface", "用开放平台接口下单，或把旧接口的通知地址改到别处。Make the order with the open platform's interface, or point the old one elsewhere."},
		{"service_check", "旧版网关校验请求", "the old test of a gateway address", "无需处理：它与支付无关。Nothing to do: it is about no payment."},
		{"query_not_allowed", "通知地址带了参数", "the notification address has a query", "通知地址不要带参数，否则参数可被冒用。Use an address without a query."},
		{"content_encoding", "报文被压缩", "the message was compressed on its way", "让前面的代理不要改动请求体。Let no proxy in front change the body."},
		{"malformed_response", "不是完整的网关应答", "not a whole answer of the gateway", "检查代理和超时。Look at proxies and time-outs."},
		{"ambiguous_response", "应答有歧义", "the answer can be read in two ways", "确认 --method 与请求一致。See that --method is the API that was called."},
		{"answer_mismatch", "应答对应另一个请求", "the answer belongs to another request", "检查中间的代理或缓存。Look for a proxy or cache in between."},
		{"decryption_failed", "内容解不开", "the content cannot be decrypted", "核对 AES 密钥。Compare the AES key with the console."},
		{"code_undecided", "网关返回了未列明的代码", "a code that is not listed", "稍后再查。Ask again later."},
		{"unknown_trade_outcome", "应答缺少证明结果的字段", "the answer lacks what would prove it", "再查一次。Ask again."},
	}
}

// gatewayWords are sub codes, without "isv.", that point to a mistake of set-up.
func gatewayWords() []word {
	return []word{
		{"invalid-app-id", "网关不认识这个应用", "the gateway does not know this app", "沙箱应用（9021…）只能用沙箱网关，生产应用只能用生产网关；核对 app_id。Sandbox apps (9021…) exist at the sandbox gateway only, production apps at the other; check app_id."},
		{"missing-app-cert-sn", "控制台为证书模式，而这里配的是公钥", "the console has certificates, the configuration a public key", "改配三个 *_cert_file。Configure the three *_cert_file settings."},
		{"missing-alipay-root-cert-sn", "控制台为证书模式，而这里配的是公钥", "the console has certificates, the configuration a public key", "改配三个 *_cert_file。Configure the three *_cert_file settings."},
		{"invalid-alipay-root-cert-sn", "根证书不对", "the root certificates are others", "重新下载 alipayRootCert.crt。Download alipayRootCert.crt again."},
		{"app-cert-not-exist", "网关没有这张应用证书", "the gateway does not hold this application certificate", "重新下载控制台当前的应用公钥证书。Download the certificate that the console shows now."},
		{"app-cert-expired", "应用证书已过期", "the application certificate has ended", "在控制台更新证书。Renew it in the console."},
		{"invalid-signature-type", "签名类型不对", "another signature type is expected", "在控制台改用 RSA2。Change the app to RSA2 in the console."},
		{"invalid-timestamp", "时间戳不被接受", "the timestamp is not accepted", "校准服务器时钟（NTP）。Synchronise this host's clock (NTP)."},
		{"invalid-encrypt-type", "加密方式不被接受", "the encryption is not accepted", "核对控制台的内容加密设置与 encrypt_content。Compare content encryption in the console with encrypt_content."},
		{"missing-encrypt-key", "控制台没有设置 AES 密钥", "the console holds no AES key", "在控制台设置内容加密，或关闭 encrypt_content。Set content encryption up in the console, or switch encrypt_content off."},
		{"decryption-error-not-valid-encrypt-key", "控制台没有设置 AES 密钥，或密钥格式不对", "the console holds no AES key, or one of another form", "在控制台重新设置内容加密的密钥，或关闭 encrypt_content。Set the key of content encryption in the console anew, or switch encrypt_content off."},
		{"decryption-error-not-valid-encrypt-type", "加密方式不被接受", "the encryption is not accepted", "核对控制台的内容加密设置与 encrypt_content。Compare content encryption in the console with encrypt_content."},
		{"invalid-encrypt", "网关解不开我们的内容", "the gateway cannot decrypt our content", "aes_key_file 与控制台的密钥不一致。aes_key_file is not the console's key."},
		{"decryption-error-unknown", "网关解不开我们的内容", "the gateway cannot decrypt our content", "aes_key_file 与控制台的密钥不一致。aes_key_file is not the console's key."},
		{"insufficient-isv-permissions", "应用没有这个接口的权限", "the app may not use this API", "在控制台签约对应产品并上线。Sign the product in the console and put the app online."},
		{"not-online-app", "应用尚未上线", "the app is not online", "在控制台提交上线。Put it online in the console."},
		{"forbidden-api", "接口被禁用", "the API is closed to this app", "在控制台签约对应产品。Sign the product in the console."},
		{"ACQ.ACCESS_FORBIDDEN", "商户没有开通产品", "the merchant has not signed the product", "在商家平台签约。Sign it on the merchant platform."},
	}
}

func lineWords() []word {
	return []word{
		{"no_answer", "网关没有答复", "the gateway does not answer", "检查网络、防火墙与 gateways.proxy。Look at the network, the firewall and gateways.proxy."},
		{"host_unknown", "域名解析不了", "the host's name does not resolve", "检查 DNS 与地址。Look at DNS and at the address."},
		{"tls_refused", "TLS 证书不可信", "the host's TLS certificate is not trusted", "检查中间的代理；通知地址必须用公认机构签发的证书，并带上中间证书。Look for a proxy in between; a notification address needs a certificate of a public authority, with its intermediate."},
		{"unexpected_status", "HTTP 状态异常", "another HTTP status than expected", "检查中间的代理。Look for a proxy in between."},
		{"gateway_busy", "网关忙或限流", "the gateway is busy or limits us", "稍后再试。Try later."},
		{"gateway_refuses", "网关拒绝了请求", "the gateway refuses the request", "按代码查官方文档。Look the code up in the official documents."},
		{"notify_address", "支付宝到不了通知地址", "the gateway cannot reach the notification address", "server.base_url 要用公网 https 域名。Give server.base_url a public https name."},
		{"notify_unreachable", "通知地址没有答复", "the notification address does not answer", "确认服务已启动，且反向代理转发 /notify/。See that the server runs and that the reverse proxy hands /notify/ on."},
		{"notify_redirect", "通知地址会跳转，支付宝不跟随", "the notification address redirects, which the gateway does not follow", "直接用最终地址。Use the final address itself."},
		{"notify_elsewhere", "答复的不是本账户的通知接口", "something else answers at the notification address", "核对反向代理的路径与账户名；登录页、拦截页都会这样。Check the reverse proxy's path and the account's name; log-in and block pages look like this."},
		{"notify_media", "通知地址按 Content-Type 拒收了通知", "the notification address refuses by the Content-Type", "支付宝会发送不规范的 Content-Type；在反向代理或防火墙上放行 /notify/。Alipay sends an irregular Content-Type: let /notify/ through in the reverse proxy or firewall."},
		{"payment_at_app_address", "支付通知发到了应用网关地址", "a payment's notification came to the application gateway's address", "下单的 notify_url 用 /notify/alipay/{账户}，不带 /app。The notify_url of orders is /notify/alipay/{account}, without /app."},
		{"message_at_payment_address", "应用网关消息发到了支付通知地址", "an application gateway's message came to the payments' address", "控制台的应用网关填 /notify/alipay/{账户}/app。In the console the application gateway is /notify/alipay/{account}/app."},
		{"notify_gullible", "未签名的消息也被应答 success", `an unsigned message is answered with "success"`, "答复者不是 paymux，且不验签：立即停用。Whatever answers is not paymux and checks nothing: switch it off."},
	}
}
