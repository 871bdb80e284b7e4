package command

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"text/template"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/web"
)

// The names of the demo's merchant, key and application. They exist in the simulator only.
const (
	demoMerchant = "m_demo"
	demoKeyID    = "demo"
	demoAppID    = "9021000100000001"
	demoSellerID = "2088000000000001"
	demoShopName = "茶与日常"
)

// demoFolder is where a demo keeps everything: keys, database, the simulator's book, and the
// configuration made of them, which other commands can be pointed at.
type demoFolder struct {
	folder
	apiKey     string // what a client sends
	apiKeyHash string
	app        alipaysim.KeyPair
	gateway    alipaysim.KeyPair
	created    string // when the folder was made, RFC 3339
	existed    bool
}

func (d demoFolder) configFile() string { return d.path("paymux.yaml") }
func (d demoFolder) bookFile() string   { return d.path("gateway.book") }

// openDemoFolder makes what is missing and reads the rest.
func openDemoFolder(base folder, random io.Reader, now func() time.Time) (demoFolder, error) {
	d := demoFolder{folder: base, existed: base.has("paymux.yaml")}
	var err error
	if d.created, err = d.once("created", func() (string, error) { return now().Format(time.RFC3339), nil }); err != nil {
		return d, err
	}
	if err := d.masterKey("master.key", random); err != nil {
		return d, err
	}
	if err := d.key(random); err != nil {
		return d, err
	}
	if d.app, err = d.pair("app", random); err != nil {
		return d, err
	}
	d.gateway, err = d.pair("gateway", random)
	return d, err
}

// key keeps the API key itself, which a real server never does: the demo prints it again at every
// start.
func (d *demoFolder) key(random io.Reader) error {
	var err error
	d.apiKey, err = d.once("api.key", func() (string, error) {
		key, hash, err := web.NewBearerKey(demoKeyID, random)
		if err != nil {
			return "", err
		}
		return key, d.write("api.key.sha256", hash)
	})
	if err != nil {
		return err
	}
	d.apiKeyHash, err = d.once("api.key.sha256", func() (string, error) {
		return "", fmt.Errorf("data folder: api.key.sha256 is gone; remove api.key too and start again")
	})
	return err
}

//go:embed demo.yaml.tmpl
var demoConfig string

// writeConfig writes the configuration for this start: the addresses may be others than last time.
func (d demoFolder) writeConfig(listen, baseURL, gatewayURL string) error {
	shape, err := template.New("paymux.yaml").Option("missingkey=error").Parse(demoConfig)
	if err != nil {
		return fmt.Errorf("demo configuration: %w", err)
	}
	var text bytes.Buffer
	err = shape.Execute(&text, map[string]string{
		"Listen": listen, "BaseURL": baseURL, "GatewayURL": gatewayURL, "Database": d.path("paymux.db"),
		"Merchant": demoMerchant, "ShopName": demoShopName, "AppID": demoAppID, "SellerID": demoSellerID,
		"KeyID": demoKeyID, "KeyHash": d.apiKeyHash, "Created": d.created,
	})
	if err != nil {
		return fmt.Errorf("demo configuration: %w", err)
	}
	return d.write("paymux.yaml", text.String())
}
