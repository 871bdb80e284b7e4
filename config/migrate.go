package config

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Moved is what [Migrate] moved in one account, into the section of its gateway.
type Moved struct {
	Account  string // its path
	Line     int    // where the account begins
	Gateway  string
	Settings []string // by name, in the order of the file
}

// MigrateFile migrates the text of a file, which it leaves as it is.
func MigrateFile(path string, dialects ...Dialect) ([]byte, []Moved, error) {
	text, _, err := readConfig(path)
	if err != nil {
		return nil, nil, err
	}
	return Migrate(text, dialects...)
}

// Migrate rewrites a configuration whose accounts hold the settings at their
// gateway themselves: it moves them into the section that the gateway has now.
// Comments, order, quotes and indentation stay, and so does every text that
// needs no move. It answers [Problems] for a text that it cannot read, or that
// it cannot move without changing what it says.
func Migrate(text []byte, dialects ...Dialect) ([]byte, []Moved, error) {
	lines, problems := scanKeys(text)
	if len(problems) > 0 {
		return nil, nil, problems.located(lines)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil { // scanKeys has read it
		return nil, nil, fmt.Errorf("config: %w", err)
	}
	m := newMigration(string(text), &doc)
	var moved []Moved
	for path, account := range accountNodes(&doc) {
		flat := flatSettings(account, dialects)
		if flat == nil {
			continue
		}
		moved = append(moved, Moved{path, account.Line, flat.gateway, flat.names})
		if err := m.move(path, account, flat); err != nil {
			return nil, nil, err
		}
	}
	if len(moved) == 0 {
		return text, nil, nil
	}
	out := m.text()
	if !sameMeaning(text, out, moved) {
		return nil, nil, Problems{{
			Path: moved[0].Account, Line: moved[0].Line, What: "cannot be moved without changing what the file says",
			Mend: "move its settings under " + moved[0].Gateway + ": by hand, or write the account out, one setting a line",
		}}
	}
	return out, moved, nil
}

// accountNodes visits the accounts of all merchants, in the order of the file.
func accountNodes(doc *yaml.Node) func(yield func(string, *yaml.Node) bool) {
	return func(yield func(string, *yaml.Node) bool) {
		for i, merchant := range itemsOf(valueOf(doc.Content[0], "merchants")) {
			for j, account := range itemsOf(valueOf(merchant, "accounts")) {
				if account.Kind == yaml.MappingNode && !yield(accountPath(i, j), account) {
					return
				}
			}
		}
	}
}

func valueOf(mapping *yaml.Node, name string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			return mapping.Content[i+1]
		}
	}
	return nil
}

func itemsOf(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	return list.Content
}

// flat are the settings of an account's gateway that stand in the account itself.
type flat struct {
	gateway string
	names   []string
	section bool // there is a section as well
}

func (f *flat) has(name string) bool { return slices.Contains(f.names, name) }

func flatSettings(account *yaml.Node, dialects []Dialect) *flat {
	gateway := valueOf(account, "gateway")
	if gateway == nil {
		return nil
	}
	own := dialectOf(dialects, gateway.Value)
	if own == nil {
		return nil
	}
	found := flat{gateway: own.Gateway()}
	for i := 0; i+1 < len(account.Content); i += 2 {
		name := account.Content[i].Value
		_, neutral := fieldNamed(reflect.TypeFor[Account](), name)
		if !neutral && hasSetting(own, name) {
			found.names = append(found.names, name)
		}
		found.section = found.section || name == own.Gateway()
	}
	if len(found.names) == 0 {
		return nil
	}
	return &found
}

// sameMeaning reads both texts, moves in what was read of the old one what was
// moved, and compares: a slip of the pen would be found here.
func sameMeaning(before, after []byte, moved []Moved) bool {
	var old, now any
	if yaml.Unmarshal(before, &old) != nil || yaml.Unmarshal(after, &now) != nil {
		return false
	}
	if _, problems := scanKeys(after); len(problems) > 0 {
		return false
	}
	for _, m := range moved {
		var i, j int
		if _, err := fmt.Sscanf(m.Account, "merchants[%d].accounts[%d]", &i, &j); err != nil {
			return false
		}
		account, ok := accountIn(old, i, j)
		if !ok {
			return false
		}
		section := map[string]any{}
		for _, name := range m.Settings {
			section[name] = account[name]
			delete(account, name)
		}
		account[m.Gateway] = section
	}
	return reflect.DeepEqual(old, now)
}

