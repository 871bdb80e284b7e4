package config_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"time"

	"github.com/paymux/paymux/config"
)

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
		if f.Tag.Get("json") == "-" { // an account's section
			for _, d := range shipped() {
				parts = append(parts, part{section(d), path + "." + d.Gateway(), reflect.ValueOf(d.Section()).Elem()})
			}
			continue
		}
		at := strings.TrimPrefix(path+"."+f.Tag.Get("json"), ".")
		elem := f.Type
		if elem.Kind() == reflect.Slice {
			elem = elem.Elem()
		}
		if elem.Kind() == reflect.Struct && elem != reflect.TypeFor[time.Time]() && elem != reflect.TypeFor[config.Secret]() {
			p := part{t: elem, path: at}
			if f.Type.Kind() == reflect.Slice {
				p.path += "[]"
			} else if defaulted.IsValid() {
				p.v = defaulted.Field(i)
			}
			parts = append(parts, p)
			continue
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s |\n", f.Tag.Get("json"), defaultText(t, f, i, defaulted), docs[t.String()+"."+f.Name])
	}
	if rows.Len() > 0 {
		fmt.Fprintf(out, "\n### `%s`\n\n%s\n\n| setting | default | meaning |\n|---|---|---|\n%s", path, docs[t.String()], rows.String())
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
	case defaulted.IsValid() && f.Type != reflect.TypeFor[config.Secret]() && !defaulted.Field(i).IsZero():
		value = fmt.Sprint(defaulted.Field(i).Interface())
	case !defaulted.IsValid():
		filled, _ := config.ItemDefaults(nil, t, map[string]any{})
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
