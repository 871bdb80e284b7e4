package config

import (
	"fmt"
	"strings"
	"testing"
)

type refusal struct {
	name          string // begins with the catalogue row it proves, if there is one
	before, after string // the edit of the example
	path          string // the setting that is blamed
	says          string // part of what is said
}

// Every row is one mistake in an otherwise good file.
func TestRefused(t *testing.T) {
	for _, table := range [][]refusal{keyMistakes(), environmentMistakes(), addressMistakes(), rangeMistakes(), secretMistakes(), crossMistakes()} {
		for _, c := range table {
			t.Run(c.name, func(t *testing.T) {
				text := edit(t, exampleText(t), c.before, c.after)
				got := loadProblems(t, place(t, text), nil)
				for _, p := range got {
					if p.Path == c.path && strings.Contains(p.String(), c.says) {
						if p.Line == 0 {
							t.Errorf("no line for %v", p)
						}
						return
					}
				}
				t.Errorf("want %s %q, got\n%v", c.path, c.says, got)
			})
		}
	}
}

func keyMistakes() []refusal {
	return []refusal{
		{"unknown key", "  drain_seconds: 20", "  drain_secs: 20", "server.drain_secs", "known here: admin_listen, base_url"},
		{"unknown section", "queue:", "queues:", "queues", "known here: db, gateways"},
		{"unknown key in a list", "        active: true", "        activ: true", "merchants[0].accounts[0].activ", "known here: active, allow_shared_app, channels, environment, gateway, id, second, till"},
		{"unknown key in a section", "          pace: 2", "          peace: 2", "merchants[0].accounts[0].till.peace", "known here: keys, pace, payee, root_file, shop"},
		{"unknown key below a section", "- key_file: keys/content.aes", "- key: keys/content.aes", "merchants[0].accounts[0].till.keys[1].key", "known here: key_file, key_sealed"},
		{"the old spelling", "        till:\n          shop", "        pace: 2\n        till:\n          shop", "merchants[0].accounts[0].pace",
			"has moved: write it under till: as till.pace; move it into the section, which is there already"},
		{"the old spelling of a list", "        till:\n          shop", "        keys: [{key_file: keys/app_v2.pem}]\n        till:\n          shop", "merchants[0].accounts[0].keys", "as till.keys"},
		{"case variant in a section", "          pace: 2", "          Pace: 2", "merchants[0].accounts[0].till.Pace", "lower case"},
		{"a section that is text", "till: { shop: \"902\", payee: p1, pace: 1, keys: [{ key_file: keys/old_app.pem }] }", "till: p1", "merchants[0].accounts[1].till", "wrong kind"},
		{"a section that is a list", "till: { shop: \"902\", payee: p1, pace: 1, keys: [{ key_file: keys/old_app.pem }] }", "till: [p1]", "merchants[0].accounts[1].till", "wrong kind"},
		{"a dash for a key", "        active: true", "        '-': {shop: x}", "merchants[0].accounts[0].-", "wrong kind"},
		{"case variant", "  max_open: 20", "  Max_Open: 20", "db.Max_Open", "lower case"},
		{"case variant beside", "  max_open: 20", "  max_open: 20\n  MAX_OPEN: 1", "db.MAX_OPEN", "set twice"},
		{"duplicate key", "  max_open: 20", "  max_open: 20\n  max_open: 30", "db.max_open", "set twice"},
		{"dotted key", "log:\n", "log.level: debug\nlog:\n", "log.level", "lower case"},
		{"a merge key", "log:\n", "log:\n  <<: {level: warn}\n", "log.<<", "lower case"},
		{"alias", "    licences: [enterprise_verified, telecom_value_added]", "    licences: &l [a]\n    permissions: *l", "merchants[0].permissions", "alias"},
		{"number for text", `actor: shop server`, `actor: 7`, "merchants[0].api_keys[0].actor", "quotes"},
		{"number for text in a section", `shop: "901"`, `shop: 901`, "merchants[0].accounts[0].till.shop", "quotes"},
		{"text for number in a section", `pace: 2`, `pace: many`, "merchants[0].accounts[0].till.pace", "wrong kind"},
		{"part of a number in a section", `pace: 2`, `pace: 2.5`, "merchants[0].accounts[0].till.pace", "whole number"},
		{"text for number", "  batch: 200", "  batch: many", "jobs.batch", "wrong kind"},
		{"fraction of a fen", "confirm_over_fen: 5000000 ", "confirm_over_fen: 100.5 ", "notify.confirm_over_fen", "whole number"},
		{"fen in exponent", "confirm_over_fen: 5000000 ", "confirm_over_fen: 5e6 ", "notify.confirm_over_fen", "whole number"},
		{"fen beyond int64", "max_payment_fen: 10000000", "max_payment_fen: 9223372036854775808", "merchants[0].max_payment_fen", "whole number"},
		{"text for switch", "accept_data_loss: false", "accept_data_loss: nope", "db.accept_data_loss", "wrong kind"},
		{"not a time", "expires: 2027-11-01T00:00:00+08:00\n      # The", "expires: next year\n      # The", "merchants[0].api_keys[0].expires", "time"},
	}
}

