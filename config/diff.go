package config

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
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
	// as JSON all secrets look alike
	p["db.dsn"+secretPart], p["queue.url"+secretPart] = sha256.Sum256([]byte(c.DB.DSN.Reveal())), sha256.Sum256([]byte(c.Queue.URL.Reveal()))
	for _, f := range c.files() {
		text, err := readKeyFile(f.name, f.private)
		p[c.named(f.path)+" (content)"] = sha256.Sum256(fmt.Appendf([]byte(text), "\n%v", err != nil))
	}
	return p
}

// secretPart marks what is secret of a setting.
const secretPart = " (secret)"

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

// version is a short name of all settings and the content of all key files. It is shown, so it
// holds nothing of the file's own secrets, which somebody who knows all the rest could try out.
func (p imprint) version() string {
	h := sha256.New()
	for _, path := range slices.Sorted(maps.Keys(p)) {
		if strings.HasSuffix(path, secretPart) {
			continue
		}
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

// kept is an imprint as text: a line for each setting, sorted, of a keyed hash and the path. The
// key keeps whoever reads the text from trying out what a setting might be.
func (p imprint) kept(keyed func(string) string) string {
	var text strings.Builder
	for _, path := range slices.Sorted(maps.Keys(p)) {
		sum := p[path]
		mark := keyed(path + " " + hex.EncodeToString(sum[:]))
		_, _ = fmt.Fprintf(&text, "%s %q\n", mark[:min(len(mark), keptMark)], path)
	}
	return text.String()
}

// keptMark is how much of a keyed hash is kept: enough to tell that a setting has changed.
const keptMark = 16

// ChangesBetween lists what differs between two imprints that were kept, as [Watcher.Changes] does.
func ChangesBetween(before, after string) []string {
	return imprintKept(before).changes(imprintKept(after))
}

// imprintKept reads what kept wrote. What stands for a setting then compares to its like alone.
func imprintKept(text string) imprint {
	p := imprint{}
	for line := range strings.Lines(text) {
		mark, quoted, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if path, err := strconv.Unquote(quoted); err == nil {
			p[path] = sha256.Sum256([]byte(mark))
		}
	}
	return p
}
