package config

import "time"

// Merchant is one shop, or a group of shops under one contract. Merchants never see each other.
type Merchant struct {
	// Name in the API and the books; never changes.
	ID string `json:"id" validate:"required,id"`
	// What people call it; shown to buyers.
	Name string `json:"name" validate:"required,max=64"`
	// Licences and verifications held, by the keys of the platform rules, such as enterprise_verified.
	Licences []string `json:"licences" validate:"max=64,unique,dive,key"`
	// Permissions granted by platforms, by the keys of the platform rules.
	Permissions []string `json:"permissions" validate:"max=64,unique,dive,key"`
	// Switches of the product team; what is not named keeps the platform rule's default.
	Features []Feature `json:"features" validate:"max=256,dive"`
	// Named exceptions from a platform rule that says nothing (rule_unspecified).
	Overrides []Override `json:"overrides" validate:"max=64,dive"`
	// What happens to money that arrives for a closed payment: given back, held for a person, or accepted.
	LatePayment string `json:"late_payment" validate:"oneof=refund hold accept"`
	// A refund by which more than this many fen of a payment go back waits for a second person, and more held late money is accepted by nobody; 0 means no limit.
	RefundApprovalOverFen int64 `json:"refund_approval_over_fen" validate:"min=0,max=10000000000"`
	// Most fen one payment may have.
	MaxPaymentFen int64 `json:"max_payment_fen" validate:"min=1,max=10000000000"`
	// Addresses (prefixes) that a buyer may be sent back to. None: no return_url is accepted.
	ReturnURLs []string `json:"return_urls" validate:"max=64,unique"`
	// Keys with which the shop's servers and people call the API.
	APIKeys []APIKey `json:"api_keys" validate:"max=256,dive"`
	// Apps and payees at the gateways.
	Accounts []Account `json:"accounts" validate:"required,min=1,max=64,dive"`
	// Addresses that events are sent to.
	Webhooks []Webhook `json:"webhooks" validate:"max=5,dive"`
}

// Feature switches one feature on one platform.
type Feature struct {
	// A rule file's id, such as wechat.
	Platform string `json:"platform" validate:"required,key"`
	// The feature's key in the platform rules, such as huabei_instalments.
	Feature string `json:"feature" validate:"required,key"`
	// On, as far as platform and licences allow; or off.
	Enabled bool `json:"enabled"`
}

// Override opens one rule that the platform leaves unspecified. It cannot open a rule that says no.
type Override struct {
	// A rule file's id.
	Platform string `json:"platform" validate:"required,key"`
	// The rule's key.
	Rule string `json:"rule" validate:"required,key"`
	// Open it, or state that it stays closed.
	Allow bool `json:"allow"`
	// Why; kept with every decision it opens.
	Reason string `json:"reason" validate:"required,max=500"`
	// Who answers for it.
	By string `json:"by" validate:"required,max=100"`
}

// The modes of an API key.
const (
	Bearer = "bearer" // the key itself is sent; stored as a hash
	Signed = "signed" // requests are signed by HMAC-SHA256; the secret is never sent
)

// APIKey lets one actor of the merchant call the API.
type APIKey struct {
	// Name of the key in requests, logs and audit.
	ID string `json:"id" validate:"required,id"`
	// Who uses it; approvals need another actor than the one who asked. system, gateway and buyer are taken.
	Actor string `json:"actor" validate:"required,max=100"`
	// What it may do.
	Role string `json:"role" validate:"required,oneof=admin cashier viewer approver"`
	// How requests prove it.
	Mode string `json:"mode" validate:"oneof=bearer signed"`
	// SHA-256, in hex, of a bearer key of 256 random bits.
	SecretHash string `json:"secret_hash" validate:"omitempty,sha256"`
	// The signing secret, sealed under the master key with purpose api_key.
	SecretSealed string `json:"secret_sealed" validate:"max=4096"`
	// The signing secret in a file of mode 0600.
	SecretFile string `json:"secret_file"`
	// When it was issued.
	Created time.Time `json:"created" validate:"required"`
	// When it stops working; required in production.
	Expires time.Time `json:"expires"`
}

