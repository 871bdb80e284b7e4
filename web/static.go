package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"

	"github.com/paymux/paymux/core"
)

//go:embed static
var staticDir embed.FS

// staticFile is one file that browsers may keep for good: its address carries a part of its hash.
type staticFile struct {
	contentType string
	version     string
	body        []byte
}

// staticFiles is a closed list: what is not in it cannot be asked for, so there is no path to
// traverse and no directory to list (W14, W19).
type staticFiles map[string]staticFile

func loadStatic() staticFiles {
	types := map[string]string{
		".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
	}
	files := staticFiles{}
	entries, err := staticDir.ReadDir("static")
	if err != nil {
		return files // the directory is part of the binary
	}
	for _, entry := range entries {
		body, err := staticDir.ReadFile("static/" + entry.Name())
		if err != nil {
			continue
		}
		sum := sha256.Sum256(body)
		files[entry.Name()] = staticFile{types[path.Ext(entry.Name())], hex.EncodeToString(sum[:6]), body}
	}
	return files
}

// address returns where a page loads the file from.
func (f staticFiles) address(name string) string { return "/static/" + name + "?v=" + f[name].version }

func (s *Server) static(c *call) error {
	file, ok := s.files[c.Param("file")]
	if !ok {
		return core.Errorf(core.CodeNotFound, "no such file")
	}
	caching := "no-cache"
	if c.Request().URL.RawQuery == "v="+file.version {
		caching = "public, max-age=31536000, immutable"
	}
	c.Response().Header().Set("Cache-Control", caching)
	s.write(c, http.StatusOK, file.contentType, file.body)
	return nil
}
