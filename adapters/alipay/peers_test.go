//go:build peers

package alipay

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkOfficialSDK is the official Node SDK on the same three pieces of
// work; compare its figures with work-ns of the benchmarks beside it.
func BenchmarkOfficialSDK(b *testing.B) {
	folder, err := filepath.Abs("sim/conformance")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "node_modules/alipay-sdk/package.json")); err != nil {
		b.Fatal("the official SDK is not installed: run `npm install --no-save` in adapters/alipay/sim/conformance")
	}
	keys := testKeys(b)
	input, err := json.Marshal(map[string]any{
		"app_id": testAppID, "private_key": keys["app_pkcs1"], "public_key": keys["alipay_public"],
		"notify_url": "https://pay.example.com/notify?ch=alipay",
		"wap_pay": map[string]string{
			"out_trade_no": "T1", "total_amount": "88.88", "subject": "奶茶", "product_code": ProductWap,
			"quit_url": "https://shop.example.com/cart?x=1&y=2", "time_expire": "2026-11-23 04:37:31",
		},
		"notification": paidForm().signed(b, gatewayKey(b), notifyRule()).encode(),
		"response":     signedAnswer(b, MethodQuery, paidNode),
	})
	if err != nil {
		b.Fatal(err)
	}
	path := filepath.Join(b.TempDir(), "input.json")
	if err := os.WriteFile(path, input, 0o600); err != nil {
		b.Fatal(err)
	}
	var quickest map[string]float64
	for b.Loop() {
		if quickest != nil {
			continue // the script repeats by itself
		}
		command := exec.CommandContext(b.Context(), "node", "testdata/peers.mjs", folder, path)
		command.Stderr = os.Stderr
		output, err := command.Output()
		if err != nil {
			b.Fatal(err)
		}
		if err := json.Unmarshal(output, &quickest); err != nil {
			b.Fatal(err)
		}
	}
	for work, nanoseconds := range quickest {
		b.ReportMetric(nanoseconds, work+"-ns")
	}
}
