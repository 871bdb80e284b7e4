package alipaysim

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxBody bounds a request; the largest legal one is an uploaded picture.
const maxBody = 4 << 20

// request is what arrived, URL-decoded once and otherwise untouched: bytes in
// the charset that the sender chose.
type request struct {
	params   map[string]string
	repeated string // a name that came more than once, if any
}

// readRequest merges query and body. The same parameter with the same value in
// both is normal: SDKs put charset into the address of a form that carries it
// too. With different values, or twice in one of them, a name is refused.
func readRequest(r *http.Request) (*request, error) {
	req := &request{params: map[string]string{}}
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, err
	}
	req.merge(query)
	if r.Method != http.MethodPost {
		return req, nil
	}
	media, attributes, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		media = "application/x-www-form-urlencoded"
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(body) > maxBody {
		return nil, errors.New("body too long")
	}
	var form url.Values
	if media == "multipart/form-data" {
		form, err = readMultipart(string(body), attributes["boundary"])
	} else {
		form, err = url.ParseQuery(strings.TrimSpace(string(body)))
	}
	if err != nil {
		return nil, err
	}
	req.merge(form)
	return req, nil
}

func (r *request) merge(values url.Values) {
	for name, list := range values {
		before, known := r.params[name]
		if len(list) > 1 || (known && before != list[0]) {
			r.repeated = name
		}
		if !known {
			r.params[name] = list[0]
		}
	}
}

// readMultipart keeps the text parts; files do not take part in signatures.
func readMultipart(body, boundary string) (url.Values, error) {
	reader := multipart.NewReader(strings.NewReader(body), boundary)
	form := url.Values{}
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return nil, err
		}
		if part.FileName() != "" {
			continue
		}
		text, err := io.ReadAll(part)
		if err != nil {
			return nil, err
		}
		form.Add(part.FormName(), string(text))
	}
}

// charsetOf is the codec of a charset parameter; nil is UTF-8, false is unknown.
func charsetOf(name string) (encoding.Encoding, bool) {
	switch strings.ToLower(name) {
	case "utf-8", "utf8":
		return nil, true
	case "gbk", "gb2312", "gb18030":
		return simplifiedchinese.GB18030, true
	default:
		return nil, false
	}
}

// toUTF8 decodes text from a charset; what does not decode stays as it is.
func toUTF8(charset, text string) string {
	codec, _ := charsetOf(charset)
	if codec == nil {
		return text
	}
	decoded, err := codec.NewDecoder().String(text)
	if err != nil {
		return text
	}
	return decoded
}

// fromUTF8 encodes text into a charset.
func fromUTF8(charset, text string) string {
	codec, _ := charsetOf(charset)
	if codec == nil {
		return text
	}
	encoded, err := encoding.ReplaceUnsupported(codec.NewEncoder()).String(text)
	if err != nil {
		return text
	}
	return encoded
}