// F03: sandbox and production never mix; F11: shared apps are declared.
func environmentMistakes() []refusal {
	return []refusal{
		{"F03 no environment", "  environment: sandbox # or production: then gateways and accounts must be production too\n", "", "server.environment", "missing"},
		{"F03 gateway of the other world", "    environment: sandbox\n    url:", "    environment: production\n    url:", "gateways[0].environment", "differs from server"},
		{"F03 what the gateway's adapter says of it", "https://till.example.com", "https://closed.example.com", "gateways[0].url", "is closed"},
		{"F03 account of the other world", "        environment: sandbox\n        allow", "        environment: production\n        allow", "merchants[0].accounts[0].environment", "differs"},
		{"what the adapter says of an account", "pace: 1, keys", "pace: 2, keys", "merchants[0].accounts[1].till.pace", "for active accounts"},
		{"F11 same app and payee twice", `shop: "902"`, `shop: "901"`, "merchants[0].accounts[1].till.shop", "and payee are those of merchants[0].accounts[0]; one account per app and payee; rotate keys"},
	}
}

// F06, F07: base_url is a public https address without anything that moves the
// path; W11: return addresses end a path segment.
func addressMistakes() []refusal {
	rows := []refusal{
		{"W11 prefix without slash", "https://m.shop.example/pay/", "https://m.shop.example/pay", "merchants[0].return_urls[1]", "slash"},
		{"W11 bare host", "https://m.shop.example/pay/", "https://m.shop.example", "merchants[0].return_urls[1]", "slash"},
		{"W11 http", "https://m.shop.example/pay/", "http://m.shop.example/", "merchants[0].return_urls[1]", "https"},
		{"W11 user info", "https://m.shop.example/pay/", "https://shop@evil.example/", "merchants[0].return_urls[1]", "user name"},
		{"W11 script", "https://m.shop.example/pay/", "javascript:alert(1)//", "merchants[0].return_urls[1]", "not an https address"},
		{"W11 backslash", "https://m.shop.example/pay/", `https://m.shop.example\@evil/`, "merchants[0].return_urls[1]", "backslash"},
		{"webhook to paymux itself", "https://www.shop.example/paymux/events", "https://pay.shop.example/v1/payments", "merchants[0].webhooks[0].url", "itself"},
		{"webhook to the inside", "https://www.shop.example/paymux/events", "https://10.0.0.7/events", "merchants[0].webhooks[0].url", "cannot reach"},
		{"gateway with a query", "till.example.com/pay", "till.example.com/pay?a=b", "gateways[0].url", "query"},
		{"API and admin on one port", "127.0.0.1:9090", "127.0.0.1:8080", "server.admin_listen", "API"},
		{"trusting everybody", "[127.0.0.0/8]", "[0.0.0.0/0]", "server.trusted_proxies[0]", "everybody"},
		{"trusting everybody by IPv6", "[127.0.0.0/8]", `["::/0"]`, "server.trusted_proxies[0]", "everybody"},
		{"trusting everybody beside a proxy", "[127.0.0.0/8]", `[127.0.0.0/8, "::/0"]`, "server.trusted_proxies[1]", "everybody"},
		{"a gateway's proxy with a password", "# proxy: http://10.0.0.8:3128", "proxy: http://a:b@10.0.0.8:3128", "gateways[0].proxy", "user name"},
		{"a gateway's proxy with a path", "# proxy: http://10.0.0.8:3128", "proxy: http://10.0.0.8:3128/gateway.do", "gateways[0].proxy", "path"},
		{"W44 everybody in halves", "[127.0.0.0/8]", "[0.0.0.0/1, 128.0.0.0/1]", "server.trusted_proxies", "add up to everybody"},
		{"W44 everybody in pieces of all sizes", "[127.0.0.0/8]", "[128.0.0.0/2, 0.0.0.0/2, 192.0.0.0/2, 64.0.0.0/3, 96.0.0.0/3]", "server.trusted_proxies", "add up to everybody"},
		{"W44 everybody who can have an address", "[127.0.0.0/8]", "[0.0.0.0/1, 128.0.0.0/2, 192.0.0.0/3]", "server.trusted_proxies", "add up to everybody"},
		{"W44 everybody, written as IPv6", "[127.0.0.0/8]", `["::ffff:0:0/96"]`, "server.trusted_proxies[0]", "everybody"},
		{"W44 half written as IPv6", "[127.0.0.0/8]", `["::ffff:0.0.0.0/97", "128.0.0.0/1"]`, "server.trusted_proxies", "add up to everybody"},
		{"W44 everybody by IPv6 in halves", "[127.0.0.0/8]", `["::/1", "8000::/1", 10.0.0.0/8]`, "server.trusted_proxies", "add up to everybody"},
		{"W44 all of IPv6 that is given out", "[127.0.0.0/8]", `["2000::/3"]`, "server.trusted_proxies", "add up to everybody"},
		{"W40 places for none", "running: 32", "running: 1", "limits.running", "too small"},
		{"W42 no memory", "memory_mib: 512", "memory_mib: 8", "limits.memory_mib", "too small"},
		{"W40 a burst of no rate", "limits: {per_second: 0, burst: 0, concurrent: 0} # of all", "limits: {burst: 5} # of all", "merchants[0].limits.burst", "limits nothing"},
		{"W40 a key's burst of no rate", "limits: {per_second: 0, burst: 0, concurrent: 0} # such", "limits: {burst: 5} # such", "merchants[0].api_keys[0].limits.burst", "limits nothing"},
		{"a proxy without a mask", "[127.0.0.0/8]", "[127.0.0.1]", "server.trusted_proxies[0]", "network"},
		{"spans in the clear to the outside", `otlp_endpoint: ""`, "otlp_endpoint: http://collector.example.com:4318", "tracing.otlp_endpoint", "not https"},
		{"a collector with a password", `otlp_endpoint: ""`, "otlp_endpoint: https://a:b@collector.example.com", "tracing.otlp_endpoint", "user name"},
		{"a collector with a key in its query", `otlp_endpoint: ""`, "otlp_endpoint: https://collector.example.com/?key=a", "tracing.otlp_endpoint", "query"},
		{"a collector without a scheme", `otlp_endpoint: ""`, "otlp_endpoint: collector:4318", "tracing.otlp_endpoint", "write it as http://127.0.0.1:4318"},
		{"a collector over gRPC", `otlp_endpoint: ""`, "otlp_endpoint: grpc://127.0.0.1:4317", "tracing.otlp_endpoint", "address"},
		{"listen without a port", "listen: 127.0.0.1:8080", "listen: 127.0.0.1", "server.listen", "listen on"},
	}
	for _, bad := range []string{
		"http://pay.shop.example", "https://10.1.2.3", "https://192.168.0.9", "https://172.16.0.1", "https://169.254.169.254",
		"https://100.64.0.1", "https://[fd00::1]", "https://[::ffff:10.0.0.1]", "https://0.0.0.0", "https://paymux", "https://pay.local",
		"https://pay.internal", "https://127.1", "https://pay.shop.example/?a=1", "https://pay.shop.example/#x",
		"https://pay.shop.example/?", "https://pay.shop.example/#", "https://PAY.LOCAL", "https://pay.localhost", "https://pay.lan", "https://pay.intranet",
		"https://pay.home.arpa", "https://pay.localdomain", "https://pay.shop.example.", "https://a:b@pay.shop.example",
		"ftp://pay.shop.example", "https://pay.shop.example/pay", "pay.shop.example", "https://", "//pay.shop.example", "https://pay.shop.example ",
	} {
		rows = append(rows, refusal{"F06 " + bad, "base_url: https://pay.shop.example ", fmt.Sprintf("base_url: %q ", bad), "server.base_url", ""})
	}
	return rows
}

