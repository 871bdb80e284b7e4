package config

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/viper"
)

// environmentPrefix begins every variable that sets something.
const environmentPrefix = "PAYMUX_"

// overlayEnvironment lays variables over the file: PAYMUX_DB_DSN sets db.dsn,
// lists are separated by commas. Gateways and merchants are lists of records
// and come from the file only. Within a section's prefix an unknown variable
// is a problem (a typo would be a setting silently lost); others, such as
// those of the tests, are not ours to judge.
func overlayEnvironment(v *viper.Viper, environ []string, problems *Problems) {
	settings, sections := environmentNames()
	for _, entry := range slices.Sorted(slices.Values(environ)) {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, environmentPrefix) {
			continue
		}
		if s, ok := settings[name]; ok {
			parsed, err := parseText(s.kind, value)
			if err != nil {
				problems.add(name, "must be "+kindName(s.kind), "")
				continue
			}
			v.Set(s.path, parsed)
			continue
		}
		for _, section := range sections {
			if strings.HasPrefix(name, section) {
				problems.add(name, "is not a setting", "unset it, or mend its name")
			}
		}
	}
}

type environmentSetting struct {
	path string
	kind reflect.Type
}

func environmentNames() (settings map[string]environmentSetting, sections []string) {
	settings = map[string]environmentSetting{}
	root := reflect.TypeFor[Config]()
	for section := range root.Fields() {
		name := section.Tag.Get("json")
		prefix := environmentPrefix + strings.ToUpper(name) + "_"
		sections = append(sections, prefix)
		if section.Type.Kind() != reflect.Struct {
			continue
		}
		for key := range section.Type.Fields() {
			leaf := key.Tag.Get("json")
			settings[prefix+strings.ToUpper(leaf)] = environmentSetting{name + "." + leaf, key.Type}
		}
	}
	return settings, sections
}

func parseText(kind reflect.Type, value string) (any, error) {
	switch kind.Kind() {
	case reflect.Bool:
		return strconv.ParseBool(value)
	case reflect.Int, reflect.Int64:
		return strconv.Atoi(value)
	case reflect.Slice:
		var items []any
		for item := range strings.SplitSeq(value, ",") {
			parsed, err := parseText(kind.Elem(), strings.TrimSpace(item))
			if err != nil {
				return nil, err
			}
			items = append(items, parsed)
		}
		return items, nil
	default:
		return value, nil
	}
}

func kindName(kind reflect.Type) string {
	switch kind.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int64:
		return "a whole number"
	case reflect.Slice:
		return "a list separated by commas"
	default:
		return "text"
	}
}
