package config

// The environments of a server, a gateway and an account. The three must agree.
const (
	Sandbox    = "sandbox"
	Production = "production"
)

// Config is everything that can be set. The keys of the file are the names in
// the json tags; absent keys take the defaults of [defaults]. A Config is read
// only after Load returned it.
type Config struct {
	Server    Server     `json:"server"`
	Log       Log        `json:"log"`
	DB        DB         `json:"db"`
	Queue     Queue      `json:"queue"`
	Secrets   Secrets    `json:"secrets"`
	Notify    Notify     `json:"notify"`
	Jobs      Jobs       `json:"jobs"`
	Retention Retention  `json:"retention"`
	Tracing   Tracing    `json:"tracing"`
	Limits    Limits     `json:"limits"`
	Gateways  []Gateway  `json:"gateways" validate:"required,min=1,max=16,dive"`
	Merchants []Merchant `json:"merchants" validate:"required,min=1,max=10000,dive"`
	Operators []Operator `json:"operators" validate:"max=256,dive"`
}

// Server says where paymux listens and how the world reaches it.
type Server struct {
	// Address the API, the pages and the notifications are served on, host:port. Port 0 takes a
	// free one.
	Listen string `json:"listen" validate:"required,listen"`
	// Address under which gateways and buyers reach the server. Notification and page addresses are
	// built from it and never from a Host header. https with a public host and no path;
	// http://127.0.0.1 is allowed in the sandbox.
	BaseURL string `json:"base_url" validate:"required,max=180"`
	// Address for metrics and profiling, host:port. Keep it private. Empty puts /metrics on the
	// public address and leaves profiling off.
	AdminListen string `json:"admin_listen" validate:"omitempty,listen"`
	// Which world the money is in. Gateways and accounts must say the same.
	Environment string `json:"environment" validate:"required,oneof=sandbox production"`
	// Networks (CIDR) of the reverse proxies whose X-Forwarded-For is believed; none by default.
	TrustedProxies []string `json:"trusted_proxies" validate:"max=64,unique,dive,cidr"`
	// Seconds that requests under way get to finish when the program is told to stop.
	DrainSeconds int `json:"drain_seconds" validate:"min=1,max=300"`
}

// Log says what is logged. Keys, signatures and buyer ids are masked at every level.
type Log struct {
	// Least severe level that is written.
	Level string `json:"level" validate:"oneof=debug info warn error"`
	// One JSON object a line, or text for people.
	Format string `json:"format" validate:"oneof=json text"`
}

// DB names the database, which holds the truth.
type DB struct {
	// Kind of database; MariaDB and other engines that speak MySQL's protocol are mysql.
	Driver string `json:"driver" validate:"oneof=sqlite mysql"`
	// File name (sqlite) or user:password@tcp(host:3306)/database (mysql). Holds a password: better
	// set by PAYMUX_DB_DSN.
	DSN Secret `json:"dsn" validate:"required"`
	// Start on a database that may lose acknowledged commits when the power fails
	// (innodb_flush_log_at_trx_commit or sync_binlog other than 1).
	AcceptDataLoss bool `json:"accept_data_loss"`
	// A Galera cluster must be declared: its conflicts show at commit.
	Topology string `json:"topology" validate:"oneof=single galera"`
	// Most connections that read at once. Writing has its own: at most 2 x writers + 4.
	MaxOpen int `json:"max_open" validate:"min=1,max=1000"`
	// Transactions that write at once, each joining the changes that wait for it; mysql only.
	// SQLite has one writer, whatever stands here.
	Writers int `json:"writers" validate:"min=1,max=64"`
}

// Queue says what carries the hints that make jobs punctual. Losing it loses nothing.
type Queue struct {
	// Empty keeps timers inside the process; none leaves only the sweeper; nats://host:4222 joins a
	// shared server.
	URL Secret `json:"url"`
	// What keeps installations on one server apart: 1 to 32 of a-z, 0-9, - and _. Empty is an id of
	// the database, which a copy of the database has too.
	Prefix string `json:"prefix"`
}

// Secrets names the key under which stored secrets are sealed.
type Secrets struct {
	// File with 32 random bytes in base64, mode 0600. No default: without it nothing starts.
	MasterKeyFile string `json:"master_key_file" validate:"required"`
}

// Notify is the policy for messages from gateways.
type Notify struct {
	// A payment of this many fen or more is confirmed by a query before it counts; 0 confirms every
	// one.
	ConfirmOverFen int64 `json:"confirm_over_fen" validate:"min=0,max=10000000000"`
	// Seconds during which a verified message about an unknown order is not acknowledged, so that
	// the gateway repeats it.
	UnknownGraceSeconds int `json:"unknown_grace_seconds" validate:"min=1,max=86400"`
}

