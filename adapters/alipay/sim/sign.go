package alipaysim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
)

// stringToSign joins the parameters as the protocol demands: sorted by name in
// byte order, raw values, `&` between. Names in without are left out, and so
// are empty values unless keepEmpty.
func stringToSign(params map[string]string, keepEmpty bool, without ...string) string {
	names := make([]string, 0, len(params))
	for name, value := range params {
		if (value == "" && !keepEmpty) || slices.Contains(without, name) {
			continue
		}
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte('&')
		}
		b.WriteString(name)
		b.WriteByte('=')
		b.WriteString(params[name])
	}
	return b.String()
}

// signText is RSASSA-PKCS1-v1_5 over SHA-256 in standard base64 ("RSA2").
func signText(key *rsa.PrivateKey, text []byte) (string, error) {
	digest := sha256.Sum256(text)
	signature, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(signature), nil
}

// verifyText is strict: the signature must be canonical base64.
func verifyText(key *rsa.PublicKey, text []byte, sign string) bool {
	signature, err := base64.StdEncoding.Strict().DecodeString(sign)
	if err != nil || base64.StdEncoding.EncodeToString(signature) != sign {
		return false
	}
	digest := sha256.Sum256(text)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) == nil
}
