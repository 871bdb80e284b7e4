package config

import (
	"os"
	"path/filepath"
	"testing"
)

// W50: where the database is can be read from a file with anything else wrong in it.
func TestW50DatabaseOfABrokenFile(t *testing.T) {
	mysql := []string{"PAYMUX_DB_DRIVER=mysql", "PAYMUX_DB_DSN=pay:s3cret@tcp(db:3306)/paymux", "PAYMUX_SERVER_COLOUR=red"}
	for _, c := range []struct {
		name, text, driver, dsn string
		environ                 []string
		doubt                   bool
	}{
		{"good", minimal, "sqlite", "paymux.db", nil, false},
		{"unknown settings and no merchants", "db: {dsn: a.db, colour: red}\nserver: 3\nmerchants: {}\n", "sqlite", "a.db", nil, false},
		{"variables win", minimal, "mysql", "pay:s3cret@tcp(db:3306)/paymux", mysql, false},
		{"no YAML", "db: {dsn: [", "mysql", "pay:s3cret@tcp(db:3306)/paymux", mysql, true},
		{"empty", "", "mysql", "pay:s3cret@tcp(db:3306)/paymux", mysql, false},
		{"no YAML, no variables", "db: {dsn: [", "", "", nil, true},
		{"no database", "log: {level: info}", "", "", nil, false},
		{"no text for a name", "db: {dsn: [a]}", "", "", nil, false},
	} {
		path := place(t, c.text)
		db, doubt, err := Database(path, c.environ)
		if (err != nil) != (c.dsn == "") || db.Driver != c.driver || db.DSN.Reveal() != c.dsn || (doubt != nil) != c.doubt {
			t.Errorf("%s: %+v %v %v", c.name, db, doubt, err)
		}
	}
	path := place(t, minimal)
	chmod(t, path, 0o666)
	if db, doubt, err := Database(path, nil); err != nil || doubt == nil || db.DSN.Empty() {
		t.Errorf("a file that others may change: %v %v", doubt, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if db, doubt, err := Database(filepath.Join(t.TempDir(), "none"), mysql); err != nil || doubt == nil || db.Driver != "mysql" {
		t.Errorf("no file: %v %v", doubt, err)
	}
}
