package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/config"
)

// folder is a directory in which commands keep what they made for themselves. Every file appears
// whole or not at all, so that a command killed at its first start can be started again. Everything
// is readable by its owner alone.
type folder string

func openFolder(dir string) (folder, error) {
	full, err := filepath.Abs(dir)
	if strings.Contains(full, "?") {
		return "", usageError{fmt.Errorf("data folder: %s holds a question mark, with which options begin in the name of an SQLite database", full)}
	}
	if err == nil {
		err = os.MkdirAll(full, 0o700)
	}
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	return folder(full), nil
}

// hold keeps other programs out of the folder, in which two would write over each other, until
// release is called or the process ends, however it ends.
func (f folder) hold() (release func() error, err error) {
	file, err := os.OpenFile(f.path("lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := lockFile(file); err != nil {
		return nil, errors.Join(fmt.Errorf("data folder: %s is in use by another paymux (%w); stop that one, or name another folder by --data", f, err), file.Close())
	}
	return file.Close, nil
}

func (f folder) path(name string) string { return filepath.Join(string(f), name) }

func (f folder) has(name string) bool {
	_, err := os.Stat(f.path(name))
	return err == nil
}

// once returns the text of a file, which the first call makes.
func (f folder) once(name string, text func() (string, error)) (string, error) {
	kept, err := os.ReadFile(f.path(name))
	if err == nil {
		return strings.TrimSpace(string(kept)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("data folder: %w", err)
	}
	fresh, err := text()
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(fresh), f.write(name, fresh)
}

// write puts a file in place in one step.
func (f folder) write(name, text string) error {
	draft, err := os.CreateTemp(string(f), "draft-*") // mode 0600
	if err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	_, err = io.WriteString(draft, strings.TrimSpace(text)+"\n")
	if err = errors.Join(err, draft.Sync(), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), f.path(name))
	}
	if err != nil {
		_ = os.Remove(draft.Name())
		return fmt.Errorf("data folder: write %s: %w", name, err)
	}
	return nil
}

// masterKey makes the key under which secrets are sealed, if there is none.
func (f folder) masterKey(name string, random io.Reader) error {
	if f.has(name) {
		return nil
	}
	draft := f.path("draft-" + name)
	_ = os.Remove(draft)
	if _, err := config.CreateMasterKey(draft, random); err != nil {
		return err
	}
	if err := os.Rename(draft, f.path(name)); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return nil
}

// pair keeps an RSA pair as NAME.pem and NAME.pub.
func (f folder) pair(name string, random io.Reader) (alipaysim.KeyPair, error) {
	private, err := f.once(name+".pem", func() (string, error) {
		fresh, err := alipaysim.GenerateKeyPair(random)
		if err != nil {
			return "", err
		}
		// The public half goes first: where the private half is, both are.
		return fresh.PrivatePEM, f.write(name+".pub", fresh.PublicText)
	})
	if err != nil {
		return alipaysim.KeyPair{}, err
	}
	public, err := os.ReadFile(f.path(name + ".pub"))
	if err != nil {
		return alipaysim.KeyPair{}, fmt.Errorf("data folder: %w", err)
	}
	return alipaysim.KeyPair{PrivatePEM: private + "\n", PublicText: strings.TrimSpace(string(public))}, nil
}

// existingFolder opens a folder that another command made, and makes nothing itself.
func existingFolder(dir string) (folder, error) {
	full, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("data folder: %w", err)
	}
	if info, err := os.Stat(full); err != nil || !info.IsDir() {
		return "", usageError{fmt.Errorf("data folder: there is no folder %s", full)}
	}
	return folder(full), nil
}
