package config

import "time"

// Merchant is one shop, or a group of shops under one contract. Merchants never see each other.
type Merchant struct {
	// Name in the API and the books; never changes.
	ID string `json:"id" validate:"required,id"`
	// What people call it; shown to buyers.
	Name string `json:"name" validate:"required,max=64"`
	// Licences and verifications held, by the keys of the platform rules, such as
	// enterprise_verified.
	Licences []string `json:"licences" validate:"max=64,unique,dive,key"`
	// Permissions granted by platforms, by the keys of the platform rules.
	Permissions []string `json:"permissions" validate:"max=64,unique,dive,key"`
	// Switches of the product team; what is not named keeps the platform rule's default.
	Features []Feature `json:"features" validate:"max=256,dive"`
	// Named exceptions from a platform rule that says nothing (rule_unspecified).
	Overrides []Override `json:"overrides" validate:"max=64,dive"`
	// What happens to money that arrives for a closed payment: given back, held for a person, or
	// accepted.
	LatePayment string `json:"late_payment" validate:"oneof=refund hold accept"`
	// A refund by which more than this many fen of a payment go back waits for a second person, and
	// more held late money is accepted by nobody; 0 means no limit.
	RefundApprovalOverFen int64 `json:"refund_approval_over_fen" validate:"min=0,max=10000000000"`
	// Most fen one payment may have.
	MaxPaymentFen int64 `json:"max_payment_fen" validate:"min=1,max=10000000000"`
	// Addresses (prefixes) that a buyer may be sent back to. None: no return_url is accepted.
	ReturnURLs []string `json:"return_urls" validate:"max=64,unique"`
	// What all keys of the merchant together may ask.
	Limits Allowance `json:"limits"`
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
	// Who uses it; approvals need another actor than the one who asked, and a name in other case,
	// width or blanks is no other. system, gateway and buyer are taken.
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
	// What the key may ask.
	Limits Allowance `json:"limits"`
	// When it was issued.
	Created time.Time `json:"created" validate:"required"`
	// When it stops working; required in production.
	Expires time.Time `json:"expires"`
}

// Account is an app and a payee at a gateway. Attempts are pinned to it, so an account is never
// edited into another one: a new app is a new account, and the old one is made inactive.
type Account struct {
	// Name in the notification address; unique over all merchants.
	ID string `json:"id" validate:"required,id"`
	// The gateway's id.
	Gateway string `json:"gateway" validate:"required,id"`
	// Must be the gateway's.
	Environment string `json:"environment" validate:"required,oneof=sandbox production"`
	// Another merchant may name the same app; both must say so.
	AllowSharedApp bool `json:"allow_shared_app"`
	// Takes new orders. An inactive account still verifies, queries and refunds its own. Default
	// true.
	Active bool `json:"active"`
	// Channels it serves, of those that its gateway has.
	Channels []string `json:"channels" validate:"required,min=1,unique"`
	// Settings are those at the account's gateway; in the file they stand under the gateway's id.
	Settings Section `json:"-" validate:"-"`
}

// Current is the use of the one key or secret that signs.
const Current = "current"

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

// Overlap is the use of a webhook secret that is being replaced: deliveries carry its signature
// too.
const Overlap = "overlap"

// WebhookSecret is one secret of an endpoint.
type WebhookSecret struct {
	// Name of the secret.
	ID string `json:"id" validate:"required,id"`
	// The secret (24 to 64 bytes, base64, with or without whsec_) sealed under the master key with
	// purpose webhook_secret.
	Sealed string `json:"secret_sealed" validate:"max=4096"`
	// The secret in a file of mode 0600.
	File string `json:"secret_file"`
	// current, or overlap while receivers change over.
	Use string `json:"use" validate:"required,oneof=current overlap"`
}
