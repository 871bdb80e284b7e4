package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// imprint is a configuration as a hash for each setting, by path. Records are named by their id and
// not by their place, so that one more merchant does not change all that follow. A file's content
// stands beside its name. Hashes are compared and never shown: what is hashed may be secret.
type imprint map[string][sha256.Size]byte

func imprintOf(c *Config) imprint {
	p := imprint{}
	var tree any
	if text, err := json.Marshal(c); err == nil && json.Unmarshal(text, &tree) == nil {
		p.add("", tree)
	}
	for _, m := range c.Merchants {
		for _, a := range m.Accounts {
			text, err := json.Marshal(a.Settings)
			if err == nil && json.Unmarshal(text, &tree) == nil {
				p.add(fmt.Sprintf("merchants[%s].accounts[%s].%s", m.ID, a.ID, a.Gateway), tree)
			}
		}
	}
	for _, f := range c.files() {
		text, err := readKeyFile(f.name, f.private)
		p[c.named(f.path)+" (content)"] = sha256.Sum256(fmt.Appendf([]byte(text), "\n%v", err != nil))
	}
	return p
}

// named is the path of a setting with ids in the place of numbers.
func (c *Config) named(path string) string {
	for i, m := range c.Merchants {
		at := fmt.Sprintf("merchants[%d]", i)
		for j, a := range m.Accounts {
			path = strings.Replace(path, fmt.Sprintf("%s.accounts[%d]", at, j), fmt.Sprintf("%s.accounts[%s]", at, a.ID), 1)
		}
		for j, k := range m.APIKeys {
			path = strings.Replace(path, fmt.Sprintf("%s.api_keys[%d]", at, j), fmt.Sprintf("%s.api_keys[%s]", at, k.ID), 1)
		}
		for j, w := range m.Webhooks {
			path = strings.Replace(path, fmt.Sprintf("%s.webhooks[%d]", at, j), fmt.Sprintf("%s.webhooks[%s]", at, w.ID), 1)
		}
		path = strings.Replace(path, at+".", "merchants["+m.ID+"].", 1)
	}
	return path
}

func (p imprint) add(path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, item := range value {
			p.add(strings.TrimPrefix(path+"."+key, "."), item)
		}
	case []any:
		for i, item := range value {
			name := fmt.Sprint(i)
			if record, is := item.(map[string]any); is {
				name = cmp.Or(nameOf(record), name)
			}
			p.add(path+"["+name+"]", item)
		}
	case nil: // a list that is not there has no items either
	default:
		p[path] = sha256.Sum256(fmt.Append(nil, value))
	}
}

// nameOf is what a record is known by: its id, a key's version, or what a switch switches.
func nameOf(record map[string]any) string {
	for _, key := range []string{"id", "version"} {
		if id, is := record[key].(string); is && id != "" {
			return id
		}
	}
	platform, _ := record["platform"].(string)
	if feature, is := record["feature"].(string); is {
		return platform + "/" + feature
	}
	return ""
}

// version is a short name of all settings and the content of all key files.
func (p imprint) version() string {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(p)) {
		sum := p[path]
		h.Write(fmt.Appendf(nil, "%q %x\n", path, sum[:]))
	}
	return hex.EncodeToString(h.Sum(nil))[:16]
}

// changes lists the settings that differ, sorted: +added, -removed, ~changed.
func (p imprint) changes(next imprint) []string {
	var list []string
	for path, sum := range next {
		if was, there := p[path]; !there {
			list = append(list, "+"+path)
		} else if was != sum {
			list = append(list, "~"+path)
		}
	}
	for path := range p {
		if _, there := next[path]; !there {
			list = append(list, "-"+path)
		}
	}
	slices.SortFunc(list, func(a, b string) int { return strings.Compare(a[1:], b[1:]) })
	return list
}
