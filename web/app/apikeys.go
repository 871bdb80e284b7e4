package app

import (
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web"
)

// apiKeyOf opens an API key. An error names the key and never its secret.
func apiKeyOf(m config.Merchant, k config.APIKey, master *config.MasterKey) (web.Key, error) {
	key := web.Key{
		ID: k.ID, MerchantID: m.ID, Actor: k.Actor, Role: web.Role(k.Role), Mode: web.KeyMode(k.Mode), Expires: k.Expires,
		Limits: web.Allowance(k.Limits), MerchantLimits: web.Allowance(m.Limits),
	}
	if k.Mode == config.Bearer {
		hash, err := k.BearerHash()
		key.SecretHash = hash
		return key, err
	}
	secret, err := k.SigningSecret(master)
	key.Secret = []byte(secret.Reveal())
	return key, err
}

// Key implements web.Keys. A revoked key is one that there is not.
func (l *live) Key(id string) (web.Key, bool) {
	if l.revoked.has(id) {
		return web.Key{}, false
	}
	k, ok := l.now.Load().keys[id]
	return k, ok
}

// operatorKeyOf opens an operator's key.
func operatorKeyOf(o config.Operator, master *config.MasterKey) (web.Key, error) {
	key := web.Key{ID: o.ID, Actor: o.Actor, Role: web.RoleOperator, Mode: web.KeyMode(o.Mode), Expires: o.Expires}
	if o.Mode == config.Bearer {
		hash, err := o.BearerHash()
		key.SecretHash = hash
		return key, err
	}
	secret, err := o.SigningSecret(master)
	key.Secret = []byte(secret.Reveal())
	return key, err
}

// operators are the keys that the admin listener knows.
type operators struct{ of *live }

// Key implements web.Keys, as live does for merchants.
func (o operators) Key(id string) (web.Key, bool) {
	if o.of.revoked.has(id) {
		return web.Key{}, false
	}
	k, ok := o.of.now.Load().operators[id]
	return k, ok
}
