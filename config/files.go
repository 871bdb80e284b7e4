package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxKeyFile bounds every key, certificate and secret file.
const maxKeyFile = 256 << 10

var (
	errEmptyFile   = errors.New("is empty")
	errTooLarge    = errors.New("is too large")
	errNotFile     = errors.New("is not a file")
	errEmptySealed = errors.New("config: sealed text is empty")
)

// file is one file that the configuration names.
type file struct {
	path    string // the setting
	name    string // the file
	private bool   // must not be readable by everybody
}

// readPrivate reads a file that only its owner, and perhaps a group, may read.
func readPrivate(name string) (string, error) { return readKeyFile(name, true) }

// ReadPublic reads a file with nothing secret in it, which nobody else may change: whoever
// changed a gateway's public key could sign in its name.
func ReadPublic(name string) (string, error) { return readKeyFile(name, false) }

func readKeyFile(name string, private bool) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", fmt.Errorf("config: %w", err)
	}
	defer func() { _ = f.Close() }()
	// The mode is asked of the open file, so that it is the mode of what is read.
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("config: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("config: %s %w", name, errNotFile)
	}
	if err := guarded(name, info, private); err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("config: read %s: %w", name, err)
	case len(text) > maxKeyFile:
		return "", fmt.Errorf("config: %s %w", name, errTooLarge)
	case strings.TrimSpace(string(text)) == "":
		return "", fmt.Errorf("config: %s %w", name, errEmptyFile)
	}
	return string(text), nil
}

// checkFiles reads every named file once: it must exist, hold something, be changed by nobody
// else, and not be shown to everybody when it is secret.
func checkFiles(c *Config, problems *Problems) {
	for _, f := range c.files() {
		_, err := readKeyFile(f.name, f.private)
		open, isOpen := errors.AsType[*exposed](err)
		switch {
		case err == nil:
		case errors.Is(err, fs.ErrNotExist):
			problems.add(f.path, "there is no file "+f.name, "names are relative to the configuration file")
		case isOpen:
			problems.add(f.path, open.name+" "+open.what, open.mend)
		case errors.Is(err, errEmptyFile):
			problems.add(f.path, f.name+" is empty", "put the key into it")
		default:
			problems.add(f.path, strings.TrimPrefix(err.Error(), "config: "), "")
		}
	}
}

// resolveFiles makes the names of files absolute from dir. The DSN of SQLite
// is the driver's own and stays as it is.
func (c *Config) resolveFiles(dir string) {
	c.eachFile(func(_ string, name *string, _ bool) {
		if *name != "" && !filepath.IsAbs(*name) {
			*name = filepath.Join(dir, *name)
		}
	})
}

// files lists every file the configuration names.
func (c *Config) files() []file {
	var list []file
	c.eachFile(func(path string, name *string, private bool) {
		if *name != "" {
			list = append(list, file{path, *name, private})
		}
	})
	return list
}

// eachFile visits every setting that names a file.
func (c *Config) eachFile(visit VisitFile) {
	visit("secrets.master_key_file", &c.Secrets.MasterKeyFile, true)
	for i := range c.Gateways {
		visit(fmt.Sprintf("gateways[%d].client_cert_file", i), &c.Gateways[i].ClientCertFile, true)
		visit(fmt.Sprintf("gateways[%d].root_ca_file", i), &c.Gateways[i].RootCAFile, false)
	}
	for i := range c.Operators {
		visit(fmt.Sprintf("operators[%d].secret_file", i), &c.Operators[i].SecretFile, true)
	}
	for i := range c.Merchants {
		m := &c.Merchants[i]
		at := fmt.Sprintf("merchants[%d]", i)
		for j := range m.APIKeys {
			visit(fmt.Sprintf("%s.api_keys[%d].secret_file", at, j), &m.APIKeys[j].SecretFile, true)
		}
		for j := range m.Accounts {
			if a := &m.Accounts[j]; a.Settings != nil {
				a.Settings.Files(func(setting string, name *string, private bool) {
					visit(accountPath(i, j)+"."+a.Gateway+"."+setting, name, private)
				})
			}
		}
		for j := range m.Webhooks {
			for l := range m.Webhooks[j].Secrets {
				visit(fmt.Sprintf("%s.webhooks[%d].secrets[%d].secret_file", at, j, l), &m.Webhooks[j].Secrets[l].File, true)
			}
		}
	}
}
