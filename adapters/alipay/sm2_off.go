//go:build !sm2

package alipay

import (
	"fmt"
	"time"
)

// loadSM2 stands in for the real one, which needs a library that most
// programs do not want.
func loadSM2(m material, _ KeyConfig, _ time.Time) (material, error) {
	return m, fmt.Errorf("%w: this program was built without SM2; build it with -tags sm2", ErrKeyWrongAlgorithm)
}