// F08: intervals and amounts that would stop the work or never end.
func rangeMistakes() []refusal {
	return []refusal{
		{"F08 sweep 0", "sweep_seconds: 30", "sweep_seconds: 0", "jobs.sweep_seconds", "too small"},
		{"F08 sweep negative", "sweep_seconds: 30", "sweep_seconds: -1", "jobs.sweep_seconds", "too small"},
		{"F08 sweep a day", "sweep_seconds: 30", "sweep_seconds: 86400", "jobs.sweep_seconds", "too large"},
		{"F08 grace 0", "unknown_grace_seconds: 600", "unknown_grace_seconds: 0", "notify.unknown_grace_seconds", "too small"},
		{"F08 payment limit 0", "max_payment_fen: 10000000", "max_payment_fen: 0", "merchants[0].max_payment_fen", "too small"},
		{"no writer", "  writers: 2", "  writers: 0", "db.writers", "too small"},
		{"too many writers", "  writers: 2", "  writers: 65", "db.writers", "too large"},
		{"F08 payment limit above the gateway's", "max_payment_fen: 10000000", "max_payment_fen: 10000000001", "merchants[0].max_payment_fen", "too large"},
		{"F08 negative approval limit", "refund_approval_over_fen: 100000", "refund_approval_over_fen: -1", "merchants[0].refund_approval_over_fen", "too small"},
		{"I08 keys forgotten before the gateway forgets", "idempotency_days: 30", "idempotency_days: 1", "retention.idempotency_days", "too small"},
		{"F08 a first webhook that waits", "webhook_seconds: [0, 5,", "webhook_seconds: [60, 5,", "jobs.webhook_seconds", "begin with 0"},
		{"no trace at all", "sample_percent: 100", "sample_percent: 0", "tracing.sample_percent", "too small"},
		{"more traces than there are", "sample_percent: 100", "sample_percent: 101", "tracing.sample_percent", "too large"},
		{"part of a percent", "sample_percent: 100", "sample_percent: 0.5", "tracing.sample_percent", "whole number"},
		{"no workers", "workers: 8", "workers: 0", "jobs.workers", "too small"},
	}
}

