package web_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// registerTexts lets the validator read the content types that are only text to it.
func registerTexts() {
	text := func(body io.Reader, _ http.Header, _ *openapi3.SchemaRef, _ openapi3filter.EncodingFn) (any, error) {
		b, err := io.ReadAll(body)
		return string(b), err
	}
	for _, contentType := range []string{"text/html", "text/css", "text/javascript", "application/yaml"} {
		openapi3filter.RegisterBodyDecoder(contentType, text)
	}
}

func readCloser(answer *httptest.ResponseRecorder) io.ReadCloser {
	return io.NopCloser(bytes.NewReader(answer.Body.Bytes()))
}

func sorted(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

func quoteAny(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
