package config

import (
	"errors"
	"fmt"
)

// CheckSealed opens every sealed text and reads every secret once under the
// master key, so that a wrong master key shows before the first request needs
// a secret. It refuses weak secrets too. It answers nil when nothing is wrong.
func (c *Config) CheckSealed(master *MasterKey) error {
	var problems Problems
	report := func(path string, err error) {
		if weak, ok := errors.AsType[*WeakSecret](err); ok {
			problems.add(path, err.Error(), weak.Mend())
		} else if err != nil {
			problems.add(path, err.Error(), "seal it again under this master key, for this purpose")
		}
	}
	for i, m := range c.Merchants {
		at := fmt.Sprintf("merchants[%d]", i)
		for j, k := range m.APIKeys {
			_, err := k.SigningSecret(master)
			if k.Mode == Bearer {
				_, err = k.BearerHash()
			}
			report(fmt.Sprintf("%s.api_keys[%d]", at, j), err)
		}
		for j, a := range m.Accounts {
			a.Settings.Open(master, func(setting string, err error) {
				report(fmt.Sprintf("%s.%s.%s", accountPath(i, j), a.Gateway, setting), err)
			})
		}
		for j, w := range m.Webhooks {
			for l, s := range w.Secrets {
				_, err := s.Secret(master)
				report(fmt.Sprintf("%s.webhooks[%d].secrets[%d]", at, j, l), err)
			}
		}
	}
	c.checkSealedOperators(master, report)
	if len(problems) > 0 {
		return problems
	}
	return nil
}
