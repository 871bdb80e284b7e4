package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	alipaysetup "github.com/paymux/paymux/adapters/alipay/setup"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/jobs"
	"github.com/paymux/paymux/core/outbox"
	"github.com/paymux/paymux/core/store"
	"github.com/paymux/paymux/web"
)

// arrivals is what the parts are handed of the settings.
type arrivals struct {
	Core     core.Options
	Store    store.Config
	Web      web.Options
	Policy   outbox.Policy
	Schedule outbox.Schedule
	App      any // what the wire is handed; its types are the adapter's
	Merchant core.Merchant
	Account  core.Account
	APIKey   web.Key
	Operator web.Key
	Key      any
	Line     any
	Sweeper  *jobs.Sweeper
}

// TestEverySettingArrives changes one setting at a time and compares all that is handed on: what
// testdata/settings.txt says must change, to the value that it says, and nothing else may. So a
// setting that is dropped, swapped with its neighbour, or off by one is seen, and a new setting
// without a line fails (F10).
func TestEverySettingArrives(t *testing.T) {
	before := flatten(arrive(t, plainConfig(t)))
	seen := map[string]bool{}
	for _, line := range settingLines(t) {
		name, value, arrives := line[0], line[1], line[2]
		seen[name] = true
		if strings.HasPrefix(arrives, "elsewhere: ") {
			continue
		}
		changed := plainConfig(t)
		if content, named := strings.CutPrefix(value, "file:"); named {
			value = filepath.Join(t.TempDir(), "setting")
			if err := os.WriteFile(value, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		setSetting(t, reflect.ValueOf(changed).Elem(), strings.Split(name, "."), value)
		after := flatten(arrive(t, changed))
		var got []string
		for _, key := range slices.Sorted(maps.Keys(after)) {
			if before[key] != after[key] {
				got = append(got, key+"="+after[key])
			}
		}
		for _, key := range slices.Sorted(maps.Keys(before)) {
			if _, still := after[key]; !still {
				got = append(got, key+" gone")
			}
		}
		if text := strings.Join(got, ", "); text != arrives {
			t.Errorf("%s %s\n got %s\nwant %s", name, value, text, arrives)
		}
	}
	for _, name := range leaves(reflect.TypeFor[config.Config](), "") {
		if !seen[name] {
			t.Errorf("testdata/settings.txt does not say where %s arrives", name)
		}
		delete(seen, name)
	}
	for name := range seen {
		t.Errorf("testdata/settings.txt: there is no setting %s", name)
	}
}

// What no setting changes is handed on all the same.
func TestFixedSettingsArrive(t *testing.T) {
	got := arrive(t, plainConfig(t))
	if got.Core.Skew != time.Minute || got.Core.EventSettle != 2*time.Second || got.Sweeper.Timeout != 40*time.Second {
		t.Errorf("skew %v, settle %v, a job's time %v", got.Core.Skew, got.Core.EventSettle, got.Sweeper.Timeout)
	}
}

// settingLines reads "name | value | arrives".
func settingLines(t *testing.T) [][3]string {
	t.Helper()
	file, err := os.Open("testdata/settings.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var list [][3]string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") || lines.Text() == "" {
			continue
		}
		cells := strings.SplitN(lines.Text(), "|", 3)
		if len(cells) != 3 {
			t.Fatalf("three cells are wanted: %s", lines.Text())
		}
		list = append(list, [3]string{strings.TrimSpace(cells[0]), strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])})
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return list
}

// settingSecret is a strong secret that nothing else uses.
const settingSecret = "0123456789abcdefghijklmnopqrstuvwxyzABCD"

