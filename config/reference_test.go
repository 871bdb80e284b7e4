package config_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	alipaysetup "github.com/paymux/paymux/adapters/alipay/setup"
	"github.com/paymux/paymux/config"
)

const (
	schemaFile    = "../docs/config.schema.json"
	referenceFile = "../docs/configuration.md"
	beginTable    = "<!-- generated from config/*.go and the gateways' settings -->"
	endTable      = "<!-- end -->"
)

// shipped are the gateways that the program is built with.
func shipped() []config.Dialect { return []config.Dialect{alipaysetup.Dialect{}} }

// described are the files whose comments describe the settings.
func described() []string {
	return []string{"config.go", "limits.go", "merchant.go", "../adapters/alipay/setup/account.go"}
}

// section is the type of what an account says at a gateway.
func section(d config.Dialect) reflect.Type { return reflect.TypeOf(d.Section()).Elem() }

// The JSON Schema and the reference's tables are written from the structs and
// their comments. PAYMUX_TEST_UPDATE=1 writes them; without it they must be
// what would be written.
func TestReferenceIsCurrent(t *testing.T) {
	docs := comments(t)
	schema := schemaOf(reflect.TypeFor[config.Config](), docs)
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	schema["title"] = "paymux configuration"
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(schema); err != nil {
		t.Fatal(err)
	}
	compare(t, schemaFile, out.String())

	page, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(page), beginTable)
	_, tail, ok2 := strings.Cut(rest, endTable)
	if !ok || !ok2 {
		t.Fatalf("%s has lost its marks", referenceFile)
	}
	var tables strings.Builder
	writeTables(&tables, reflect.TypeFor[config.Config](), "", docs, reflect.ValueOf(config.Defaults()))
	compare(t, referenceFile, head+beginTable+"\n"+tables.String()+endTable+tail)
}

func compare(t *testing.T, name, want string) {
	t.Helper()
	if os.Getenv("PAYMUX_TEST_UPDATE") != "" {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(name)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the structs say (%v): run PAYMUX_TEST_UPDATE=1 go test ./config", name, err)
	}
}

// comments maps "package.Type" and "package.Type.Field" to their doc comments.
func comments(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, name := range described() {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			decl, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, s := range decl.Specs {
				if spec, ok := s.(*ast.TypeSpec); ok {
					docs[f.Name.Name+"."+spec.Name.Name] = oneLine(decl.Doc.Text())
					fieldComments(f.Name.Name, spec, docs)
				}
			}
		}
	}
	return docs
}

func fieldComments(in string, spec *ast.TypeSpec, docs map[string]string) {
	body, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range body.Fields.List {
		docs[in+"."+spec.Name.Name+"."+field.Names[0].Name] = oneLine(field.Doc.Text())
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func schemaOf(t reflect.Type, docs map[string]string) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for f := range t.Fields() {
		name := f.Tag.Get("json")
		if name == "-" {
			continue
		}
		own, item, _ := strings.Cut(f.Tag.Get("validate"), "dive")
		s := valueSchema(f.Type, item, docs)
		constrain(s, own)
		if doc := docs[t.String()+"."+f.Name]; doc != "" {
			s["description"] = doc
		}
		properties[name] = s
		if strings.Contains(own, "required") && t != reflect.TypeFor[config.DB]() && t != reflect.TypeFor[config.Server]() {
			required = append(required, name)
		}
	}
	schema := map[string]any{
		"type": "object", "description": docs[t.String()], "properties": properties,
		"required": required, "additionalProperties": false,
	}
	if t == reflect.TypeFor[config.Account]() {
		addSections(schema, properties, docs)
	}
	return schema
}

// addSections lets an account have the section of its gateway, which it must. Channels are not
// listed: a new one would change a file far from it, and "paymux check" knows them.
func addSections(account, properties map[string]any, docs map[string]string) {
	var each []any
	for _, d := range shipped() {
		properties[d.Gateway()] = schemaOf(section(d), docs)
		each = append(each, map[string]any{
			"if":   map[string]any{"properties": map[string]any{"gateway": map[string]any{"const": d.Gateway()}}},
			"then": map[string]any{"required": []string{d.Gateway()}},
		})
	}
	account["allOf"] = each
}

func valueSchema(t reflect.Type, item string, docs map[string]string) map[string]any {
	switch {
	case t == reflect.TypeFor[config.Secret]():
		return map[string]any{"type": "string"}
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Struct:
		return schemaOf(t, docs)
	case t.Kind() == reflect.Slice:
		items := valueSchema(t.Elem(), "", docs)
		constrain(items, item)
		return map[string]any{"type": "array", "items": items}
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	default:
		return map[string]any{"type": "integer"}
	}
}

// constrain turns validate tags into schema words.
func constrain(s map[string]any, tags string) {
	words := map[any][2]string{"string": {"minLength", "maxLength"}, "array": {"minItems", "maxItems"}, "integer": {"minimum", "maximum"}}[s["type"]]
	patterns := map[string]string{"id": config.IDPattern, "key": config.KeyPattern, "event": config.EventPattern, "sha256": "^[0-9a-f]{64}$", "number": "^[0-9]*$"}
	for tag := range strings.SplitSeq(tags, ",") {
		name, value, _ := strings.Cut(tag, "=")
		n, _ := strconv.ParseInt(value, 10, 64)
		switch name {
		case "min":
			s[words[0]] = n
		case "max":
			s[words[1]] = n
		case "oneof":
			s["enum"] = strings.Fields(value)
		case "unique":
			s["uniqueItems"] = true
		case "startswith":
			s["pattern"] = "^" + value + "[0-9]*$"
		default:
			if p, ok := patterns[name]; ok && !strings.Contains(tags, "omitempty") {
				s["pattern"] = p
			}
		}
	}
}