// F04, F09, F12: every secret is there, once, in one place.
func secretMistakes() []refusal {
	return []refusal{
		{"F04 webhook without secrets", "        secrets:\n          - id: s2\n            use: current\n            secret_file: keys/webhook_s2.secret\n          - id: s1\n            use: overlap # deliveries carry both signatures while receivers change over\n            secret_file: keys/webhook_s1.secret\n", "        secrets: []\n", "merchants[0].webhooks[0].secrets", ""},
		{"F04 webhook secret without text", "            secret_file: keys/webhook_s2.secret\n", "            secret_file: \"\"\n", "merchants[0].webhooks[0].secrets[0]", "no secret"},
		{"F04 webhook secret file absent", "keys/webhook_s2.secret", "keys/gone.secret", "merchants[0].webhooks[0].secrets[0].secret_file", "no file"},
		{"F04 two secrets in one", "            secret_file: keys/webhook_s2.secret\n", "            secret_file: keys/webhook_s2.secret\n            secret_sealed: v1.AAAA\n", "merchants[0].webhooks[0].secrets[0]", "two secrets"},
		{"F12 signed key without secret", "        secret_file: keys/shop_server.secret\n", "", "merchants[0].api_keys[0]", "no secret"},
		{"F12 signed key with a hash", "        secret_file: keys/shop_server.secret\n", "        secret_hash: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b\n", "merchants[0].api_keys[0].secret_hash", "does not serve"},
		{"an operator by the id of an API key", "id: night_shift", "id: finance", "operators[0].id", "taken"},
		{"W16 an operator by paymux's own name", "actor: night shift", "actor: System", "operators[0].actor", "for itself"},
		{"operators without an admin listener", "  admin_listen:", "  #", "operators", "admin_listen"},
		{"F12 an operator without a secret", "    secret_file: keys/night_shift.secret\n", "", "operators[0]", "no secret"},
		{"F12 bearer key without hash", "        secret_hash: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b\n", "", "merchants[0].api_keys[1].secret_hash", "missing"},
		{"F12 bearer key in clear", "secret_hash: 6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b", "secret_hash: pmx_letmein", "merchants[0].api_keys[1].secret_hash", "SHA-256"},
		{"F09 bearer key that can be read again", "        mode: bearer\n", "        mode: bearer\n        secret_file: keys/shop_server.secret\n", "merchants[0].api_keys[1]", "read again"},
		{"W16 actor of paymux's own, beside blanks", "actor: shop server", "actor: ' gateway '", "merchants[0].api_keys[0].actor", "for itself"},
		{"W16 actor of paymux's own", "actor: shop server", "actor: System", "merchants[0].api_keys[0].actor", "for itself"},
		{"F12 no master key", "  master_key_file: keys/master.key", "  master_key_file: \"\"", "secrets.master_key_file", "missing"},
		{"F12 no secret in a section", "- key_file: keys/content.aes", "- {}", "merchants[0].accounts[0].till.keys[1]", "has no secret; set key_sealed or key_file"},
		{"F04 two secrets in a section", "- key_file: keys/content.aes", "- {key_file: keys/content.aes, key_sealed: v1.AAAA}", "merchants[0].accounts[0].till.keys[1]", "two secrets"},
		{"a section's file absent", "root_file: keys/alipay_v2.pub", "root_file: keys/gone.pub", "merchants[0].accounts[0].till.root_file", "no file"},
	}
}

