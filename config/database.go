package config

import (
	"bytes"
	"errors"
	"io"

	"github.com/spf13/viper"
)

// Database reads only where the database is: from the file at path, if there is one that can be
// read, and from the variables of environ. Whatever else is wrong in the file is no matter, because
// who revokes a stolen key cannot wait until it is mended. doubt is what Load would refuse the file
// for before it read a word, for whoever asks to be told.
func Database(path string, environ []string) (db DB, doubt, err error) {
	text, _, doubt := readConfig(path)
	v := viper.New()
	v.SetConfigType("yaml")
	if broken := v.ReadConfig(bytes.NewReader(text)); broken != nil && !errors.Is(broken, io.EOF) {
		doubt = errors.Join(doubt, broken)
		v = viper.New()
	}
	var problems Problems
	// a misspelt variable of another section is no matter either
	overlayEnvironment(v, environ, &problems)
	c := defaults()
	section, _ := v.AllSettings()["db"].(map[string]any)
	problems = nil
	decode(section, &c.DB, problems.under("db"))
	if len(problems) > 0 {
		return DB{}, doubt, problems
	}
	if c.DB.DSN.Empty() {
		return DB{}, doubt, Problems{{Path: "db.dsn", What: "is missing", Mend: "set it in the file, or set PAYMUX_DB_DSN"}}
	}
	return c.DB, doubt, nil
}
