package archive

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/paymux/paymux/core"
)

// The files of an archive's folder.
const (
	ManifestFile = "manifest.json"
	OrdersFile   = "orders.jsonl" // a line for each order
	AuditFile    = "audit.jsonl"  // a line for each link of the audit chain
)

// format names what this program writes. Another format is refused.
const format = "paymux archive 1"

// Manifest is what an archive says of its files: enough to prove that they are all there, byte by
// byte, and what they come to.
type Manifest struct {
	Format    string `json:"format"`
	ID        string `json:"id"`       // also its folder's name
	Database  string `json:"database"` // the identity of the database that it was taken from
	CreatedAt string `json:"created_at"`
	Cutoff    string `json:"cutoff"` // nothing in it changed after this moment
	// Previous is the archive that was made before it, nil for the first.
	Previous *Link  `json:"previous,omitempty"`
	Files    []File `json:"files"`
	Content
}

// Link names an archive by its id and the SHA-256 of its manifest.
type Link struct {
	ID       string `json:"id"`
	Manifest string `json:"manifest_sha256"`
}

// File is one file of an archive.
type File struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	Lines  int64  `json:"lines"`
	SHA256 string `json:"sha256"`
}

// Content is what the lines of an archive come to.
type Content struct {
	Orders int64            `json:"orders"`
	Rows   map[string]int64 `json:"rows"`            // by table
	First  *Edge            `json:"first,omitempty"` // of the orders, by time of creation
	Last   *Edge            `json:"last,omitempty"`
	Sums   []Sum            `json:"sums"`
	Seals  *Span            `json:"seals,omitempty"`
}

// Edge is the first or the last order.
type Edge struct {
	PaymentID string `json:"payment_id"`
	CreatedAt int64  `json:"created_at"` // milliseconds since 1970
}

// Sum is what the ledger entries of an archive come to for one account of a merchant.
type Sum struct {
	MerchantID string `json:"merchant_id"`
	Currency   string `json:"currency"`
	Account    string `json:"account"`
	Owner      string `json:"owner"`
	AmountFen  int64  `json:"amount_fen"`
	Entries    int64  `json:"entries"`
}

// Span is a piece of the audit chain: it follows the seal of hash PrevHash, and Head is the hash of
// its last seal, which the database keeps.
type Span struct {
	First    int64  `json:"first"`
	Last     int64  `json:"last"`
	Rows     int64  `json:"rows"`
	PrevHash string `json:"prev_hash"`
	Head     string `json:"head"`
}

// file returns what a manifest says of a file; nil if it has none of the name.
func (m *Manifest) file(name string) *File {
	for i := range m.Files {
		if m.Files[i].Name == name {
			return &m.Files[i]
		}
	}
	return nil
}

// render writes a manifest as its file has it.
func (m *Manifest) render() ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(m)
	return out.Bytes(), err
}

// maxManifest bounds what is read as a manifest.
const maxManifest = 16 << 20

// open opens a file of an archive. What is no file, a pipe above all, would be waited for.
func open(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", name)
	}
	if err != nil {
		return nil, err
	}
	return os.Open(name)
}

// readManifest reads the manifest of a folder, and its SHA-256.
//
// Errors: CodeInvalid.
func readManifest(folder string) (m Manifest, print string, err error) {
	name := filepath.Join(folder, ManifestFile)
	file, err := open(name)
	if err != nil {
		return m, "", core.Errorf(core.CodeInvalid, "%v", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, maxManifest+1))
	if err == nil && len(text) > maxManifest {
		err = fmt.Errorf("is longer than %d bytes", maxManifest)
	}
	if err == nil {
		err = json.Unmarshal(text, &m)
	}
	switch {
	case err != nil:
		return m, "", core.Errorf(core.CodeInvalid, "%s cannot be read: %v", name, err)
	case m.Format != format:
		return m, "", core.Errorf(core.CodeInvalid, "%s is of the format %q, this program knows %q", name, m.Format, format)
	}
	return m, Print(text), nil
}