// plainConfig has one of each list's elements and no two values alike.
func plainConfig(t *testing.T) *config.Config {
	t.Helper()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(settingSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	return &config.Config{
		Server:   config.Server{Listen: "127.0.0.1:8101", BaseURL: "https://pay.example.com", Environment: config.Production, AdminListen: "127.0.0.1:8102"},
		DB:       config.DB{Driver: "sqlite", DSN: config.NewSecret("file:a.db"), MaxOpen: 11, Writers: 6},
		Jobs:     config.Jobs{WebhookSeconds: []int{1}},
		Gateways: []config.Gateway{{ID: "alipay", Environment: config.Production, URL: "https://gateway.example.com"}},
		Merchants: []config.Merchant{{
			ID: "m", Features: []config.Feature{{Platform: "p"}}, Overrides: []config.Override{{Platform: "p", Rule: "r", Allow: true}},
			Webhooks: []config.Webhook{{ID: "w", URL: "https://shop.example.com", Secrets: []config.WebhookSecret{{}}}},
			APIKeys:  []config.APIKey{{ID: "k", Mode: config.Bearer, SecretHash: strings.Repeat("00", 32), SecretFile: secret}},
			Accounts: []config.Account{{ID: "a", Gateway: "alipay", Settings: &alipaysetup.Account{Keys: []alipaysetup.Key{{}}}}},
		}},
		Operators: []config.Operator{{ID: "o", Mode: config.Bearer, SecretHash: strings.Repeat("00", 32), SecretFile: secret}},
	}
}

func arrive(t *testing.T, c *config.Config) arrivals {
	t.Helper()
	merchant := c.Merchants[0]
	apiKey, err := apiKeyOf(merchant, merchant.APIKeys[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	operator, err := operatorKeyOf(c.Operators[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := alipaysetup.Settings(merchant.Accounts[0]).Keys[0].Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	line := alipaysetup.TransportConfig(c.Gateways[0])
	client, roots, err := c.Gateways[0].TLS()
	if err != nil {
		t.Fatal(err)
	}
	line.ClientCertificate, line.RootCAs = client.Reveal(), roots
	return arrivals{
		Core: coreOptions(c), Store: StoreConfig(c.DB), Web: webOptions(c), Policy: webhookPolicy(c), Schedule: scheduleOf(c),
		App:      alipaysetup.AppConfig(c.Gateways[0], merchant.Accounts[0]),
		Merchant: merchantOf(c, merchant), Account: alipaysetup.AccountOf(merchant.Accounts[0], accountOf(c, merchant, merchant.Accounts[0])),
		APIKey: apiKey, Operator: operator, Key: key, Line: line, Sweeper: sweeperOf(c),
	}
}

// leaves lists the names of all settings that hold a value, as paths of their json names.
func leaves(t reflect.Type, prefix string) []string {
	if t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[config.Secret]() {
		return []string{strings.TrimSuffix(prefix, ".")}
	}
	var names []string
	if t == reflect.TypeFor[config.Account]() {
		for _, d := range Dialects() {
			names = append(names, leaves(reflect.TypeOf(d.Section()).Elem(), prefix+d.Gateway()+".")...)
		}
	}
	for field := range t.Fields() {
		if name := field.Tag.Get("json"); name != "" && name != "-" {
			names = append(names, leaves(field.Type, prefix+name+".")...)
		}
	}
	return names
}

// setSetting sets one setting, in the first element where there is a list.
func setSetting(t *testing.T, v reflect.Value, path []string, text string) {
	t.Helper()
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct && len(path) > 0 {
		v = v.Index(0)
	}
	if account, ok := reflect.TypeAssert[config.Account](v); ok && path[0] == account.Gateway {
		setSetting(t, reflect.ValueOf(account.Settings).Elem(), path[1:], text)
		return
	}
	if len(path) > 0 {
		for field := range v.Type().Fields() {
			if field.Tag.Get("json") == path[0] {
				setSetting(t, v.FieldByIndex(field.Index), path[1:], text)
				return
			}
		}
		t.Fatalf("no setting %s in %s", path[0], v.Type())
	}
	if v.Type() == reflect.TypeFor[config.Secret]() {
		v.Set(reflect.ValueOf(config.NewSecret(text)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		v.SetBool(text == "true")
	case reflect.Int, reflect.Int64:
		number, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		v.SetInt(number)
	default:
		if err := json.Unmarshal([]byte(text), v.Addr().Interface()); err != nil {
			t.Fatalf("%s: %v", v.Type(), err)
		}
	}
}

// flatten lists every exported leaf with its value; nil interfaces and functions are not settings.
func flatten(value any) map[string]string {
	flat := map[string]string{}
	flattenInto(flat, "", reflect.ValueOf(value))
	return flat
}

func flattenInto(flat map[string]string, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if at, ok := reflect.TypeAssert[time.Time](v); ok {
			flat[name] = at.Format(time.RFC3339)
			return
		}
		for field, value := range v.Fields() {
			if field.IsExported() {
				flattenInto(flat, strings.TrimPrefix(name+"."+field.Name, "."), value)
			}
		}
	case reflect.Slice, reflect.Array:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			flat[name] = fmt.Sprintf("%x", v.Interface())
			return
		}
		for i := range v.Len() {
			flattenInto(flat, fmt.Sprintf("%s[%d]", name, i), v.Index(i))
		}
	case reflect.Pointer:
		if sweeper, ok := reflect.TypeAssert[*jobs.Sweeper](v); ok {
			flattenInto(flat, name, reflect.ValueOf(*sweeper))
		}
	case reflect.Interface:
		if v.NumMethod() == 0 && !v.IsNil() {
			flattenInto(flat, name, v.Elem())
		}
	case reflect.Func, reflect.Map, reflect.Chan:
	default:
		flat[name] = fmt.Sprint(v.Interface())
	}
}