func accountIn(root any, i, j int) (map[string]any, bool) {
	file, _ := root.(map[string]any)
	merchants, _ := file["merchants"].([]any)
	if i >= len(merchants) {
		return nil, false
	}
	merchant, _ := merchants[i].(map[string]any)
	accounts, _ := merchant["accounts"].([]any)
	if j >= len(accounts) {
		return nil, false
	}
	account, ok := accounts[j].(map[string]any)
	return account, ok
}

// migration rewrites a text by its lines.
type migration struct {
	lines []string // with their ends
	start []int    // the offset of each
	whole string
	eol   string
	open  bool // the last line has no end
	nodes []*yaml.Node
	step  string // one indentation, as the file has it
	edits []textEdit
}

// textEdit puts other text in the place of a range of bytes.
type textEdit struct {
	from, to int
	text     string
}

func newMigration(text string, doc *yaml.Node) *migration {
	m := &migration{eol: "\n", open: !strings.HasSuffix(text, "\n"), step: "  "}
	if strings.Contains(text, "\r\n") {
		m.eol = "\r\n"
	}
	if m.open {
		text += m.eol
	}
	m.whole = text
	at := 0
	for line := range strings.Lines(text) {
		m.lines, m.start = append(m.lines, line), append(m.start, at)
		at += len(line)
	}
	m.start = append(m.start, at)
	m.nodes = flatten(doc, nil)
	// the first section whose settings are indented
	for _, section := range doc.Content[0].Content {
		if section.Kind == yaml.MappingNode && section.Style&yaml.FlowStyle == 0 && section.Column > 1 {
			m.step = strings.Repeat(" ", section.Column-1)
			break
		}
	}
	return m
}

// flatten lists a node and all below it in the order of the file.
func flatten(node *yaml.Node, into []*yaml.Node) []*yaml.Node {
	into = append(into, node)
	for _, child := range node.Content {
		into = flatten(child, into)
	}
	return into
}

func (m *migration) move(path string, account *yaml.Node, f *flat) error {
	refused := func(what, mend string) error {
		return Problems{{Path: path, Line: account.Line, What: what, Mend: mend}}
	}
	if f.section {
		return refused("has a section "+f.gateway+": and settings of it beside", "move them there by hand: "+strings.Join(f.names, ", "))
	}
	if strings.ContainsAny(m.whole, "\u0085\u2028\u2029") || strings.Count(m.whole, "\r") != strings.Count(m.whole, "\r\n") {
		return refused("stands in a file with strange line ends", "end its lines with line feeds alone")
	}
	rewrite := m.block
	if account.Style&yaml.FlowStyle != 0 {
		rewrite = m.flow
	}
	edit, ok := rewrite(account, f)
	if !ok {
		return refused("is written in a way that cannot be moved", "write the account out, one setting a line, without ? and &")
	}
	m.edits = append(m.edits, edit)
	return nil
}

// text is the whole with its edits.
func (m *migration) text() []byte {
	var out bytes.Buffer
	at := 0
	for _, e := range m.edits {
		out.WriteString(m.whole[at:e.from])
		out.WriteString(e.text)
		at = e.to
	}
	out.WriteString(m.whole[at:])
	if m.open {
		return bytes.TrimSuffix(out.Bytes(), []byte(m.eol))
	}
	return out.Bytes()
}

// offset is where a node begins. YAML counts columns in characters.
func (m *migration) offset(node *yaml.Node) int {
	line := m.lines[node.Line-1]
	column := 1
	for at := range line {
		if column == node.Column {
			return m.start[node.Line-1] + at
		}
		column++
	}
	return m.start[node.Line]
}
