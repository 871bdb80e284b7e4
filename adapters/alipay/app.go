package alipay

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// Environment is stamped on whatever an app does; sandbox money is not money.
type Environment string

// The two environments.
const (
	Sandbox    Environment = "sandbox"
	Production Environment = "production"
)

// Gateway addresses of the classic gateway.
const (
	ProductionGateway = "https://openapi.alipay.com/gateway.do"
	SandboxGateway    = "https://openapi-sandbox.dl.alipaydev.com/gateway.do"
)

// Protocol chooses how API calls travel. Pages and order strings are always classic.
type Protocol string

// The protocols; the empty string means ProtocolClassic.
const (
	ProtocolClassic Protocol = "classic" // gateway.do, form in, envelope out
	ProtocolV3      Protocol = "v3"      // OpenAPI v3, JSON in, JSON out
)

// ErrConfig is wrapped by every error of NewApp that is not about a key.
const ErrConfig Refusal = "app_config"

// AppConfig is one application at one gateway.
type AppConfig struct {
	AppID       string
	SellerID    string // the PID (2088…) that receives the money; may be empty
	OpAppID     string // mini-program that calls my.tradePay; empty means AppID
	Gateway     string // address of gateway.do
	Environment Environment
	Protocol    Protocol
	// SignType: empty means SignTypeRSA2; what a message says never chooses the algorithm (C04)
	SignType string
	Keys     []KeyConfig

	// EncryptContent encrypts biz_content with the current version's AES key.
	EncryptContent bool
	// DropEmptyInNotify verifies notifications without their empty fields.
	// Off by default: the official SDKs keep them.
	DropEmptyInNotify bool
	// DropCertSNInNotify verifies notifications without alipay_cert_sn. Off by
	// default: whether the field is signed is not documented.
	DropCertSNInNotify bool
	// TrustUnsignedV3Errors lets an unsigned OpenAPI v3 error count as the
	// gateway's word. Off by default: an unsigned answer proves nothing, and a
	// query that is refused so is asked again of the classic gateway.
	TrustUnsignedV3Errors bool

	Transport http.RoundTripper // nil means NewTransport(TransportConfig{})
	Timeout   time.Duration     // of one exchange as a whole; 0 means 15 s
	Now       func() time.Time  // required
	Nonce     func() string     // required for v3: unique text, at most 32 characters

	CallsPerSecond float64 // own rate limit; 0 means none
	Burst          int     // 0 means 1 s worth of CallsPerSecond
	// BreakAfter: consecutive exchanges without an answer that open the breaker; 0 means 20
	BreakAfter uint32
	BreakFor   time.Duration
	// Guards: where Apps of one app_id find the limiter and the breaker they share; nil means its
	// own
	Guards *Guards

	// Waiting is called when an exchange begins to wait, for its turn under CallsPerSecond or for
	// the gateway, and what it returns when it has waited. May be nil.
	Waiting func(context.Context) (over func())

	Logger   *slog.Logger   // nil means silence
	Observer func(Exchange) // called after each exchange, for metrics; may be nil
	// Oddity is called for each field of a verified answer or message that decides nothing and
	// could not be read. source is the API's name, "notification" or "message"; field its name on
	// the wire. May be nil.
	Oddity func(source, field string)
	// Tracing makes a span of each exchange, named after its method; nil means none.
	Tracing trace.TracerProvider
}

// App signs for one application and verifies what the gateway says to it. It
// is immutable and safe for concurrent use; a change of keys is a new App.
type App struct {
	config  AppConfig
	gateway string
	ring    *keyring
	wire    wire
	http    *http.Client
	guard   *guard
	tracer  trace.Tracer // nil without Tracing
}

// String names the app and nothing secret.
func (a *App) String() string {
	return fmt.Sprintf("alipay app %s (%s)", a.config.AppID, a.config.Environment)
}

// GoString hides the key material from %#v too.
func (a *App) GoString() string { return a.String() }

// LogValue hides the key material from structured logs.
func (a *App) LogValue() slog.Value { return slog.StringValue(a.String()) }

// ID returns the app_id.
func (a *App) ID() string { return a.config.AppID }

// OpAppID returns the mini-program that calls my.tradePay: the app itself unless configured
// otherwise.
func (a *App) OpAppID() string { return a.config.OpAppID }

// SellerID returns the configured PID, or "".
func (a *App) SellerID() string { return a.config.SellerID }

// Environment returns the environment to stamp on orders.
func (a *App) Environment() Environment { return a.config.Environment }

// KeyVersion returns the version that signs at present.
func (a *App) KeyVersion() string { return a.ring.version }

