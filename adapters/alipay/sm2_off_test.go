//go:build !sm2

package alipay

import "testing"

func TestSM2_notBuiltIn(t *testing.T) {
	config := testConfig(t)
	config.SignType = SignTypeSM2
	_, err := NewApp(config)
	wantRefusal(t, err, ErrKeyWrongAlgorithm)
}
