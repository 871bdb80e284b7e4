package platforms

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/paymux/paymux/core"
)

//go:embed rules/*.yaml
var shipped embed.FS

const (
	maxFiles     = 64
	maxFileBytes = 256 << 10
)

// Embedded returns the rule files that are part of the program, for [Load].
func Embedded() fs.FS {
	rules, err := fs.Sub(shipped, "rules")
	if err != nil {
		panic(err) // the path is a constant and valid
	}
	return rules
}

// Load reads every *.yaml file at the root of fsys, one platform each. Whatever is wrong in any
// file comes back at once, joined, each error naming its file and key, and the line where a key is
// unknown. A Book is returned only if nothing is wrong.
func Load(fsys fs.FS) (*Book, error) {
	names, err := fs.Glob(fsys, "*.y*ml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 || len(names) > maxFiles {
		return nil, fmt.Errorf("platforms: %d rule files found, 1 to %d are needed", len(names), maxFiles)
	}
	check := newChecker()
	files := make(map[core.PlatformID]*platform, len(names))
	var problems []error
	for _, name := range names {
		p, err := read(fsys, name)
		if err == nil {
			err = check.file(name, p)
		}
		if err != nil {
			problems = append(problems, err)
			continue
		}
		files[p.ID] = p
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return newBook(files), nil
}

// read reads one rule file, of bounded size.
func read(fsys fs.FS, name string) (*platform, error) {
	if path.Ext(name) != ".yaml" {
		return nil, fmt.Errorf("%s: rule files end in .yaml", name)
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	content, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(content) > maxFileBytes {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxFileBytes)
	}
	var p platform
	if err := decode(name, content, &p); err != nil {
		return nil, err
	}
	return &p, nil
}

// decode decodes a file strictly: one document, known keys only.
func decode(name string, content []byte, into any) error {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		return inFile(name, err)
	}
	var more yaml.Node
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: holds more than one document", name)
	}
	return nil
}

// inFile says a decoding error in the reader's terms: the decoder speaks of Go types, people of
// keys.
func inFile(name string, err error) error {
	var mismatch *yaml.TypeError
	if !errors.As(err, &mismatch) {
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(err.Error(), "yaml: "))
	}
	unknown := regexp.MustCompile(`^(line \d+): field (.+) not found in type \S+$`)
	problems := make([]error, 0, len(mismatch.Errors))
	for _, text := range mismatch.Errors {
		problems = append(problems, fmt.Errorf("%s: %s", name, unknown.ReplaceAllString(text, `$1: unknown key "$2"`)))
	}
	return errors.Join(problems...)
}
