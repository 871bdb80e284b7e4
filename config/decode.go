package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
)

// decode fills into strictly: text where a number belongs, or a number where
// text belongs, is a problem and never a guess. It returns the paths of the
// keys that into does not know.
func decode(given, into any, blame Blame) (unknown []string) {
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		TagName: "json", Result: into,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(itemDefaults, exactNumber, textToSecret, textToTime),
	})
	if err == nil {
		err = decoder.Decode(given)
	}
	blameDecoding(err, blame)
	return strangers(given, reflect.TypeOf(into).Elem(), "")
}

// strangers lists the paths of given's keys that t has no setting for. The decoder's own list
// leaves out every record that holds something else wrong.
func strangers(given any, t reflect.Type, at string) (paths []string) {
	switch given := given.(type) {
	case []any:
		if t.Kind() == reflect.Slice {
			for i, item := range given {
				paths = append(paths, strangers(item, t.Elem(), fmt.Sprintf("%s[%d]", at, i))...)
			}
		}
	case map[string]any:
		if t.Kind() != reflect.Struct {
			return nil
		}
		for _, name := range slices.Sorted(maps.Keys(given)) {
			path := strings.TrimPrefix(at+"."+name, ".")
			if field, ok := fieldNamed(t, name); ok {
				paths = append(paths, strangers(given[name], field.Type, path)...)
			} else {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// itemDefaults gives list items the defaults that the zero value cannot express.
func itemDefaults(_, to reflect.Type, data any) (any, error) {
	given, ok := data.(map[string]any)
	if !ok {
		return data, nil
	}
	var absent map[string]any
	switch to {
	case reflect.TypeFor[Merchant]():
		absent = map[string]any{"late_payment": "refund", "max_payment_fen": maxFen}
	case reflect.TypeFor[APIKey](), reflect.TypeFor[Operator]():
		absent = map[string]any{"mode": Signed}
	case reflect.TypeFor[Account]():
		absent = map[string]any{"active": true}
	case reflect.TypeFor[Gateway]():
		absent = map[string]any{"max_connections": 256}
	default:
		return data, nil
	}
	filled := make(map[string]any, len(given)+len(absent))
	maps.Copy(filled, absent)
	maps.Copy(filled, given)
	return filled, nil
}

var errWholeNumber = errors.New("must be a whole number")

// exactNumber stops mapstructure from cutting 100.5 down to 100: amounts are fen.
func exactNumber(from, to reflect.Type, data any) (any, error) {
	whole := to.Kind() == reflect.Int || to.Kind() == reflect.Int64
	exact := from.Kind() == reflect.Int || from.Kind() == reflect.Int64
	numeric := from.Kind() >= reflect.Int && from.Kind() <= reflect.Float64
	if whole && numeric && !exact {
		return nil, errWholeNumber
	}
	return data, nil
}

func textToSecret(_, to reflect.Type, data any) (any, error) {
	if text, ok := data.(string); ok && to == reflect.TypeFor[Secret]() {
		return NewSecret(text), nil
	}
	return data, nil
}

var errTime = errors.New("must be a time such as 2026-11-01T00:00:00+08:00")

func textToTime(_, to reflect.Type, data any) (any, error) {
	text, ok := data.(string)
	if !ok || to != reflect.TypeFor[time.Time]() {
		return data, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return nil, errTime
	}
	return at, nil
}

// blameDecoding unfolds what mapstructure joined and wrapped, to the last error of each branch. It
// reports kinds and never values, since a value may be a secret in the wrong place.
func blameDecoding(err error, blame Blame) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			blameDecoding(e, blame)
		}
		return
	}
	at, isOne := err.(*mapstructure.DecodeError) //nolint:errorlint // what it wraps comes after it
	var kind *mapstructure.UnconvertibleTypeError
	switch {
	case err == nil:
	case !isOne:
		blameDecoding(errors.Unwrap(err), blame)
	case errors.Is(err, errWholeNumber):
		blame(at.Name(), errWholeNumber.Error(), "amounts are in fen, times in seconds")
	case errors.Is(err, errTime):
		blame(at.Name(), errTime.Error(), "")
	case errors.As(err, &kind) && kind.Expected.Kind() == reflect.String:
		blame(at.Name(), "must be text", "put it in quotes")
	default:
		blame(at.Name(), "has the wrong kind of value", "compare config/example.yaml")
	}
}

// knownKeys lists the settings beside the one at path, which begins in t.
func knownKeys(t reflect.Type, path string, dialects []Dialect) []string {
	parts := strings.Split(path, ".")
	for _, part := range parts[:len(parts)-1] {
		name, _, _ := strings.Cut(part, "[")
		field, ok := fieldNamed(t, name)
		if !ok {
			return nil
		}
		t = field.Type
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	names := make([]string, 0, t.NumField())
	for field := range t.Fields() {
		if name := field.Tag.Get("json"); name != "-" {
			names = append(names, name)
		}
	}
	if t == reflect.TypeFor[Account]() {
		names = append(names, gatewaysOf(dialects)...)
	}
	slices.Sort(names)
	return names
}

func fieldNamed(t reflect.Type, name string) (reflect.StructField, bool) {
	if t.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for field := range t.Fields() {
		if field.Tag.Get("json") == name {
			return field, true
		}
	}
	return reflect.StructField{}, false
}
