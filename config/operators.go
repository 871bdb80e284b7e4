package config

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// Operator is a person or service of whoever runs paymux: it belongs to no merchant, looks at all
// of them, and decides what is listed for operators, on the admin listener only.
type Operator struct {
	// Name of the key in requests, logs and audit; unique over operators and API keys.
	ID string `json:"id" validate:"required,id"`
	// Who uses it; nobody decides on what they asked for. system, gateway and buyer are taken.
	Actor string `json:"actor" validate:"required,max=100"`
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

// key is the operator's key, which is checked and opened like a merchant's.
func (o Operator) key() APIKey {
	return APIKey{
		ID: o.ID, Actor: o.Actor, Mode: o.Mode, SecretHash: o.SecretHash, SecretSealed: o.SecretSealed, SecretFile: o.SecretFile, Created: o.Created, Expires: o.Expires,
	}
}

// SigningSecret reads or opens the secret of an operator of mode signed.
func (o Operator) SigningSecret(master *MasterKey) (Secret, error) {
	return o.key().SigningSecret(master)
}

// BearerHash returns the SHA-256 of the key of an operator of mode bearer.
func (o Operator) BearerHash() ([sha256.Size]byte, error) { return o.key().BearerHash() }

// checkOperators holds operators against the API keys that were met: a request names its key alone.
func (r *registry) checkOperators() {
	for i := range r.config.Operators {
		k := r.config.Operators[i].key()
		r.checkAPIKey(fmt.Sprintf("operators[%d]", i), &k)
		r.config.Operators[i].Actor = k.Actor
	}
	if len(r.config.Operators) > 0 && r.config.Server.AdminListen == "" {
		r.problems.add("operators", "need server.admin_listen", "operators are answered on the admin listener only; set its address, and keep it private")
	}
}

// checkSealedOperators opens the secrets of operators.
func (c *Config) checkSealedOperators(master *MasterKey, report func(path string, err error)) {
	for i, o := range c.Operators {
		_, err := o.SigningSecret(master)
		if o.Mode == Bearer {
			_, err = o.BearerHash()
		}
		report(fmt.Sprintf("operators[%d]", i), err)
	}
}
