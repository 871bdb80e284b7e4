package config

import (
	"fmt"
	"strings"
)

// checkMerchants checks merchants and their parts against each other and
// against gateways and server.
func checkMerchants(c *Config, problems *Problems) {
	r := registry{
		config:    c,
		problems:  problems,
		merchants: map[string]bool{},
		apiKeys:   map[string]bool{},
		accounts:  map[string]bool{},
		apps:      map[string][]appUse{},
		gateways:  map[string]Gateway{},
	}
	for _, g := range c.Gateways {
		r.gateways[g.ID] = g
	}
	for i := range c.Merchants {
		r.checkMerchant(fmt.Sprintf("merchants[%d]", i), &c.Merchants[i])
	}
	r.checkSharedApps()
	r.checkOperators()
}

// registry remembers the names met so far; those that requests and
// notifications carry alone must be unique over all merchants.
type registry struct {
	config    *Config
	problems  *Problems
	merchants map[string]bool
	apiKeys   map[string]bool
	accounts  map[string]bool
	apps      map[string][]appUse // gateway and app → who uses it
	gateways  map[string]Gateway
}

func (r *registry) once(names map[string]bool, name, path, kind string) {
	if names[name] {
		r.problems.add(path, "is taken by another "+kind, "choose another name")
	}
	names[name] = true
}

func (r *registry) checkMerchant(at string, m *Merchant) {
	r.once(r.merchants, m.ID, at+".id", "merchant")
	checkAllowance(at+".limits", m.Limits, r.problems)
	features := map[string]bool{}
	for i, f := range m.Features {
		r.once(features, f.Platform+"/"+f.Feature, fmt.Sprintf("%s.features[%d]", at, i), "entry for the same feature")
	}
	overrides := map[string]bool{}
	for i, o := range m.Overrides {
		r.once(overrides, o.Platform+"/"+o.Rule, fmt.Sprintf("%s.overrides[%d]", at, i), "entry for the same rule")
	}
	for i, address := range m.ReturnURLs {
		r.checkReturnURL(fmt.Sprintf("%s.return_urls[%d]", at, i), address)
	}
	for i := range m.APIKeys {
		r.checkAPIKey(fmt.Sprintf("%s.api_keys[%d]", at, i), &m.APIKeys[i])
	}
	r.checkAccounts(at, m)
	webhooks := map[string]bool{}
	for i := range m.Webhooks {
		path := fmt.Sprintf("%s.webhooks[%d]", at, i)
		r.once(webhooks, m.Webhooks[i].ID, path+".id", "webhook")
		r.checkWebhook(path, &m.Webhooks[i])
	}
}

// checkReturnURL demands an address that ends a path segment, so that the
// prefix https://shop.example cannot match https://shop.example.evil.
func (r *registry) checkReturnURL(path, address string) {
	u, what := parseAddress(address)
	switch {
	case what != "":
		r.problems.add(path, what, "write it as https://shop.example/")
	case u.Scheme != "https" && (r.config.Server.Environment != Sandbox || !isLoopback(u.Hostname())):
		r.problems.add(path, "is not https", "buyers are sent back over https only")
	case !strings.HasSuffix(u.Path, "/"):
		r.problems.add(path, "does not end in a slash", "https://shop.example would also match https://shop.example.evil; write "+address+"/")
	}
}

func (r *registry) checkAPIKey(at string, k *APIKey) {
	r.once(r.apiKeys, k.ID, at+".id", "API key")
	checkAllowance(at+".limits", k.Limits, r.problems)
	k.Actor = actorName(k.Actor)
	switch strings.ToLower(k.Actor) {
	case "":
		r.problems.add(at+".actor", "shows nothing", "name the person or service who uses the key")
	case "system", "gateway", "buyer":
		// what these do is nobody's asking, and needs nobody's approval (W16)
		r.problems.add(at+".actor", "is a name that paymux has for itself", "name the person or service who uses the key")
	}
	switch k.Mode {
	case Bearer:
		if k.SecretHash == "" {
			r.problems.add(at+".secret_hash", "is missing", "a bearer key is stored as the SHA-256 of the key")
		}
		if k.SecretSealed != "" || k.SecretFile != "" {
			r.problems.add(at, "stores a bearer key that can be read again", "keep secret_hash only")
		}
	case Signed:
		if k.SecretHash != "" {
			r.problems.add(at+".secret_hash", "does not serve a key of mode signed", "use secret_file or secret_sealed, or mode: bearer")
		}
		r.problems.under(at).ExactlyOne("", "secret_sealed", k.SecretSealed, "secret_file", k.SecretFile)
	}
	if !k.Expires.IsZero() && !k.Expires.After(k.Created) {
		r.problems.add(at+".expires", "is not after created", "")
	}
	if k.Expires.IsZero() && r.config.Server.Environment == Production {
		r.problems.add(at+".expires", "is missing", "in production every key ends; a year is usual")
	}
}

func (r *registry) checkWebhook(at string, w *Webhook) {
	if u := checkPublic(at+".url", w.URL, r.config.Server.Environment, r.problems); u != nil {
		if own, what := parseAddress(r.config.Server.BaseURL); what == "" && strings.EqualFold(own.Host, u.Host) {
			r.problems.add(at+".url", "is paymux itself", "events go to the merchant's server")
		}
	}
	current := 0
	names := map[string]bool{}
	for i, s := range w.Secrets {
		path := fmt.Sprintf("%s.secrets[%d]", at, i)
		r.once(names, s.ID, path+".id", "secret")
		r.problems.under(path).ExactlyOne("", "secret_sealed", s.Sealed, "secret_file", s.File)
		if s.Use == Current {
			current++
		}
	}
	if current != 1 {
		r.problems.add(at+".secrets", "needs exactly one current secret", "mark the others overlap")
	}
}
