package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// maxFile bounds the configuration file.
const maxFile = 4 << 20

// Load reads the YAML file at path, lays the PAYMUX_… variables of environ
// ("KEY=value", as os.Environ gives them) over it, and checks the whole.
// Relative file names in it are taken from the file's own directory.
// A file that cannot be read gives a plain error; everything else that is
// wrong comes back together as [Problems].
func Load(path string, environ []string) (*Config, error) {
	text, mode, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	lines, problems := scanKeys(text)
	if len(problems) > 0 {
		return nil, problems.located(lines)
	}
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		return nil, Problems{{Path: path, What: err.Error(), Mend: "write it as YAML"}}
	}
	inFile := map[string]string{"db.dsn": v.GetString("db.dsn"), "queue.url": v.GetString("queue.url")}
	overlayEnvironment(v, environ, &problems)
	c := defaults()
	decode(v, &c, &problems)
	if len(problems) > 0 {
		return nil, problems.located(lines)
	}
	c.resolveFiles(filepath.Dir(path))
	validateShape(&c, &problems)
	if len(problems) == 0 {
		checkServer(&c, &problems)
		checkMerchants(&c, &problems)
		checkFiles(&c, &problems)
		checkInlineSecrets(path, mode, inFile, &problems)
	}
	if len(problems) > 0 {
		return nil, problems.located(lines)
	}
	return &c, nil
}

func readConfig(path string) ([]byte, os.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("config: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("config: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, fmt.Errorf("config: read %s: %w", path, err)
	}
	if len(text) > maxFile {
		return nil, 0, fmt.Errorf("config: %s is larger than %d bytes", path, maxFile)
	}
	return text, info.Mode().Perm(), nil
}

// decode fills c strictly: a key that c does not know, text where a number
// belongs, or a number where text belongs is a problem, never a guess.
func decode(v *viper.Viper, c *Config, problems *Problems) {
	var met mapstructure.Metadata
	err := v.Unmarshal(c, func(d *mapstructure.DecoderConfig) {
		d.TagName = "json"
		d.WeaklyTypedInput = false
		d.Metadata = &met
		d.DecodeHook = mapstructure.ComposeDecodeHookFunc(itemDefaults, exactNumber, textToSecret, textToTime)
	})
	for _, path := range met.Unused {
		problems.add(path, "is not a setting", "known here: "+strings.Join(knownKeys(path), ", "))
	}
	addDecodeErrors(err, problems)
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
	case reflect.TypeFor[APIKey]():
		absent = map[string]any{"mode": Signed}
	case reflect.TypeFor[Account]():
		absent = map[string]any{
			"active": true, "mini_pay": TradeNo, "protocol": "classic", "sign_type": "RSA2", "timeout_seconds": 15, "break_after": 20, "break_seconds": 10,
		}
	case reflect.TypeFor[Gateway]():
		absent = map[string]any{"max_connections": 64}
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

// addDecodeErrors unfolds what mapstructure joined. It reports kinds and never
// values, since a value may be a secret in the wrong place.
func addDecodeErrors(err error, problems *Problems) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			addDecodeErrors(e, problems)
		}
		return
	}
	var at *mapstructure.DecodeError
	var kind *mapstructure.UnconvertibleTypeError
	switch {
	case err == nil:
	case !errors.As(err, &at):
		addDecodeErrors(errors.Unwrap(err), problems)
	case errors.Is(err, errWholeNumber):
		problems.add(at.Name(), errWholeNumber.Error(), "amounts are in fen, times in seconds")
	case errors.Is(err, errTime):
		problems.add(at.Name(), errTime.Error(), "")
	case errors.As(err, &kind) && kind.Expected.Kind() == reflect.String:
		problems.add(at.Name(), "must be text", "put it in quotes")
	default:
		problems.add(at.Name(), "has the wrong kind of value", "compare config/example.yaml")
	}
}

// knownKeys lists the settings beside the one at path.
func knownKeys(path string) []string {
	t := reflect.TypeFor[Config]()
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
		names = append(names, field.Tag.Get("json"))
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
