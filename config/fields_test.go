package config

import "reflect"

// everyKey lists the names of all settings.
func everyKey() []string { return keysOf(reflect.TypeFor[Config]()) }

func keysOf(t reflect.Type) []string {
	for t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t.PkgPath() != reflect.TypeFor[Config]().PkgPath() {
		return nil
	}
	var keys []string
	for field := range t.Fields() {
		if name := field.Tag.Get("json"); name != "" {
			keys = append(append(keys, name), keysOf(field.Type)...)
		}
	}
	return keys
}
