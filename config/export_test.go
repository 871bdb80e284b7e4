package config

// What the tests of the written reference need, which stand outside since they read the gateways'
// settings too.
const (
	IDPattern    = idPattern
	KeyPattern   = keyPattern
	EventPattern = eventPattern
)

// Defaults is the configuration before a file is read.
func Defaults() Config { return defaults() }

// ItemDefaults are those of the items of lists.
var ItemDefaults = itemDefaults
