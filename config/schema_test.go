package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/paymux/paymux/config"
)

// judge holds a file against the schema.
func judge(t *testing.T, file string) error {
	t.Helper()
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
	var value any
	if err := yaml.Unmarshal([]byte(file), &value); err != nil {
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

// The schema accepts the example and refuses what Load refuses by shape.
func TestSchemaJudgesTheExample(t *testing.T) {
	if err := judge(t, example(t)); err != nil {
		t.Errorf("the example: %v", err)
	}
	for _, c := range [][2]string{
		{"  drain_seconds: 20", "  drain_secs: 20"},
		{"sweep_seconds: 30", "sweep_seconds: 0"},
		{"role: approver", "role: root"},
		{`app_id: "9021000100000001"`, `app_id: 9021000100000001`},
		{`app_id: "9021000100000001"`, `app_no: "9021000100000001"`},
		{"        alipay: # the settings at the gateway stand under its id", "        app_id: \"9021000100000001\"\n        alipay:"},
		{"channels: [alipay_mini]", "channels: alipay_mini"},
		{"id: m_demo", "id: M_Demo"},
		{"    late_payment: refund", "    late_payment: keep"},
	} {
		if n := strings.Count(example(t), c[0]); n != 1 {
			t.Fatalf("%q occurs %d times in the example", c[0], n)
		}
		if judge(t, strings.Replace(example(t), c[0], c[1], 1)) == nil {
			t.Errorf("accepted %q", c[1])
		}
	}
}

// The flat spelling of before is refused by the schema too, whole.
func TestSchemaRefusesTheOldSpelling(t *testing.T) {
	flat, err := os.ReadFile("testdata/flat.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := judge(t, string(flat)); err == nil || !strings.Contains(err.Error(), "'app_id'") {
		t.Errorf("the old spelling: %v", err)
	}
}

// The example shows every setting, so that nobody has to guess a name.
func TestExampleIsComplete(t *testing.T) {
	text := example(t)
	keys := keysOf(reflect.TypeFor[config.Config]())
	for _, d := range shipped() {
		keys = append(append(keys, d.Gateway()), keysOf(section(d))...)
	}
	if len(keys) < 100 {
		t.Errorf("%d settings were found: are they all?", len(keys))
	}
	for _, key := range keys {
		if !strings.Contains(text, key+":") && key != "secret_sealed" && key != "private_key_sealed" {
			t.Errorf("config/example.yaml does not show %s", key)
		}
	}
}

func keysOf(t reflect.Type) []string {
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var keys []string
	for field := range t.Fields() {
		if name := field.Tag.Get("json"); name != "" && name != "-" {
			keys = append(append(keys, name), keysOf(field.Type)...)
		}
	}
	return keys
}

func example(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
