package config

import (
	"bytes"
	"errors"
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
// wrong comes back together as [Problems]. A file that somebody else could have
// written is refused whatever it holds. dialects are the gateways that may
// be named, with the settings that accounts have there.
func Load(path string, environ []string, dialects ...Dialect) (*Config, error) {
	text, mode, err := readConfig(path)
	open, isOpen := errors.AsType[*exposed](err)
	if err != nil && !isOpen {
		return nil, err
	}
	c, lines, problems := parse(path, text, environ, dialects)
	if isOpen {
		problems.add(open.name, open.what, open.mend)
	}
	if mode&openToAll != 0 {
		checkInlineSecrets(path, text, &problems)
	}
	if len(problems) > 0 {
		return nil, problems.located(lines)
	}
	return c, nil
}

// parse reads the text of the file at path, with the variables laid over it.
func parse(path string, text []byte, environ []string, dialects []Dialect) (*Config, map[string]int, Problems) {
	lines, problems := scanKeys(text)
	if len(problems) > 0 {
		return nil, lines, problems
	}
	v := viper.New()
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(text)); err != nil {
		return nil, lines, Problems{{Path: path, What: err.Error(), Mend: "write it as YAML"}}
	}
	overlayEnvironment(v, environ, &problems)
	c := defaults()
	if decodeAll(v.AllSettings(), &c, dialects, &problems) {
		return nil, lines, problems // all that is to move would be missing where it belongs
	}
	c.resolveFiles(filepath.Dir(path))
	var shape Problems
	validateShape(&c, dialects, &shape)
	problems = append(problems, shape.outside(problems)...)
	if c.DB.DSN.Empty() {
		for i := range problems {
			if problems[i].Path == "db.dsn" {
				problems[i].Mend = "set it in the file, or set " + environmentPrefix + "DB_DSN, which is for addresses with a password"
			}
		}
	}
	if len(problems) == 0 {
		checkServer(&c, dialects, &problems)
		checkMerchants(&c, &problems)
		checkFiles(&c, &problems)
	}
	return &c, lines, problems
}

// readConfig reads the file whole, also when its error says that others may change it: what else is
// wrong in it is told too.
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
	return text, info.Mode().Perm(), guarded(path, info, false)
}