func crossMistakes() []refusal {
	return []refusal{
		{"archived while refunds are possible", "archive_days: 0", "archive_days: 399", "retention.archive_days", "write 400 or more"},
		{"archived before messages end", "inbox_days: 90\n  idempotency_days: 30\n  archive_days: 0", "inbox_days: 401\n  idempotency_days: 30\n  archive_days: 400", "retention.archive_days", "shorter than inbox_days"},
		{"archives without a folder", "archive_days: 0", "archive_days: 400", "retention.archive_dir", "missing"},
		{"a folder without archives", `archive_dir: ""`, `archive_dir: archive`, "retention.archive_dir", "archive_days is not"},
		{"two accounts serve one channel", "        active: false\n", "        active: true\n", "merchants[0].accounts[1].channels", "active account main"},
		{"channel unknown", "channels: [till_page]", "channels: [till_wap]", "merchants[0].accounts[1].channels[0]", "use one of: till_page till_app till_code"},
		{"account id twice", "id: old\n", "id: main\n", "merchants[0].accounts[1].id", "taken"},
		{"gateway unknown", "  - id: till\n", "  - id: other\n", "gateways[0].id", "no adapter speaks to; use one of: till second"},
		{"gateway not among those named", "  - id: till\n", "  - id: second\n", "merchants[0].accounts[0].gateway", "not the id of a gateway"},
		{"account of a gateway that nobody speaks to", "gateway: till\n        environment: sandbox\n        allow", "gateway: tally\n        environment: sandbox\n        allow", "merchants[0].accounts[0].gateway", "use one of: till second"},
		{"section of another gateway", "        till: {", "        second: {", "merchants[0].accounts[1].second", "another gateway than the account's; write it as till"},
		{"no section", "        till: { shop: \"902\", payee: p1, pace: 1, keys: [{ key_file: keys/old_app.pem }] }\n", "", "merchants[0].accounts[1].till", "is missing"},
		{"an empty section", "till: { shop: \"902\", payee: p1, pace: 1, keys: [{ key_file: keys/old_app.pem }] }", "till:", "merchants[0].accounts[1].till", "is missing"},
		{"a setting missing in a section", "          payee: p1\n", "", "merchants[0].accounts[0].till.payee", "is missing"},
		{"a setting misshapen in a section", "shop: \"901\"", "shop: x", "merchants[0].accounts[0].till.shop", "digits only"},
		{"a setting too small in a section", "pace: 2", "pace: 0", "merchants[0].accounts[0].till.pace", "at least 1"},
		{"H13 webhook to paymux itself", "https://www.shop.example/paymux/events", "https://Pay.Shop.Example/events", "merchants[0].webhooks[0].url", "paymux itself"},
		{"no current webhook secret", "id: s2\n            use: current", "id: s2\n            use: overlap", "merchants[0].webhooks[0].secrets", "exactly one"},
		{"two current webhook secrets", "use: overlap", "use: current", "merchants[0].webhooks[0].secrets", "exactly one"},
		{"key expired at birth", "created: 2026-11-01T00:00:00+08:00\n        expires: 2027-11-01T00:00:00+08:00\n      # The", "created: 2026-11-01T00:00:00+08:00\n        expires: 2026-11-01T00:00:00+08:00\n      # The", "merchants[0].api_keys[0].expires", "after"},
		{"feature twice", "platform: wechat, feature", "platform: alipay, feature", "merchants[0].features[1]", "same feature"},
		{"override without reason", "        reason: the platform's text says nothing; asked its support, no answer yet\n", "", "merchants[0].overrides[0].reason", "missing"},
		{"override without a person", "        by: head of product\n", "", "merchants[0].overrides[0].by", "missing"},
		{"galera on sqlite", "topology: single", "topology: galera", "db.topology", "sqlite"},
		{"database in memory", "dsn: data/paymux.db", "dsn: 'file::memory:'", "db.dsn", "memory"},
		{"database in memory by its mode", "dsn: data/paymux.db", "dsn: 'file:x?mode=memory'", "db.dsn", "memory"},
		{"mysql address of nothing", "driver: sqlite", "driver: mysql", "db.dsn", "MySQL"},
		{"queue by http", `url: "" # empty`, `url: http://queue # empty`, "queue.url", "nats"},
		{"queue prefix with a dot", `prefix: "" # empty`, `prefix: a.b # empty`, "queue.prefix", "a-z"},
		{"queue prefix with capitals", `prefix: "" # empty`, `prefix: Shop # empty`, "queue.prefix", "a-z"},
		{"queue prefix too long", `prefix: "" # empty`, `prefix: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa # empty`, "queue.prefix", "a-z"},
		{"event misspelt", "[payment.paid, ", "[Payment Paid, ", "merchants[0].webhooks[0].events[0]", "payment.paid"},
		{"id with capitals", "id: m_demo", "id: M_Demo", "merchants[0].id", "a-z"},
	}
}
