package command

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/web/app"
)

// simulateOptions is the command line of simulate.
type simulateOptions struct {
	listen, data                           string
	seed                                   uint64
	scale, buyers                          int
	start                                  string
	appID, sellerID, publicKey, appGateway string
	opAppIDs, otherSellers                 []string
	controlKey                             string
	manual, openID, certificates           bool
}

// The files of a simulator's folder, under the names that Alipay's console gives them where it
// does.
const (
	aesKeyFile             = "aes.key"
	controlKeyFile         = "control.key"
	authorityFile          = "authority.json"
	rootCertificateFile    = "alipayRootCert.crt"
	gatewayCertificateFile = "alipayCertPublicKey_RSA2.crt"
)

func (o simulateOptions) appCertificateFile() string { return "appCertPublicKey_" + o.appID + ".crt" }

const maxSimulatedBuyers = 9

// config makes the keys that are missing and everything else a simulator is made of.
func (o simulateOptions) config(files folder, streams Streams) (alipaysim.Config, error) {
	var cfg alipaysim.Config
	clock, err := o.clock(streams)
	if err != nil {
		return cfg, err
	}
	if o.buyers < 1 || o.buyers > maxSimulatedBuyers {
		return cfg, usageError{fmt.Errorf("--buyers is 1 to %d", maxSimulatedBuyers)}
	}
	gateway, err := files.pair("gateway", streams.Random)
	if err != nil {
		return cfg, err
	}
	one := alipaysim.App{AppID: o.appID, SellerID: o.sellerID, SellerName: "Simulated merchant", OpenIDMode: o.openID,
		OpAppIDs: o.opAppIDs, OtherSellers: o.otherSellers, GatewayURL: o.appGateway}
	if one.PublicKey, err = applicationKey(files, o.publicKey, streams); err != nil {
		return cfg, err
	}
	if one.AESKey, err = files.once(aesKeyFile, func() (string, error) {
		return base64.StdEncoding.EncodeToString(app.Draw(streams.Random, 16)), nil
	}); err != nil {
		return cfg, err
	}
	cfg = alipaysim.Config{Seed: o.seed, AlipayPrivateKeyPEM: gateway.PrivatePEM, BookPath: files.path("gateway.book"),
		Clock: clock, Manual: o.manual, Buyers: simulatedBuyers(o.buyers)}
	if o.certificates {
		if cfg.Authority, err = o.certify(files, &one, gateway, streams); err != nil {
			return cfg, err
		}
	}
	cfg.Apps = []alipaysim.App{one}
	return cfg, nil
}

// guardControl settles with which key the control API is used. Beyond loopback there is always one:
// the given one, or one that the folder keeps.
func (o simulateOptions) guardControl(files folder, listener net.Listener, streams Streams) (string, error) {
	if o.controlKey != "" || alipaysim.IsLoopback(listener.Addr().String()) {
		return o.controlKey, nil
	}
	return files.once(controlKeyFile, func() (string, error) { return hex.EncodeToString(app.Draw(streams.Random, controlKeyBytes)), nil })
}

const controlKeyBytes = 16

// clock starts at the present, or where --start says.
func (o simulateOptions) clock(streams Streams) (*alipaysim.Clock, error) {
	if o.scale < 0 {
		return nil, usageError{errors.New("--scale: time does not run backwards")}
	}
	clock := alipaysim.NewClock(streams.Now, o.scale)
	if o.start == "" {
		return clock, nil
	}
	at, err := time.Parse("2006-01-02 15:04:05Z07:00", o.start+"+08:00")
	if err != nil {
		return nil, usageError{errors.New(`--start is a time in China like "2026-11-22 20:00:00"`)}
	}
	return clock.StartAt(at), nil
}

// simulatedBuyers are the default buyer and others who differ in the last digit.
func simulatedBuyers(n int) []alipaysim.Buyer {
	list := []alipaysim.Buyer{alipaysim.DefaultBuyer()}
	for i := 1; i < n; i++ {
		digit := fmt.Sprint((2 + i) % 10) // 1 is the seller's
		list = append(list, alipaysim.Buyer{UserID: "208800000000000" + digit, LogonID: "138****000" + digit, CertName: "测试买家" + digit})
	}
	return list
}

// applicationKey is the public key requests are verified with: the given file's, or that of a pair
// made in the folder.
func applicationKey(files folder, given string, streams Streams) (string, error) {
	if given == "" {
		pair, err := files.pair("app", streams.Random)
		return pair.PublicText, err
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return "", fmt.Errorf("application public key: %w", err)
	}
	return string(text), nil
}

// certify puts the application into certificate mode under an authority of the folder's own, and
// lays out the files that an SDK asks for.
func (o simulateOptions) certify(files folder, app *alipaysim.App, gateway alipaysim.KeyPair, streams Streams) (*alipaysim.Authority, error) {
	kept, err := files.once(authorityFile, func() (string, error) {
		fresh, err := alipaysim.NewAuthority(streams.Random, streams.Now(), gateway.PrivatePEM)
		if err != nil {
			return "", err
		}
		text, err := json.Marshal(fresh)
		return string(text), err
	})
	if err != nil {
		return nil, err
	}
	authority := &alipaysim.Authority{}
	if err := json.NewDecoder(strings.NewReader(kept)).Decode(authority); err != nil {
		return nil, fmt.Errorf("%s: %w", authorityFile, err)
	}
	// Issued at every start: the key may be another one than last time. Equal keys keep their
	// serial number.
	if app.CertificatePEM, err = authority.IssueApp(streams.Now(), o.appID, o.sellerID, app.PublicKey); err != nil {
		return nil, err
	}
	return authority, errors.Join(
		files.write(o.appCertificateFile(), app.CertificatePEM),
		files.write(gatewayCertificateFile, authority.Certificates[0].ChainPEM),
		files.write(rootCertificateFile, authority.RootPEM))
}
