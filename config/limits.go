package config

import "fmt"

// Limits says what one server holds and does at once, so that nobody's requests stand in the way of
// another's. What a merchant or a key may ask beside that stands there.
type Limits struct {
	// Requests with a key that are worked on at once, and as many of pages. While others wait a key
	// has at most half of them.
	Running int `json:"running" validate:"min=2,max=4096"`
	// Requests that wait for a gateway's answer at once, without a place among those that run, and
	// as many of pages. A key leaves as many to others as it has itself.
	Exchanging int `json:"exchanging" validate:"min=2,max=65536"`
	// Connections that the listener for the API holds open; 64 more are for probes and gateways'
	// messages alone.
	Connections int `json:"connections" validate:"min=64,max=65536"`
	// Connections of one address (IPv6: of one /64), or behind a trusted proxy requests of one
	// client that are under way.
	PerAddress int `json:"per_address" validate:"min=8,max=65536"`
	// MiB of memory that the program tries to stay below. Bodies of requests may take a quarter
	// of it, and one address no more of that than it leaves. The variable GOMEMLIMIT goes
	// before it.
	MemoryMiB int `json:"memory_mib" validate:"min=64,max=1048576"`
}

// Allowance limits what one merchant's keys together, or one key, may ask; refused with 429 and the
// time to wait. 0 means no limit of its own.
type Allowance struct {
	// Requests a second, on average.
	PerSecond int `json:"per_second" validate:"min=0,max=100000"`
	// Requests at once, beyond the average; 0 means as many as per_second.
	Burst int `json:"burst" validate:"min=0,max=100000"`
	// Requests under way at once.
	Concurrent int `json:"concurrent" validate:"min=0,max=100000"`
}

// checkAllowance refuses a burst of no rate, which would limit nothing.
func checkAllowance(at string, a Allowance, problems *Problems) {
	if a.Burst > 0 && a.PerSecond == 0 {
		problems.add(at+".burst", "limits nothing without per_second", fmt.Sprintf("set %s.per_second, or take it out", at))
	}
}
