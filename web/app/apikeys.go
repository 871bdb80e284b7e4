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
