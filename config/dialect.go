package config

// Dialect is what one gateway's adapter adds to the configuration: the settings
// that an account has at that gateway, and what they must be. They stand in the
// account under the gateway's id, and are read as strictly as all others.
type Dialect interface {
	// Gateway is the gateway's id, and the key of its section in an account.
	Gateway() string
	// Channels are those that an account at the gateway may serve.
	Channels() []string
	// Section is a new section that holds the defaults of what a file leaves out: a pointer to a
	// struct whose json and validate tags are read as those of [Config] are.
	Section() Section
	// CheckGateway judges an entry of gateways whose address is well formed.
	CheckGateway(g Gateway, blame Blame)
}

// Section is what an account says of itself at its gateway. Settings are named
// from the section: keys[0].version.
type Section interface {
	// Identity says whom the account speaks for.
	Identity() Identity
	// Check judges settings that are well formed by themselves against each other, the account's
	// own and the gateway's. The gateway is the zero value when the account's is not known or is of
	// another environment, which others report.
	Check(a Account, g Gateway, blame Blame)
	// Files visits every setting that names a file.
	Files(visit VisitFile)
	// Open opens every sealed text and reads every secret once, and tells fault what went wrong.
	Open(master *MasterKey, fault func(setting string, err error))
}

// Identity is an app at a gateway and who is paid through it. No two accounts
// have the same, and two merchants may have the same app only where both say so.
type Identity struct {
	App, Payee               string
	AppSetting, PayeeSetting string // the names of the settings that hold them
}

// VisitFile is told of a setting that names a file; private files must not be
// readable by others. It may change the name.
type VisitFile func(setting string, name *string, private bool)

// Blame is told what is wrong with a setting, in words that never repeat its
// value, and how to mend it.
type Blame func(setting, what, mend string)

// ExactlyOne blames what is at setting, unless just one of two ways to give a secret is used.
func (blame Blame) ExactlyOne(setting, name1, value1, name2, value2 string) {
	switch {
	case value1 == "" && value2 == "":
		blame(setting, "has no secret", "set "+name1+" or "+name2+"; there is no default")
	case value1 != "" && value2 != "":
		blame(setting, "has two secrets", "keep "+name1+" or "+name2)
	}
}

// dialectOf finds the dialect of a gateway; nil when no adapter speaks to it.
func dialectOf(dialects []Dialect, gateway string) Dialect {
	for _, d := range dialects {
		if d.Gateway() == gateway {
			return d
		}
	}
	return nil
}

func gatewaysOf(dialects []Dialect) []string {
	names := make([]string, len(dialects))
	for i, d := range dialects {
		names[i] = d.Gateway()
	}
	return names
}
