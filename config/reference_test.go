package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

const (
	schemaFile    = "../docs/config.schema.json"
	referenceFile = "../docs/configuration.md"
	beginTable    = "<!-- generated from config/*.go -->"
	endTable      = "<!-- end -->"
)

// The JSON Schema and the reference's tables are written from the structs and
// their comments. PAYMUX_TEST_UPDATE=1 writes them; without it they must be
// what would be written.
func TestReferenceIsCurrent(t *testing.T) {
	docs := comments(t)
	schema := schemaOf(reflect.TypeFor[Config](), docs)
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
	writeTables(&tables, reflect.TypeFor[Config](), "", docs, reflect.ValueOf(defaults()))
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

// The schema accepts the example and refuses what Load refuses by shape.
func TestSchemaJudgesTheExample(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("config.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("config.json")
	if err != nil {
		t.Fatal(err)
	}
	judge := func(text string) error {
		var value any
		if err := yaml.Unmarshal([]byte(text), &value); err != nil {
			t.Fatal(err)
		}
		asJSON, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(instance)
	}
	if err := judge(exampleText(t)); err != nil {
		t.Errorf("the example: %v", err)
	}
	for _, c := range [][2]string{
		{"  drain_seconds: 20", "  drain_secs: 20"},
		{"sweep_seconds: 30", "sweep_seconds: 0"},
		{"role: approver", "role: root"},
		{`app_id: "9021000100000001"`, `app_id: 9021000100000001`},
		{"id: m_demo", "id: M_Demo"},
		{"    late_payment: refund", "    late_payment: keep"},
	} {
		if judge(edit(t, exampleText(t), c[0], c[1])) == nil {
			t.Errorf("accepted %q", c[1])
		}
	}
}

// comments maps "Type" and "Type.Field" to their doc comments.
func comments(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	for _, name := range []string{"config.go", "merchant.go"} {
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
					docs[spec.Name.Name] = oneLine(decl.Doc.Text())
					fieldComments(spec, docs)
				}
			}
		}
	}
	return docs
}

func fieldComments(spec *ast.TypeSpec, docs map[string]string) {
	body, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range body.Fields.List {
		docs[spec.Name.Name+"."+field.Names[0].Name] = oneLine(field.Doc.Text())
	}
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

func schemaOf(t reflect.Type, docs map[string]string) map[string]any {
	properties := map[string]any{}
	required := []string{}
	for f := range t.Fields() {
		name := f.Tag.Get("json")
		own, item, _ := strings.Cut(f.Tag.Get("validate"), "dive")
		s := valueSchema(f.Type, item, docs)
		constrain(s, own)
		if doc := docs[t.Name()+"."+f.Name]; doc != "" {
			s["description"] = doc
		}
		properties[name] = s
		if strings.Contains(own, "required") && t != reflect.TypeFor[DB]() && t != reflect.TypeFor[Server]() {
			required = append(required, name)
		}
	}
	return map[string]any{
		"type": "object", "description": docs[t.Name()], "properties": properties,
		"required": required, "additionalProperties": false,
	}
}

func valueSchema(t reflect.Type, item string, docs map[string]string) map[string]any {
	switch {
	case t == reflect.TypeFor[Secret]():
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
	patterns := map[string]string{"id": idPattern, "key": keyPattern, "event": eventPattern, "sha256": "^[0-9a-f]{64}$", "numeric": "^[0-9]*$"}
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

// writeTables writes one table for each record, in the order of the file.
func writeTables(out *strings.Builder, t reflect.Type, path string, docs map[string]string, defaulted reflect.Value) {
	var rows strings.Builder
	type part struct {
		t    reflect.Type
		path string
		v    reflect.Value
	}
	var parts []part
	for i := range t.NumField() {
		f := t.Field(i)
		at := strings.TrimPrefix(path+"."+f.Tag.Get("json"), ".")
		elem := f.Type
		if elem.Kind() == reflect.Slice {
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct && elem.PkgPath() == t.PkgPath() && elem != reflect.TypeFor[Secret]() {
			p := part{t: elem, path: at}
			if f.Type.Kind() == reflect.Slice {
				p.path += "[]"
			} else {
				p.v = defaulted.Field(i)
			}
			parts = append(parts, p)
			continue
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", f.Tag.Get("json"), defaultText(t, f, i, defaulted), docs[t.Name()+"."+f.Name])
	}
	if rows.Len() > 0 {
		fmt.Fprintf(out, "\n### `%s`\n\n%s\n\n| setting | default | meaning |\n|---|---|---|\n%s", path, docs[t.Name()], rows.String())
	}
	for _, p := range parts {
		writeTables(out, p.t, p.path, docs, p.v)
	}
	if path == "" {
		out.WriteString("\n")
	}
}

func defaultText(t reflect.Type, f reflect.StructField, i int, defaulted reflect.Value) string {
	value := ""
	switch {
	case defaulted.IsValid() && f.Type != reflect.TypeFor[Secret]() && !defaulted.Field(i).IsZero():
		value = fmt.Sprint(defaulted.Field(i).Interface())
	case !defaulted.IsValid():
		filled, _ := itemDefaults(nil, t, map[string]any{})
		given, _ := filled.(map[string]any)
		if v, ok := maps.Clone(given)[f.Tag.Get("json")]; ok {
			value = fmt.Sprint(v)
		}
	}
	own, _, _ := strings.Cut(f.Tag.Get("validate"), "dive")
	switch {
	case value != "":
		return "`" + value + "`"
	case strings.Contains(own, "required"):
		return "**required**"
	default:
		return ""
	}
}
