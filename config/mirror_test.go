package config

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// The mirror of TestRefused: what stands beside each mistake and is none. A check that refuses too
// much keeps a shop from starting.
func TestAccepted(t *testing.T) {
	for _, c := range []refusal{
		{name: "F06 this machine", before: "base_url: https://pay.shop.example ", after: "base_url: http://127.0.0.1:8080 "},
		{name: "F06 this machine by name", before: "base_url: https://pay.shop.example ", after: "base_url: http://localhost:8080 "},
		{name: "F06 this machine by IPv6", before: "base_url: https://pay.shop.example ", after: "base_url: 'http://[::1]:8080' "},
		{name: "F06 this machine by both", before: "base_url: https://pay.shop.example ", after: "base_url: 'http://[::ffff:127.0.0.1]:8080' "},
		{name: "F06 capitals", before: "base_url: https://pay.shop.example ", after: "base_url: https://PAY.Shop.Example "},
		{name: "F06 a public address", before: "base_url: https://pay.shop.example ", after: "base_url: https://203.0.113.9/ "},
		{name: "F06 a name like a private one", before: "base_url: https://pay.shop.example ", after: "base_url: https://local.example "},
		{name: "W11 buyers sent back to this machine", before: "https://m.shop.example/pay/", after: "http://127.0.0.1:3000/"},
		{name: "H13 events to this machine", before: "https://www.shop.example/paymux/events", after: "http://127.0.0.1:9000/events"},
		{name: "one network beside everybody's", before: "[127.0.0.0/8]", after: `[10.0.0.0/8, "fd00::/10"]`},
		{name: "W44 half the world", before: "[127.0.0.0/8]", after: `[0.0.0.0/1, "2000::/4", 192.0.0.0/3]`},
		{name: "W40 a rate without a burst", before: "{per_second: 0, burst: 0, concurrent: 0} # of all", after: "{per_second: 3} # of all"},
		{name: "queue in the clear", before: `url: "" # empty`, after: `url: nats://queue:4222 # empty`},
		{name: "queue by TLS", before: `url: "" # empty`, after: `url: tls://queue:4222 # empty`},
		{name: "no queue", before: `url: "" # empty`, after: `url: none # empty`},
		{name: "one app for two payees", before: `shop: "902", payee: p1`, after: `shop: "901", payee: p9`},
		{name: "API and admin on ports of the system's choice", before: "listen: 127.0.0.1:8080", after: "listen: 127.0.0.1:0"},
		{name: "F08 the largest payment", before: "max_payment_fen: 10000000", after: "max_payment_fen: 10000000000"},
		{name: "F08 every payment confirmed", before: "confirm_over_fen: 5000000 ", after: "confirm_over_fen: 0 "},
		{name: "F08 no approval limit", before: "refund_approval_over_fen: 100000", after: "refund_approval_over_fen: 0"},
		{name: "I08 keys kept as long as the gateway repeats", before: "idempotency_days: 30", after: "idempotency_days: 2"},
	} {
		if _, err := load(place(t, edit(t, exampleText(t), c.before, c.after)), nil); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	// Apps are a gateway's own: the same number at another is another app.
	elsewhere := strings.Replace(minimal, `/gateway.do"}]`, `/gateway.do"}, {id: second, environment: sandbox, url: "http://127.0.0.1:9998/"}]`, 1) + `
  - id: m2
    name: Second
    accounts:
      - {id: a2, gateway: second, environment: sandbox, channels: [second_page],
         second: {shop: "901", payee: p1, keys: [{key_file: keys/app_v2.pem}]}}
`
	if _, err := load(place(t, elsewhere), nil); err != nil {
		t.Error(err)
	}
}

// F09: every setting that names a file is read, resolved from the file's folder, and is a secret
// unless it is one of those that everybody may read. The settings are found by reflection, so that
// a new one cannot be forgotten.
func TestF09EveryFileIsVisited(t *testing.T) {
	public := []string{"root_ca_file", "root_file"}
	var c Config
	want := map[string]bool{} // whether it is private, by path
	nameFiles(reflect.ValueOf(&c).Elem(), "", func(path string, field reflect.Value) {
		field.SetString("of/" + path)
		want[path] = !slices.ContainsFunc(public, func(name string) bool { return strings.HasSuffix(path, "."+name) })
	})
	got := map[string]bool{}
	c.resolveFiles("/etc/paymux")
	for _, f := range c.files() {
		got[f.path] = f.private
		if f.name != "/etc/paymux/of/"+f.path {
			t.Errorf("%s is %s", f.path, f.name)
		}
	}
	if len(want) < 7 || !reflect.DeepEqual(got, want) {
		t.Errorf("visited (private or not)\n%v, want\n%v", got, want)
	}
}

// nameFiles gives every list one item, and calls visit for each setting whose name ends in _file.
func nameFiles(value reflect.Value, path string, visit func(string, reflect.Value)) {
	switch value.Kind() {
	case reflect.Struct:
		for i := range value.NumField() {
			name := value.Type().Field(i).Tag.Get("json")
			if name == "" {
				continue // of a secret or a time
			}
			nameFiles(value.Field(i), strings.TrimPrefix(path+"."+name, "."), visit)
		}
	case reflect.Slice:
		value.Set(reflect.MakeSlice(value.Type(), 1, 1))
		nameFiles(value.Index(0), path+"[0]", visit)
	case reflect.Interface: // an account's section, which stands under its gateway's id
		section := &tillSection{}
		value.Set(reflect.ValueOf(section))
		nameFiles(reflect.ValueOf(section).Elem(), strings.TrimSuffix(path, "-")+"till", visit)
	case reflect.String:
		if strings.HasSuffix(path, "].gateway") {
			value.SetString("till")
		}
		if strings.HasSuffix(path, "_file") {
			visit(path, value)
		}
	default:
	}
}

// What is opened once cannot change while the program runs, and all the rest can: each setting is
// changed by itself, found by reflection.
func TestEverySettingIsEitherOpenedOrReloaded(t *testing.T) {
	opened := []string{"server.listen", "server.admin_listen", "server.environment", "db.", "queue.", "secrets."}
	root := reflect.TypeFor[Config]()
	for i := range root.NumField() {
		if root.Field(i).Type.Kind() != reflect.Struct {
			continue
		}
		section := root.Field(i).Type
		for j := range section.NumField() {
			path := root.Field(i).Tag.Get("json") + "." + section.Field(j).Tag.Get("json")
			was, is := defaults(), defaults()
			was.Queue.URL, is.Queue.URL = NewSecret("nats://a:1"), NewSecret("nats://a:1")
			was.DB.DSN, is.DB.DSN = NewSecret("a.db"), NewSecret("a.db")
			field := reflect.ValueOf(&is).Elem().Field(i).Field(j)
			switch field.Kind() {
			case reflect.String:
				field.SetString(field.String() + "x")
			case reflect.Int, reflect.Int64:
				field.SetInt(field.Int() + 1)
			case reflect.Bool:
				field.SetBool(!field.Bool())
			case reflect.Slice:
				field.Set(reflect.Append(field, reflect.Zero(field.Type().Elem())))
			default:
				field.Set(reflect.ValueOf(NewSecret("nats://b:1")))
			}
			fixed := slices.ContainsFunc(opened, func(begins string) bool { return strings.HasPrefix(path, begins) })
			err := needsRestart(&was, &is)
			if (err != nil) != fixed || (fixed && !strings.HasPrefix(err.Error(), path+":")) {
				t.Errorf("%s: %v, want a restart %v", path, err, fixed)
			}
		}
	}
}

// The limits of files, on both sides.
func TestFilesOnBothSidesOfTheirLimits(t *testing.T) {
	name := filepath.Join(t.TempDir(), "key")
	for size, fits := range map[int]bool{1: true, maxKeyFile: true, maxKeyFile + 1: false} {
		write(t, name, strings.Repeat("A", size))
		if _, err := readPrivate(name); (err == nil) != fits {
			t.Errorf("a key of %d bytes: %v", size, err)
		}
	}
	for size, fits := range map[int]bool{maxFile: true, maxFile + 1: false} {
		write(t, name, strings.Repeat("#", size))
		if _, _, err := readConfig(name); (err == nil) != fits {
			t.Errorf("a file of %d bytes: %v", size, err)
		}
	}
	// F04: how many of a master key's bytes differ
	for different, fits := range map[int]bool{15: false, 16: true} {
		text := make([]byte, masterKeyBytes)
		for i := range text {
			text[i] = byte(i % different)
		}
		path := filepath.Join(t.TempDir(), "master.key")
		if _, err := CreateMasterKey(path, strings.NewReader(string(text))); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenMasterKey(path, counted{}); (err == nil) != fits {
			t.Errorf("%d different bytes: %v", different, err)
		}
	}
}

// A certificate for the host's roots does not stand in the way of one of ours, nor the other way
// round; each is handed on as what it is.
func TestGatewayTLSMaterial(t *testing.T) {
	folder := t.TempDir()
	client, roots := filepath.Join(folder, "client.pem"), filepath.Join(folder, "roots.pem")
	write(t, client, "the client\n")
	write(t, roots, "the roots\n")
	for _, g := range []Gateway{{}, {ClientCertFile: client}, {RootCAFile: roots}, {ClientCertFile: client, RootCAFile: roots}} {
		gotClient, gotRoots, err := g.TLS()
		wantClient, wantRoots := "", ""
		if g.ClientCertFile != "" {
			wantClient = "the client"
		}
		if g.RootCAFile != "" {
			wantRoots = "the roots\n"
		}
		if err != nil || gotClient.Reveal() != wantClient || gotRoots != wantRoots {
			t.Errorf("%+v: %q %q %v", g, gotClient.Reveal(), gotRoots, err)
		}
	}
}
