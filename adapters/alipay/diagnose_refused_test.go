package alipay

import (
	"strings"
	"testing"
)

const refusedSignature = `{"code":"40002","sub_code":"isv.invalid-signature","sub_msg":"验签出错，网关生成的验签字符串为：a=1&amp;b=2"}`

// F19: the gateway encrypts the refusal of an encrypted request's signature, and does not sign it.
// It is opened and explained; proven it is only by the line it came over.
func TestF19_encryptedRefusal(t *testing.T) {
	sealed := func(key, node string) string {
		return `{"alipay_trade_query_response":"` + aesCipher(t, key).encrypt([]byte(node)) + `"}`
	}
	material := diagnoseMaterial(t)
	material.Key.AESKey = vectorAESKey
	for _, c := range []struct {
		name, answer string
		live, proven bool
		want         Cause
	}{
		{"F19 captured", sealed(vectorAESKey, refusedSignature), false, false, CauseRequestSignature},
		{"F19 live", sealed(vectorAESKey, refusedSignature), true, true, CauseRequestSignature},
		{"F19 another refusal", sealed(vectorAESKey, `{"code":"40002","sub_code":"isv.invalid-app-id"}`), true, true, CauseRefusedUnsigned},
		{"F19 another key", sealed("aa4BtZ4tspm2wnXLb1ThQA==", refusedSignature), true, false, Cause(ErrDecryptionFailed)},
		{"F19 plain and unsigned", `{"alipay_trade_query_response":` + refusedSignature + `}`, false, false, CauseRequestSignature},
		{"F19 under error_response", `{"error_response":` + refusedSignature + `}`, true, true, CauseRequestSignature},
		{"F19 signed", signedAnswer(t, MethodQuery, refusedSignature), false, true, CauseRequestSignature},
	} {
		findings := Diagnose(Capture{Method: MethodQuery, Response: c.answer, Live: c.live}, material)
		if len(findings) != 1 || findings[0].Cause != c.want || findings[0].Proven != c.proven {
			t.Errorf("%s: %+v", c.name, findings)
		}
	}
	// Without an AES key it says so, and claims nothing else.
	findings := Diagnose(Capture{Method: MethodQuery, Response: sealed(vectorAESKey, refusedSignature)}, diagnoseMaterial(t))
	if len(findings) != 1 || !strings.Contains(findings[0].Detail, "no AES key") || findings[0].Proven {
		t.Errorf("%+v", findings)
	}
}

// F22: two texts are the same only if they are the same from end to end.
func TestF22_sameText(t *testing.T) {
	for sent, want := range map[string]Cause{
		"a=1&b=2": CauseRequestSignature, "a=1&b=": CauseRequestDiffers, "a=1": CauseRequestDiffers, "a=1&b=22": CauseRequestDiffers, "a=1&b=2&c=3": CauseRequestDiffers,
	} {
		findings := Diagnose(Capture{Method: MethodQuery, Response: signedAnswer(t, MethodQuery, refusedSignature), Sent: sent}, diagnoseMaterial(t))
		wantCause(t, findings, want, true)
		if want == CauseRequestDiffers && strings.Contains(findings[0].Detail, "?") {
			t.Errorf("%q: %+v names no parameter", sent, findings)
		}
	}
}
