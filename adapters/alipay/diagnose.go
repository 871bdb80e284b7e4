package alipay

import (
	"crypto/rsa"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Cause is why a signature fails, as a stable code.
type Cause string

// The causes a capture can show, with the mistake behind each.
const (
	CauseNone        Cause = "none"         // it verifies
	CauseNoSignature Cause = "no_signature" // there is none to check
	CauseBadBase64   Cause = "bad_base64"   // damaged in copying, or "+" became a blank
	// CausePlusToSpace: "+" of the base64 became a blank: decoded once too often.
	CausePlusToSpace   Cause = "plus_to_space"
	CauseWrongSignType Cause = "wrong_sign_type" // not RSA2
	// CauseOwnPublicKey: the application's public key stands where Alipay's belongs.
	CauseOwnPublicKey   Cause = "own_public_key"
	CauseWrongKeyLength Cause = "wrong_key_length" // made by a key of another length
	// CauseSignedByOurKey: the message was made by our own application key.
	CauseSignedByOurKey Cause = "signed_by_our_key"
	CauseDecodedTwice   Cause = "decoded_twice" // URL-decoded once too often
	CauseNotDecoded     Cause = "not_decoded"   // not URL-decoded at all
	CauseHTMLEscaped    Cause = "html_escaped"  // "&quot;" and the like got in
	// CauseQueryParams: parameters of the notify_url's query were mixed in.
	CauseQueryParams  Cause = "query_params_signed"
	CauseTrimmed      Cause = "trimmed"       // blanks were cut off values
	CauseEmptyDropped Cause = "empty_dropped" // signed with its empty fields left out
	// CauseSignTypeKept: signed with sign_type: an application-gateway message.
	CauseSignTypeKept     Cause = "sign_type_kept"
	CauseCharset          Cause = "charset"             // transcoded between GBK and UTF-8
	CauseReserialised     Cause = "reserialised"        // JSON was parsed and written again
	CauseSlashes          Cause = "slashes_unescaped"   // "\/" became "/"
	CauseWrongApp         Cause = "wrong_app"           // belongs to another app_id
	CauseCertRotated      Cause = "certificate_rotated" // names a certificate we do not hold
	CauseCertOutdated     Cause = "certificate_outdated"
	CauseClockSkew        Cause = "clock_skew"
	CauseRequestSignature Cause = "request_signature"    // the gateway refused our own signature
	CauseRequestDiffers   Cause = "request_text_differs" // and signed another text than we did
	CauseDump             Cause = "dump"                 // what a program printed of a parsed form
	CauseWrapped          Cause = "wrapped"              // something stands around the message
	CauseForeignField     Cause = "foreign_field"        // a field that Alipay did not send got in
	CauseQuotesEscaped    Cause = "quotes_escaped"       // backslashes before quotes
	CauseEmptyChanged     Cause = "empty_changed"        // empty fields became "null", or were lost
	CauseLineEnds         Cause = "line_ends"            // line ends were changed
	CausePageReturn       Cause = "page_return"          // the buyer's way back, no notification
	CauseNotGateway       Cause = "not_the_gateway"      // a page, or another program's JSON
	CauseRefusedUnsigned  Cause = "refused_unsigned"     // an encrypted refusal without a signature
	// CauseUnknown: none of the above: altered, or a key we have not seen.
	CauseUnknown Cause = "unknown"
)

// Finding is one thing wrong, most certain first. Proven means that undoing the
// mistake makes the signature verify.
type Finding struct {
	Cause  Cause
	Proven bool
	Detail string // what was seen, without keys or signatures
	Remedy string // what to do, Chinese first
}

// Capture is what an operator has recorded of a message that failed.
type Capture struct {
	// Notification is the raw body of a pushed form, as it came.
	Notification string
	// Query is what stood behind "?" in the notify_url, if anything did.
	Query string
	// Response is the raw body of an answer of the classic gateway; Method is its API.
	Response string
	Method   string
	// Sent is the string to sign of our own request, when the gateway refused it.
	Sent string
	// Live says that the answer came from the gateway's host just now, over TLS.
	Live bool
	// Date is the Date header of the answer; ReceivedAt our clock then.
	Date       string
	ReceivedAt time.Time
}

// Material is the configuration to hold the capture against.
type Material struct {
	AppID string
	Key   KeyConfig
	Now   time.Time // for certificates
}

// Diagnose says why a capture does not verify. It finds the mistakes that
// every SDK's issue list is full of by undoing each and trying again.
func Diagnose(capture Capture, material Material) []Finding {
	d := &diagnosis{material: material}
	if !d.load() {
		return d.findings
	}
	d.clock(capture)
	switch {
	case capture.Notification != "":
		d.notification(capture)
	case capture.Response != "":
		d.response(capture)
	}
	if len(d.findings) == 0 {
		d.found(CauseUnknown, false, "neither form nor answer was given", "请提供抓到的原文。Give the captured text as it came.")
	}
	return d.findings
}

// DiagnoseKey says what is wrong with key material by itself: nothing, when it
// can be used.
func DiagnoseKey(material Material) []Finding {
	d := &diagnosis{material: material}
	d.load()
	return d.findings
}

// diagnosis holds the keys in the form experiments need.
type diagnosis struct {
	material Material
	alipay   *rsa.PublicKey // of the configured text or certificate
	own      *rsa.PublicKey // the application's, nil when no private key is given
	serial   string         // of the configured certificate
	findings []Finding
	settled  bool // the signature, or what stands in its place, is explained
}

// explain adds the finding that explains the signature.
func (d *diagnosis) explain(cause Cause, proven bool, detail, remedy string) {
	d.settled = true
	d.found(cause, proven, detail, remedy)
}

func (d *diagnosis) found(cause Cause, proven bool, detail, remedy string) {
	d.findings = append(d.findings, Finding{cause, proven, detail, remedy})
}

// load reads the key material; what cannot be read is itself the finding.
func (d *diagnosis) load() bool {
	key := d.material.Key
	if private, err := ParsePrivateKey(key.PrivateKey); err == nil {
		d.own = &private.PublicKey
	} else if key.PrivateKey != "" {
		d.found(Cause(RefusalCode(err)), true, err.Error(), "应用私钥无法使用，请重新粘贴。The application's private key is unusable: paste it again.")
	}
	if key.AlipayCertificate == "" {
		public, err := ParsePublicKey(key.AlipayPublicKey)
		if err != nil {
			d.found(Cause(RefusalCode(err)), true, err.Error(), "支付宝公钥无法使用，请从控制台重新复制。Alipay's public key is unusable: copy it from the console again.")
			return false
		}
		d.alipay = public
	} else if !d.loadCertificate(key) {
		return false
	}
	if d.own != nil && d.own.N.Cmp(d.alipay.N) == 0 {
		d.found(CauseOwnPublicKey, true, "the configured Alipay public key is the public half of the application's own key",
			"请复制“支付宝公钥”，不是“应用公钥”。Copy Alipay's public key, not the application's.")
		return false
	}
	return true
}

func (d *diagnosis) loadCertificate(key KeyConfig) bool {
	chain, err := parseChain(key.AlipayCertificate)
	if err != nil { // it is what it is: no clock makes a key a certificate
		d.found(Cause(RefusalCode(err)), true, "alipay certificate: "+err.Error(), "")
		return false
	}
	d.serial = chain[0].serial
	if err := checkValidity(chain[0].parsed, d.material.Now); err != nil {
		d.found(CauseCertOutdated, true, err.Error(), "请重新下载支付宝公钥证书，并核对服务器时间。Download Alipay's certificate again, and check this host's clock.")
		return false
	}
	public, ok := chain[0].parsed.PublicKey.(*rsa.PublicKey)
	if !ok {
		d.found(Cause(ErrKeyWrongAlgorithm), true, "the certificate's key is not RSA", "请使用 RSA2 证书。Use the RSA2 certificate.")
		return false
	}
	d.alipay = public
	return true
}

// clock compares the gateway's Date header with ours (G16).
func (d *diagnosis) clock(capture Capture) {
	gateway, err := time.Parse(time.RFC1123, capture.Date)
	if err != nil || capture.ReceivedAt.IsZero() {
		return
	}
	if skew := gateway.Sub(capture.ReceivedAt).Round(time.Second); skew.Abs() > time.Minute {
		d.found(CauseClockSkew, false, fmt.Sprintf("the gateway's clock is %s ahead of ours", skew),
			"请校准服务器时间，时间戳须为北京时间。Set the server's clock; timestamps are China time.")
	}
}

// verifies tries one text with one key.
func verifies(key *rsa.PublicKey, message string, sign string) bool {
	signature, err := decodeSignature(sign)
	return err == nil && key != nil && rsaVerifier{key}.verify([]byte(message), signature) == nil
}

// signatureUnit divides the length of every signature that an RSA key in use makes,
// in bytes: keys have 512, 1024, 2048, 3072 or 4096 bits.
const signatureUnit = 64

// signatureShape reports damage to the signature itself. It returns the text
// to go on with, and whether going on makes sense.
func (d *diagnosis) signatureShape(sign string) (string, bool) {
	if sign == "" || sign == "null" {
		d.explain(CauseNoSignature, true, "there is no sign", "消息未带签名，可能不是支付宝发出的。Unsigned: perhaps not from Alipay at all.")
		return sign, false
	}
	if strings.Contains(sign, " ") {
		repaired := strings.ReplaceAll(sign, " ", "+")
		d.found(CausePlusToSpace, false, "blanks stand inside the base64", "“+”被解码成空格，请勿重复解码。A plus became a blank: decode once only.")
		return repaired, true
	}
	if strings.Contains(sign, "%") {
		if decoded, err := url.PathUnescape(sign); err == nil {
			d.found(CauseNotDecoded, false, "the signature is still URL-encoded", "请先做一次 URL 解码。Decode the form once.")
			return decoded, true
		}
	}
	signature, err := decodeSignature(sign)
	if err != nil {
		d.explain(CauseBadBase64, true, err.Error(), "签名在复制或传输中损坏。The signature was damaged in copying or on its way.")
		return sign, false
	}
	if len(signature)%signatureUnit != 0 {
		d.explain(CauseBadBase64, true, fmt.Sprintf("the signature has %d bytes, which no key makes", len(signature)),
			"签名不完整，或混入了别的内容。The signature was cut off, or something got into it.")
		return sign, false
	}
	if len(signature) != d.alipay.Size() {
		d.explain(CauseWrongKeyLength, true, fmt.Sprintf("the signature has %d bytes, the key makes %d", len(signature), d.alipay.Size()),
			"签名与所配公钥长度不符，密钥已更换？Made by a key of another length: was the key changed?")
		return sign, false
	}
	return sign, true
}
