package alipaysim

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Config is everything a simulator needs. The zero value lacks only
// AlipayPrivateKeyPEM and Apps.
type Config struct {
	// Seed fixes every identifier and every random choice; keys aside.
	Seed uint64
	// Apps are the applications known to the gateway.
	Apps []App
	// Buyers are the Alipay accounts that can pay. Empty: DefaultBuyer alone.
	Buyers []Buyer
	// AlipayPrivateKeyPEM signs answers and notifications: PEM or bare base64,
	// PKCS#1 or PKCS#8, at least 2048 bit.
	AlipayPrivateKeyPEM string
	// Authority holds the certificates for apps in certificate mode; nil makes
	// a fresh one when an app asks for it.
	Authority *Authority
	// BookPath is the file of the book; empty keeps the book in memory.
	BookPath string
	// Clock is the simulated time; nil is real time. A book that exists sets it
	// to where it was.
	Clock *Clock
	// Manual lets nothing happen by itself: notifications, expiries and slow
	// payments wait for Advance or Flush, and come one after the other. With a
	// frozen clock and one caller at a time, equal seeds then give equal books.
	Manual bool
	// HTTPClient delivers notifications; nil is one with a 5 s limit. Redirects
	// are never followed, whatever the client says.
	HTTPClient *http.Client
	// BaseURL is how buyers and SDKs reach the simulator, for example
	// http://127.0.0.1:9090. Empty: taken from the request's Host.
	BaseURL string
	// ControlKey is what calls of the control API must show; at least 16
	// characters. Empty: none, and only loopback names are answered.
	ControlKey string
	// Triggers replaces the notification matrix, by API method. See DefaultTriggers.
	Triggers map[string]Triggers
	// Switches are the points on which documents disagree or real gateways vary.
	Switches Switches
}

// App is one application at the open platform.
type App struct {
	AppID string
	// SellerID is the merchant's PID: 16 digits starting with 2088.
	SellerID string
	// OtherSellers are further payees that an order may name as seller_id. The
	// money of an order that names nobody goes to SellerID.
	OtherSellers []string
	// SellerEmail and SellerName are shown to buyers and sent in notifications.
	SellerEmail, SellerName string
	// PublicKey is the application's public key in any text form. In
	// certificate mode it may be empty.
	PublicKey string
	// CertificatePEM puts the app into certificate mode: requests must carry
	// the serial numbers of this certificate and of the root bundle.
	CertificatePEM string
	// AESKey is the base64 content-encryption key (16 raw bytes), if any.
	AESKey string
	// OpenIDMode names buyers by open_id and never by user_id.
	OpenIDMode bool
	// OpAppIDs are the mini-programs that may be named as op_app_id beside the app itself.
	OpAppIDs []string
	// GatewayURL is the application gateway: where complaints and other
	// messages that are not payment notifications go.
	GatewayURL string
}

// Buyer is an Alipay account.
type Buyer struct {
	// UserID is 16 digits starting with 2088.
	UserID string
	// LogonID is the masked login name, for example 138****0001.
	LogonID string
	// CertName is the verified name, shown on the cashier page.
	CertName string
}

// DefaultBuyer pays when a config names no buyers.
func DefaultBuyer() Buyer {
	return Buyer{UserID: "2088000000000002", LogonID: "138****0002", CertName: "测试买家"}
}

// notifyTimeout is how long a merchant may take to answer a notification.
const notifyTimeout = 5 * time.Second

// withDefaults fills what was left open and refuses what cannot work.
func (c Config) withDefaults() (Config, error) {
	if len(c.Apps) == 0 {
		return c, errors.New("alipaysim: no apps")
	}
	if err := checkControlKey(c.ControlKey); err != nil {
		return c, err
	}
	seen := map[string]bool{}
	for _, app := range c.Apps {
		if app.AppID == "" || app.SellerID == "" {
			return c, errors.New("alipaysim: an app needs AppID and SellerID")
		}
		if seen[app.AppID] {
			return c, fmt.Errorf("alipaysim: app %s is listed twice", app.AppID)
		}
		seen[app.AppID] = true
	}
	if len(c.Buyers) == 0 {
		c.Buyers = []Buyer{DefaultBuyer()}
	}
	if c.Clock == nil {
		c.Clock = NewClock(time.Now, 1)
	}
	if c.HTTPClient == nil {
		c.HTTPClient = &http.Client{Timeout: notifyTimeout}
	}
	return c, nil
}
