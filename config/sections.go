package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// decodeAll fills c. The gateways' sections are taken out of the accounts first,
// since what they may hold depends on the account's gateway. It tells whether the file is in an
// earlier version's spelling.
func decodeAll(given map[string]any, c *Config, dialects []Dialect, problems *Problems) (earlier bool) {
	sections := takeSections(given, gatewaysOf(dialects))
	for _, path := range decode(given, c, problems.add) {
		what, mend := "is not a setting", "known here: "+strings.Join(knownKeys(reflect.TypeFor[Config](), path, dialects), ", ")
		if gateway, name, ok := moved(c, path, dialects); ok {
			earlier = true
			what = "has moved: write it under " + gateway + ": as " + gateway + "." + name
			mend = "`paymux config migrate FILE` prints the new file"
			// migrate does not write into a section that is there
			if _, stands := sections[strings.TrimSuffix(path, "."+name)][gateway]; stands {
				mend = "move it into the section, which is there already"
			}
		}
		problems.add(path, what, mend)
	}
	c.eachAccount(func(at string, a *Account) {
		for gateway, section := range sections[at] {
			decodeSection(at+"."+gateway, gateway, section, a, dialects, problems)
		}
	})
	return earlier
}

// takeSections moves what stands in accounts under the names of gateways out of
// given: by the account's path, and then by the gateway.
func takeSections(given map[string]any, gateways []string) map[string]map[string]any {
	taken := map[string]map[string]any{}
	merchants, _ := given["merchants"].([]any)
	for i, m := range merchants {
		merchant, _ := m.(map[string]any)
		accounts, _ := merchant["accounts"].([]any)
		for j, a := range accounts {
			account, _ := a.(map[string]any)
			sections := map[string]any{}
			for _, gateway := range gateways {
				if section, stands := account[gateway]; stands {
					sections[gateway] = section
					delete(account, gateway)
				}
			}
			taken[accountPath(i, j)] = sections
		}
	}
	return taken
}

func decodeSection(at, gateway string, given any, a *Account, dialects []Dialect, problems *Problems) {
	own := dialectOf(dialects, a.Gateway)
	switch {
	case own == nil || given == nil:
		// the account's gateway is not known, or the section is empty: both are reported later
		return
	case gateway != a.Gateway:
		problems.add(at, "belongs to another gateway than the account's", "write it as "+a.Gateway+", or take it out")
		return
	}
	a.Settings = own.Section()
	t := reflect.TypeOf(a.Settings).Elem()
	for _, path := range decode(given, a.Settings, problems.under(at)) {
		problems.add(at+"."+path, "is not a setting", "known here: "+strings.Join(knownKeys(t, path, dialects), ", "))
	}
}

// moved recognises a gateway's setting that stands in the account itself, where
// all of them stood before there were sections.
func moved(c *Config, path string, dialects []Dialect) (gateway, name string, ok bool) {
	var i, j int
	if _, err := fmt.Sscanf(path, "merchants[%d].accounts[%d].%s", &i, &j, &name); err != nil ||
		i >= len(c.Merchants) || j >= len(c.Merchants[i].Accounts) {
		return "", "", false
	}
	own := dialectOf(dialects, c.Merchants[i].Accounts[j].Gateway)
	return c.Merchants[i].Accounts[j].Gateway, name, own != nil && hasSetting(own, name)
}

// hasSetting says whether a dialect's section has a setting of that name.
func hasSetting(d Dialect, name string) bool {
	_, has := fieldNamed(reflect.TypeOf(d.Section()).Elem(), name)
	return has
}

// checkSections wants a section in every account, and the channels of its gateway alone.
func checkSections(c *Config, dialects []Dialect, problems *Problems) {
	c.eachAccount(func(at string, a *Account) {
		own := dialectOf(dialects, a.Gateway)
		switch {
		case a.Gateway == "": // reported as missing
			return
		case own == nil:
			problems.add(at+".gateway", "is a gateway that no adapter speaks to", "use one of: "+strings.Join(gatewaysOf(dialects), " "))
			return
		case a.Settings == nil:
			problems.add(at+"."+a.Gateway, "is missing", "the account's settings at its gateway stand there")
		}
		for i, channel := range a.Channels {
			if !slices.Contains(own.Channels(), channel) {
				problems.add(fmt.Sprintf("%s.channels[%d]", at, i), "is not one of the values it may have", "use one of: "+strings.Join(own.Channels(), " "))
			}
		}
	})
}

// eachAccount visits the accounts of all merchants.
func (c *Config) eachAccount(visit func(at string, a *Account)) {
	for i := range c.Merchants {
		for j := range c.Merchants[i].Accounts {
			visit(accountPath(i, j), &c.Merchants[i].Accounts[j])
		}
	}
}

func accountPath(merchant, account int) string {
	return fmt.Sprintf("merchants[%d].accounts[%d]", merchant, account)
}