// Jobs sets the pace of the background work.
type Jobs struct {
	// Seconds between two sweeps of the database for work that is due.
	SweepSeconds int `json:"sweep_seconds" validate:"min=1,max=3600"`
	// Most rows one sweep takes.
	Batch int `json:"batch" validate:"min=1,max=10000"`
	// Jobs done at the same time by one process.
	Workers int `json:"workers" validate:"min=1,max=256"`
	// Seconds between the tries of one webhook delivery; after the last try it is a dead letter,
	// kept for replay.
	WebhookSeconds []int `json:"webhook_seconds" validate:"min=1,max=64,dive,min=0,max=86400"`
}

// Retention says when personal data is deleted, and when orders leave the database.
type Retention struct {
	// Days that raw gateway messages are kept.
	InboxDays int `json:"inbox_days" validate:"min=1,max=3650"`
	// Days that answers are kept for repeated Idempotency-Keys. Not under 2: gateways repeat for 25
	// hours.
	IdempotencyDays int `json:"idempotency_days" validate:"min=2,max=365"`
	// Days after its last change that a final order stays in the database; then it is archived. 0:
	// for ever. Not under 400: refunds are possible for a year, and messages about them come late.
	ArchiveDays int `json:"archive_days" validate:"min=0,max=36500"`
	// Folder of the archives, which nobody else may write. All nodes that archive share it.
	ArchiveDir string `json:"archive_dir" validate:"max=1024"`
}

// Tracing sends spans of requests, jobs and exchanges with gateways to an OpenTelemetry collector.
// They hold no ids of orders or buyers.
type Tracing struct {
	// Address of a collector that takes OTLP over HTTP, such as http://127.0.0.1:4318; /v1/traces
	// is added where there is no path. Empty is off. https, unless the collector is on this machine
	// or in a private network.
	OTLPEndpoint string `json:"otlp_endpoint" validate:"max=512"`
	// Percent of all traces that are kept. A caller of the API that sends traceparent has decided
	// for its own trace.
	SamplePercent int `json:"sample_percent" validate:"min=1,max=100"`
}

// Gateway is one payment gateway in one environment.
type Gateway struct {
	// Name that accounts refer to.
	ID string `json:"id" validate:"required,id"`
	// Must be the server's.
	Environment string `json:"environment" validate:"required,oneof=sandbox production"`
	// Address requests are sent to, without a query.
	URL string `json:"url" validate:"required"`
	// Certificate and private key (one PEM file, mode 0600) shown to the gateway's host, where that
	// asks for mutual TLS.
	ClientCertFile string `json:"client_cert_file"`
	// Roots (PEM) to check the gateway's host against; empty means the system's.
	RootCAFile string `json:"root_ca_file"`
	// Proxy for requests to the gateway, such as http://10.0.0.8:3128. The variables HTTPS_PROXY
	// and HTTP_PROXY are not read.
	Proxy string `json:"proxy"`
	// Most connections to the gateway held open at once.
	MaxConnections int `json:"max_connections" validate:"min=1,max=1000"`
}

const (
	hour = 3600
	// maxFen is the gateway's own limit for one payment, 100,000,000.00 yuan.
	maxFen = 10_000_000_000
)

// defaults is the configuration before the file is read. Nothing here is a
// secret, an address of somebody else, or a choice between test and real money.
func defaults() Config {
	return Config{
		Server: Server{Listen: "127.0.0.1:8080", DrainSeconds: 20},
		Log:    Log{Level: "info", Format: "json"},
		DB:     DB{Driver: "sqlite", Topology: "single", MaxOpen: 20, Writers: 2},
		Notify: Notify{ConfirmOverFen: 5_000_000, UnknownGraceSeconds: 600},
		Jobs: Jobs{
			SweepSeconds: 30,
			Batch:        200,
			Workers:      8,
			WebhookSeconds: []int{
				0, 5, 300, 1800, 2 * hour, 5 * hour, 10 * hour, 10 * hour,
				12 * hour, 12 * hour, 12 * hour, 11*hour + 1495,
			},
		},
		Retention: Retention{InboxDays: 90, IdempotencyDays: 30},
		Tracing:   Tracing{SamplePercent: 100},
		Limits:    Limits{Running: 32, Exchanging: 256, Connections: 4096, PerAddress: 256, MemoryMiB: 512},
	}
}
