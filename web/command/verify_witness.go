package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// witness is what verify remembers outside the database. A database of an older moment is sound in
// itself; only something that was kept elsewhere can tell that there was more.
type witness struct {
	Head   string `json:"head"` // of the audit chain
	Seals  int64  `json:"seals"`
	Newest string `json:"newest"` // when the newest audit row was made
}

// verifyWitnessed verifies, holds what it finds against the witness, and lets the witness remember
// it when all holds.
func verifyWitnessed(ctx context.Context, f verifyFlags, streams Streams) (verifyReport, error) {
	if f.witness == "" {
		return verifyOnce(ctx, f, streams)
	}
	last, err := readWitness(f.witness)
	if err != nil {
		return verifyReport{}, err
	}
	if last.Head != "" {
		f.heads = append(f.heads, last.Head)
	}
	report, err := verifyOnce(ctx, f, streams)
	if err != nil {
		return report, err
	}
	if report.Audit.Newest < last.Newest { // both as core.Stamp writes them
		report.Audit.Broken = append(report.Audit.Broken, fmt.Sprintf("the newest row is of %q, and was of %s at the last run: the database is an older one", report.Audit.Newest, last.Newest))
	}
	if report.broken() > 0 {
		return report, nil
	}
	text, err := json.Marshal(witness{report.Audit.Head, report.Audit.Seals, report.Audit.Newest})
	if err != nil {
		return report, err
	}
	return report, folder(filepath.Dir(f.witness)).write(filepath.Base(f.witness), string(text))
}

// readWitness reads what the last run left; the first has none.
func readWitness(name string) (w witness, err error) {
	text, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &w)
	}
	if err != nil {
		return w, fmt.Errorf("the witness %s cannot be read: %w", name, err)
	}
	return w, nil
}
