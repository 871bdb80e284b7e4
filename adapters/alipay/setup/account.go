package alipaysetup

import (
	"time"

	"github.com/paymux/paymux/config"
)

// Account is an app and a payee at Alipay, as the section alipay of an account describes them.
type Account struct {
	// The app's number at the gateway, in quotes.
	AppID string `json:"app_id" validate:"required,number,len=16"`
	// The payee's partner number (2088…), in quotes.
	SellerID string `json:"seller_id" validate:"required,number,len=16,startswith=2088"`
	// The mini-program's app number when it differs from app_id.
	OpAppID string `json:"op_app_id" validate:"omitempty,number,len=16"`
	// How alipay_mini opens a payment: trade_no makes the trade for a named buyer and hands out
	// its number; order_string signs it, asks for no buyer and makes nothing until somebody enters
	// the cashier. That my.tradePay takes an order string of a payment is common and not
	// documented: try it in your mini-program first.
	MiniPay string `json:"mini_pay" validate:"oneof=trade_no order_string"`
	// How API calls travel: classic (gateway.do) or v3 (OpenAPI v3). Pages and order strings are
	// classic either way.
	Protocol string `json:"protocol" validate:"oneof=classic v3"`
	// Signing algorithm, as the app's console says. SM2 needs a program built with -tags sm2.
	SignType string `json:"sign_type" validate:"oneof=RSA2 SM2"`
	// Encrypt what calls are about with the current key's AES key. The console must have content
	// encryption switched on.
	EncryptContent bool `json:"encrypt_content"`
	// Leave empty fields out of the string that a notification's signature is checked on. The
	// documents ask for them; off by default.
	DropEmptyInNotify bool `json:"drop_empty_in_notify"`
	// Leave alipay_cert_sn out of that string. Whether the gateway signs it is not documented; off
	// by default.
	DropCertSNInNotify bool `json:"drop_cert_sn_in_notify"`
	// Take an unsigned error of OpenAPI v3 for the gateway's word. Off by default: an unsigned
	// answer proves nothing, and a query that is refused so is asked again by the classic
	// protocol.
	TrustUnsignedV3Errors bool `json:"trust_unsigned_v3_errors"`
	// Seconds one exchange with the gateway may take as a whole.
	TimeoutSeconds int `json:"timeout_seconds" validate:"min=1,max=15"`
	// Most calls a second that are sent, so that the gateway need not refuse them; 0 sets no limit.
	CallsPerSecond int `json:"calls_per_second" validate:"min=0,max=10000"`
	// Calls that may be sent at once within that limit; 0 means a second's worth.
	Burst int `json:"burst" validate:"min=0,max=10000"`
	// Exchanges in a row without an answer after which calls are held back. What is held back was
	// not sent and is repeated later.
	BreakAfter int `json:"break_after" validate:"min=1,max=10000"`
	// Seconds until one call is let through again to see whether the gateway is back.
	BreakSeconds int `json:"break_seconds" validate:"min=1,max=600"`
	// Its keys; exactly one is current.
	Keys []Key `json:"keys" validate:"required,min=1,max=4,dive"`
}

// settings are those of an account with the defaults of what its file leaves out.
func settings() *Account {
	return &Account{
		MiniPay: TradeNo, Protocol: "classic", SignType: "RSA2", TimeoutSeconds: 15, BreakAfter: 20, BreakSeconds: 10,
	}
}

// Settings are an account's at Alipay. One of another gateway has none, and the wire refuses what
// would be made of it.
func Settings(a config.Account) *Account {
	if s, ours := a.Settings.(*Account); ours {
		return s
	}
	return &Account{}
}

// The ways of alipay_mini.
const (
	TradeNo     = "trade_no"
	OrderString = "order_string"
)

// The uses of a key.
const (
	Current    = config.Current // signs and verifies
	VerifyOnly = "verify_only"  // verifies what is still on its way from before a rotation
)

// Key is one version of an account's keys: a private key that signs and the gateway's public key,
// or certificates, that verify.
type Key struct {
	// Name of the version; recorded with every signature it verified.
	Version string `json:"version" validate:"required,id"`
	// current signs; verify_only is the overlap of a rotation.
	Use string `json:"use" validate:"required,oneof=current verify_only"`
	// The application's private key in a file of mode 0600.
	PrivateKeyFile string `json:"private_key_file"`
	// The private key sealed under the master key with purpose private_key.
	PrivateKeySealed string `json:"private_key_sealed" validate:"max=16384"`
	// Alipay's public key. Not the application's own.
	AlipayPublicKeyFile string `json:"alipay_public_key_file"`
	// Certificate mode: the application's certificate.
	AppCertFile string `json:"app_cert_file"`
	// Certificate mode: Alipay's certificate.
	AlipayCertFile string `json:"alipay_cert_file"`
	// Certificate mode: the bundle of roots.
	AlipayRootCertFile string `json:"alipay_root_cert_file"`
	// Key for content encryption, base64, in a file of mode 0600. Encrypted messages of the
	// application gateway are read with it, encrypt_content or not.
	AESKeyFile string `json:"aes_key_file"`
	// When a verify_only key ends: from then on its signatures count no more.
	NotAfter time.Time `json:"not_after"`
}
