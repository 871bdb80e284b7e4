package config

import (
	"bytes"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/viper"
)

// checkServer checks the settings outside merchants against each other.
func checkServer(c *Config, dialects []Dialect, problems *Problems) {
	if u := checkPublic("server.base_url", c.Server.BaseURL, c.Server.Environment, problems); u != nil {
		c.Server.BaseURL = strings.TrimRight(u.String(), "/")
		// pages link to each other, and requests are signed, from the root
		if strings.Trim(u.Path, "/") != "" {
			problems.add("server.base_url", "has a path", "give paymux a host of its own, such as https://pay.example.com")
		}
	}
	if c.Server.AdminListen != "" && c.Server.AdminListen == c.Server.Listen && !strings.HasSuffix(c.Server.Listen, ":0") {
		problems.add("server.admin_listen", "is the address of the API", "choose another port and keep it private")
	}
	checkProxies(c.Server.TrustedProxies, problems)
	checkDatabase(c, problems)
	checkQueue(c, problems)
	checkCollector(c, problems)
	checkRetention(c.Retention, problems)
	if c.Jobs.WebhookSeconds[0] != 0 {
		problems.add("jobs.webhook_seconds", "does not begin with 0", "the first try is made at once; write 0 before the pauses")
	}
	if c.Log.Level == "debug" && c.Server.Environment == Production {
		problems.add("log.level", "is debug in production", "use info")
	}
	checkGateways(c, dialects, problems)
}

func checkGateways(c *Config, dialects []Dialect, problems *Problems) {
	seen := map[string]bool{}
	for i, g := range c.Gateways {
		at := fmt.Sprintf("gateways[%d]", i)
		if seen[g.ID] {
			problems.add(at+".id", "is taken by another gateway", "choose another name")
		}
		seen[g.ID] = true
		if g.Environment != c.Server.Environment {
			problems.add(at+".environment", "differs from server.environment", "real and play money never share a server")
		}
		own := dialectOf(dialects, g.ID)
		if own == nil {
			problems.add(at+".id", "is a gateway that no adapter speaks to", "use one of: "+strings.Join(gatewaysOf(dialects), " "))
		}
		if u := checkPublic(at+".url", g.URL, g.Environment, problems); u != nil && own != nil {
			own.CheckGateway(g, problems.under(at))
		}
		checkProxy(at+".proxy", g.Proxy, problems)
	}
}

func checkDatabase(c *Config, problems *Problems) {
	dsn := c.DB.DSN.Reveal()
	switch {
	case c.DB.Driver == "sqlite" && c.DB.Topology == "galera":
		problems.add("db.topology", "is galera, but the driver is sqlite", "use single")
	case c.DB.Driver == "sqlite" && (strings.Contains(dsn, ":memory:") || strings.Contains(dsn, "mode=memory")):
		problems.add("db.dsn", "is in memory only", "name a file: orders must outlive the process")
	case c.DB.Driver == "mysql" && (!strings.Contains(dsn, "@") || !strings.Contains(dsn, "/")):
		problems.add("db.dsn", "is not a MySQL address", "write it as user:password@tcp(host:3306)/database")
	}
}

// isPrefix is what a queue takes as part of its names.
func isPrefix(s string) bool {
	plain := strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == ""
	return plain && len(s) >= 1 && len(s) <= 32 && s[0] != '_' && s[0] != '-'
}

func checkQueue(c *Config, problems *Problems) {
	if c.Queue.Prefix != "" && !isPrefix(c.Queue.Prefix) {
		problems.add("queue.prefix", "is not a prefix", "write 1 to 32 of a-z, 0-9, - and _, or leave it empty")
	}
	text := c.Queue.URL.Reveal()
	if text == "" || text == "none" {
		return
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls"}, u.Scheme) {
		problems.add("queue.url", "is not a queue's address", "leave it empty, write none, or nats://host:4222")
	}
}

// checkCollector lets spans travel in the clear on this machine and inside a private network only,
// and fills in the path that collectors listen on.
func checkCollector(c *Config, problems *Problems) {
	const at = "tracing.otlp_endpoint"
	if c.Tracing.OTLPEndpoint == "" {
		return
	}
	u, what := parseAddress(c.Tracing.OTLPEndpoint)
	switch {
	case what != "":
		problems.add(at, what, "write it as http://127.0.0.1:4318 or https://collector.example.com")
	case u.Scheme != "https" && isPublic(u.Hostname()):
		problems.add(at, "is not https", "plain http is for collectors on this machine or in a private network")
	case strings.Trim(u.Path, "/") == "":
		c.Tracing.OTLPEndpoint = u.JoinPath("v1", "traces").String()
	}
}

// checkProxy wants a bare address: a password would stand in the file, and a path would mean
// nothing.
func checkProxy(path, text string, problems *Problems) {
	if text == "" {
		return
	}
	if u, what := parseAddress(text); what != "" {
		problems.add(path, what, "write it as http://10.0.0.8:3128")
	} else if u.Path != "" && u.Path != "/" {
		problems.add(path, "holds a path", "write it as http://10.0.0.8:3128")
	}
}

// checkInlineSecrets refuses a password in a configuration file that everybody may read. It looks
// at what the file itself says: passwords from the environment are not in it.
func checkInlineSecrets(path string, text []byte, problems *Problems) {
	v := viper.New()
	v.SetConfigType("yaml")
	if v.ReadConfig(bytes.NewReader(text)) != nil {
		return // told already
	}
	for _, setting := range []string{"db.dsn", "queue.url"} {
		if holdsPassword(v.GetString(setting)) {
			problems.add(setting, "holds a password and the file can be read by others",
				"chmod 600 "+quoted(path)+", or set "+environmentPrefix+strings.ToUpper(strings.ReplaceAll(setting, ".", "_")))
		}
	}
}

func holdsPassword(address string) bool {
	if _, after, ok := strings.Cut(address, "://"); ok {
		address = after
	}
	login := address[:max(strings.LastIndex(address, "@"), 0)]
	_, password, _ := strings.Cut(login, ":")
	return password != ""
}
