package config

import "fmt"

// purposeNaming seals the key that pseudonyms are made under.
const purposeNaming = "pseudonym_key"

// Fingerprint names the key without giving anything of it away: 128 bits derived from it for this
// alone, in hex.
func (k *MasterKey) Fingerprint() string { return k.fingerprint }

// SealNaming seals, under this key, what pseudonyms of another are made under.
func (k *MasterKey) SealNaming(of *MasterKey) (string, error) {
	return k.Seal(purposeNaming, of.pseudonym)
}

// NamingBy returns the key with the pseudonyms of what SealNaming sealed under it.
func (k *MasterKey) NamingBy(sealed string) (*MasterKey, error) {
	naming, err := k.Open(purposeNaming, sealed)
	if err != nil {
		return nil, err
	}
	if len(naming) != masterKeyBytes {
		return nil, fmt.Errorf("config: the pseudonym key has %d bytes, not %d", len(naming), masterKeyBytes)
	}
	other := *k
	other.pseudonym = naming
	return &other, nil
}
