package coretest

import (
	"fmt"
	"sync/atomic"

	"github.com/paymux/paymux/core"
)

// IDs counts.
type IDs struct{ last atomic.Int64 }

var _ core.IDs = (*IDs)(nil)

// Row implements core.IDs.
func (i *IDs) Row() string { return fmt.Sprintf("01ROW%021d", i.last.Add(1)) }

// Public implements core.IDs.
func (i *IDs) Public(prefix string) string { return fmt.Sprintf("%s_%026d", prefix, i.last.Add(1)) }

// TradeNo implements core.IDs.
func (i *IDs) TradeNo() string { return fmt.Sprintf("01TRADE%019d", i.last.Add(1)) }
