package alipaysetup

import (
	"fmt"
	"path/filepath"

	"github.com/paymux/paymux/adapters"
)

// pairBits is what Alipay asks of an application's RSA2 key.
const pairBits = 2048

// Pair tells where the halves of an application's pair go at Alipay. Alipay's own key is to stand
// beside the private one.
func (Registration) Pair(file string) adapters.Pair {
	theirs := filepath.Join(filepath.Dir(file), "alipay.pub")
	return adapters.Pair{
		Bits: pairBits,
		Public: "Paste this public key (应用公钥, RSA2) into Alipay's console, and put Alipay's own public key (支付宝公钥),\n" +
			"which the console then shows, into the file " + theirs + ":",
		Settings: fmt.Sprintf("- version: v1\n  use: current\n  private_key_file: %q\n  alipay_public_key_file: %q", file, theirs),
	}
}
