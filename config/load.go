package config

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/viper"
)

// maxFile bounds the configuration file.
const maxFile = 4 << 20

// Load reads the YAML file at path, lays the PAYMUX_… variables of environ
// ("KEY=value", as os.Environ gives them) over it, and checks the whole.
// Relative file names in it are taken from the file's own directory.
// A file that cannot be read gives a plain error; everything else that is
// wrong comes back together as [Problems]. dialects are the gateways that may
// be named, with the settings that accounts have there.
func Load(path string, environ []string, dialects ...Dialect) (*Config, error) {
	text, mode, err := readConfig(path)
	if err != nil {
		return nil, err
	}
	lines, problems := scanKeys(text)
	if len(problems) > 0 {
		return nil, problems.located(lines)
	}
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		return nil, Problems{{Path: path, What: err.Error(), Mend: "write it as YAML"}}
	}
	inFile := map[string]string{"db.dsn": v.GetString("db.dsn"), "queue.url": v.GetString("queue.url")}
	overlayEnvironment(v, environ, &problems)
	c := defaults()
	decodeAll(v.AllSettings(), &c, dialects, &problems)
	if len(problems) > 0 {
		return nil, problems.located(lines)
	}
	c.resolveFiles(filepath.Dir(path))
	validateShape(&c, dialects, &problems)
	if len(problems) == 0 {
		checkServer(&c, dialects, &problems)
		checkMerchants(&c, &problems)
		checkFiles(&c, &problems)
		checkInlineSecrets(path, mode, inFile, &problems)
	}
	if len(problems) > 0 {
		return nil, problems.located(lines)
	}
	return &c, nil
}

func readConfig(path string) ([]byte, os.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, fmt.Errorf("config: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("config: %w", err)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, 0, fmt.Errorf("config: read %s: %w", path, err)
	}
	if len(text) > maxFile {
		return nil, 0, fmt.Errorf("config: %s is larger than %d bytes", path, maxFile)
	}
	return text, info.Mode().Perm(), nil
}
