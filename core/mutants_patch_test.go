//go:build mutants

package core_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// readMutant reads a patch and applies it to copies of the files it names.
func readMutant(root, file string) (mutant, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return mutant{}, err
	}
	heading, patch, _ := strings.Cut(string(text), "\n--- ")
	m := mutant{name: strings.TrimSuffix(filepath.Base(file), ".patch"), changed: map[string]string{}}
	m.title, _, _ = strings.Cut(heading, "\n")
	for line := range strings.Lines(heading) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ": ")
		switch name {
		case "Rows":
			m.rows = value
		case "Package":
			m.pkg = value
		case "Run":
			m.run = value
		case "First":
			m.first = value
		}
	}
	if m.title == "" || m.rows == "" || m.pkg == "" {
		return m, fmt.Errorf("the heading lacks a title, Rows or Package")
	}
	for part := range strings.SplitSeq(patch, "\n--- ") {
		if err := m.apply(root, part); err != nil {
			return m, err
		}
	}
	return m, nil
}

// apply applies the part of a patch that is about one file. Hunks are found by their text, which
// must occur once: line numbers drift, meaning does not.
func (m *mutant) apply(root, part string) error {
	name, rest, _ := strings.Cut(strings.TrimPrefix(part, "a/"), "\n")
	name = strings.TrimSpace(name)
	source, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return err
	}
	text := string(source)
	for _, hunk := range strings.Split(rest, "\n@@")[1:] {
		_, body, _ := strings.Cut(hunk, "\n")
		var before, after strings.Builder
		for line := range strings.Lines(strings.TrimSuffix(body, "\n") + "\n") {
			switch line[0] {
			case '-':
				before.WriteString(line[1:])
			case '+':
				after.WriteString(line[1:])
			default:
				before.WriteString(line[1:])
				after.WriteString(line[1:])
			}
		}
		if n := strings.Count(text, before.String()); n != 1 {
			return fmt.Errorf("the patch no longer applies: %s has this text %d times:\n%s", name, n, before.String())
		}
		text = strings.Replace(text, before.String(), after.String(), 1)
	}
	if text == string(source) {
		return fmt.Errorf("the patch changes nothing in %s", name)
	}
	m.changed[filepath.Join(root, name)] = text
	return nil
}