// NewApp checks the configuration as a whole and parses every key once.
func NewApp(config AppConfig) (*App, error) {
	gateway, err := checkGateway(config)
	if err != nil {
		return nil, err
	}
	if err := checkConfig(&config); err != nil {
		return nil, err
	}
	ring, err := newKeyring(config)
	if err != nil {
		return nil, err
	}
	if ring.app != nil && ring.app.appID != "" && ring.app.appID != config.AppID {
		return nil, fmt.Errorf("%w: the application certificate belongs to app %s, not %s", ErrConfig, ring.app.appID, config.AppID)
	}
	if config.EncryptContent && ring.aes == nil {
		return nil, fmt.Errorf("%w: content encryption needs an AES key in the current key version", ErrConfig)
	}
	app := &App{config: config, gateway: config.Gateway, ring: ring, guard: config.Guards.of(config), tracer: tracerOf(config.Tracing)}
	// Key text is not needed again; an App that is printed or dumped has none.
	app.config.Keys = nil
	app.http = &http.Client{
		Transport: config.Transport,
		// A redirect is no answer; following one would show the request to a third party.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	app.wire = classicWire{}
	if config.Protocol == ProtocolV3 {
		app.wire = v3Wire{origin: gateway.Scheme + "://" + gateway.Host}
	}
	return app, nil
}

func checkConfig(config *AppConfig) error {
	var l limits
	l.required("app_id", config.AppID, 32)
	l.number("app_id", config.AppID)
	if config.SellerID != "" {
		l.check(isPID(config.SellerID), "seller_id", "must be 16 digits that begin with 2088")
	}
	l.oneOf("protocol", string(config.Protocol), "", string(ProtocolClassic), string(ProtocolV3))
	if config.SignType == "" {
		config.SignType = SignTypeRSA2
	}
	l.oneOf("sign_type", config.SignType, SignTypeRSA2, SignTypeSM2)
	l.check(config.SignType == SignTypeRSA2 || config.Protocol != ProtocolV3, "sign_type", "v3 signs with RSA2 only")
	l.check(config.Now != nil, "now", "a clock must be given")
	l.check(config.Protocol != ProtocolV3 || config.Nonce != nil, "nonce", "v3 needs a source of nonces")
	l.check(config.Timeout >= 0, "timeout", "must not be negative")
	l.check(config.CallsPerSecond >= 0 && config.Burst >= 0, "calls_per_second", "must not be negative")
	if err := l.result(); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if config.OpAppID == "" {
		config.OpAppID = config.AppID
	}
	if config.Timeout == 0 {
		config.Timeout = 15 * time.Second
	}
	if config.Transport == nil {
		transport, err := NewTransport(TransportConfig{})
		if err != nil {
			return err
		}
		config.Transport = transport
	}
	return nil
}

func isPID(id string) bool {
	return len(id) == 16 && strings.HasPrefix(id, "2088") && strings.Trim(id, "0123456789") == ""
}

// checkGateway refuses every mix of sandbox and production that can be told
// apart (F03), and any address that would carry requests in the clear beyond
// this host.
func checkGateway(config AppConfig) (*url.URL, error) {
	address, err := url.Parse(config.Gateway)
	if err != nil || address.Host == "" || address.User != nil || address.RawQuery != "" || address.Fragment != "" {
		return nil, fmt.Errorf("%w: gateway must be an absolute address without user, query or fragment", ErrConfig)
	}
	host := strings.ToLower(address.Hostname())
	loopback := isLoopback(host)
	if address.Scheme != "https" && (address.Scheme != "http" || !loopback) {
		return nil, fmt.Errorf("%w: gateway must be https (http only to this host itself)", ErrConfig)
	}
	productionHost := host == "openapi.alipay.com"
	sandboxHost := strings.HasSuffix(host, ".alipaydev.com")
	switch {
	case host == "openapi.alipaydev.com":
		err = errors.New("the old sandbox is gone; use " + SandboxGateway)
	case config.Environment != Sandbox && config.Environment != Production:
		err = errors.New(`environment must be "sandbox" or "production"`)
	case config.Environment == Production && (sandboxHost || loopback):
		err = errors.New("a production app at a sandbox gateway")
	case config.Environment == Sandbox && productionHost:
		err = errors.New("a sandbox app at the production gateway")
	case config.Environment == Production && strings.HasPrefix(config.AppID, "9021"):
		err = errors.New("app ids that begin with 9021 exist in the sandbox only")
	case sandboxHost && strings.HasPrefix(config.AppID, "2021") && !strings.HasPrefix(config.AppID, "2021000"):
		err = errors.New("a production app_id at the sandbox gateway")
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return address, nil
}

func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.IsLoopback()
	}
	return host == "localhost"
}