// Account is an app and a payee at a gateway. Attempts are pinned to it, so an account is never edited into
// another one: a new app is a new account, and the old one is made inactive.
type Account struct {
	// Name in the notification address; unique over all merchants.
	ID string `json:"id" validate:"required,id"`
	// The gateway's id.
	Gateway string `json:"gateway" validate:"required,id"`
	// Must be the gateway's.
	Environment string `json:"environment" validate:"required,oneof=sandbox production"`
	// The app's number at the gateway, in quotes.
	AppID string `json:"app_id" validate:"required,numeric,len=16"`
	// The payee's partner number (2088…), in quotes.
	SellerID string `json:"seller_id" validate:"required,numeric,len=16,startswith=2088"`
	// The mini-program's app number when it differs from app_id.
	OpAppID string `json:"op_app_id" validate:"omitempty,numeric,len=16"`
	// Another merchant may name the same app; both must say so.
	AllowSharedApp bool `json:"allow_shared_app"`
	// Takes new orders. An inactive account still verifies, queries and refunds its own. Default true.
	Active bool `json:"active"`
	// Channels it serves.
	Channels []string `json:"channels" validate:"required,min=1,unique,dive,oneof=alipay_mini wechat_h5 douyin_h5"`
	// How alipay_mini opens a payment: trade_no makes the trade for a named buyer and hands out its number; order_string signs it, asks for no buyer and makes nothing until somebody enters the cashier. That my.tradePay takes an order string of a payment is common and not documented: try it in your mini-program first.
	MiniPay string `json:"mini_pay" validate:"oneof=trade_no order_string"`
	// Its keys; exactly one is current.
	Keys []Key `json:"keys" validate:"required,min=1,max=4,dive"`
	// How API calls travel: classic (gateway.do) or v3 (OpenAPI v3). Pages and order strings are classic either way.
	Protocol string `json:"protocol" validate:"oneof=classic v3"`
	// Signing algorithm, as the app's console says. SM2 needs a program built with -tags sm2.
	SignType string `json:"sign_type" validate:"oneof=RSA2 SM2"`
	// Encrypt what calls are about with the current key's AES key. The console must have content encryption switched on.
	EncryptContent bool `json:"encrypt_content"`
	// Leave empty fields out of the string that a notification's signature is checked on. The documents ask for them; off by default.
	DropEmptyInNotify bool `json:"drop_empty_in_notify"`
	// Leave alipay_cert_sn out of that string. Whether the gateway signs it is not documented; off by default.
	DropCertSNInNotify bool `json:"drop_cert_sn_in_notify"`
	// Take an unsigned error of OpenAPI v3 for the gateway's word. Off by default: an unsigned answer proves nothing, and a query that is refused so is asked again by the classic protocol.
	TrustUnsignedV3Errors bool `json:"trust_unsigned_v3_errors"`
	// Seconds one exchange with the gateway may take as a whole.
	TimeoutSeconds int `json:"timeout_seconds" validate:"min=1,max=15"`
	// Most calls a second that are sent, so that the gateway need not refuse them; 0 sets no limit.
	CallsPerSecond int `json:"calls_per_second" validate:"min=0,max=10000"`
	// Calls that may be sent at once within that limit; 0 means a second's worth.
	Burst int `json:"burst" validate:"min=0,max=10000"`
	// Exchanges in a row without an answer after which calls are held back. What is held back was not sent and is repeated later.
	BreakAfter int `json:"break_after" validate:"min=1,max=10000"`
	// Seconds until one call is let through again to see whether the gateway is back.
	BreakSeconds int `json:"break_seconds" validate:"min=1,max=600"`
}

// The ways of an account's native payments.
const (
	TradeNo     = "trade_no"
	OrderString = "order_string"
)

// The uses of an account's key.
const (
	Current    = "current"     // signs and verifies
	VerifyOnly = "verify_only" // verifies what is still on its way from before a rotation
)

// Key is one version of an account's keys: a private key that signs and the gateway's public key, or certificates, that verify.
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
	// Key for content encryption, base64, in a file of mode 0600. Encrypted messages of the application gateway are read with it, encrypt_content or not.
	AESKeyFile string `json:"aes_key_file"`
	// When a verify_only key ends: from then on its signatures count no more.
	NotAfter time.Time `json:"not_after"`
}

// Webhook is an endpoint of the merchant that receives events.
type Webhook struct {
	// Name in the API; unique within the merchant.
	ID string `json:"id" validate:"required,id"`
	// https address with a public host; http://127.0.0.1 is allowed in the sandbox.
	URL string `json:"url" validate:"required"`
	// Secrets that sign deliveries; exactly one current, one more during a rotation.
	Secrets []WebhookSecret `json:"secrets" validate:"required,min=1,max=2,dive"`
	// Events wanted, such as payment.paid; none means all.
	Events []string `json:"events" validate:"max=64,unique,dive,event"`
}

// Overlap is the use of a webhook secret that is being replaced: deliveries carry its signature too.
const Overlap = "overlap"

// WebhookSecret is one secret of an endpoint.
type WebhookSecret struct {
	// Name of the secret.
	ID string `json:"id" validate:"required,id"`
	// The secret (24 to 64 bytes, base64, with or without whsec_) sealed under the master key with purpose webhook_secret.
	Sealed string `json:"secret_sealed" validate:"max=4096"`
	// The secret in a file of mode 0600.
	File string `json:"secret_file"`
	// current, or overlap while receivers change over.
	Use string `json:"use" validate:"required,oneof=current overlap"`
}
