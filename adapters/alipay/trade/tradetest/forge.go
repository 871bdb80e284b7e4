package tradetest

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core/channeltest"
)

// Forgeries are what Alipay's protocol, a form signed in one of its own fields, lets a stranger
// try. It signs no header and no time, and the same key signs for every account of an application:
// those kinds it cannot have.
func (b *Bench) Forgeries(outTradeNo string) ([]channeltest.Forgery, error) {
	message, err := b.Message(outTradeNo)
	if err != nil {
		return nil, err
	}
	foreign, err := b.foreign(message)
	if err != nil {
		return nil, err
	}
	all := append(alteredFields(message), malformed(message, outTradeNo)...)
	return append(all, forgery(channeltest.ForeignKey, "signed by a stranger", foreign)), nil // C05
}

// Harmless is the message under other content types: what a header claims refuses nothing (C40).
func (b *Bench) Harmless(outTradeNo string) ([]channeltest.Variant, error) {
	message, err := b.Message(outTradeNo)
	if err != nil {
		return nil, err
	}
	var all []channeltest.Variant
	for _, contentType := range []string{"", "text/html", formType + "; text/html; charset=utf-8", "multipart/form-data", ";;=,"} {
		d := message
		d.Header = http.Header{"Content-Type": {contentType}}
		all = append(all, channeltest.Variant{Name: "content type " + contentType, Delivery: d})
	}
	d := message
	d.Header = nil
	return append(all, channeltest.Variant{Name: "no header at all", Delivery: d}), nil
}

func forgery(kind channeltest.Kind, name string, d channeltest.Delivery) channeltest.Forgery {
	return channeltest.Forgery{Kind: kind, Variant: channeltest.Variant{Name: name, Delivery: d}}
}

// alteredFields changes one byte of any field (C03), takes one away, doubles it (C20), or adds one
// (C24).
func alteredFields(message channeltest.Delivery) []channeltest.Forgery {
	var all []channeltest.Forgery
	fields := strings.Split(string(message.Body), "&")
	add := func(kind channeltest.Kind, name string, changed []string) {
		d := message
		d.Body = []byte(strings.Join(changed, "&"))
		all = append(all, forgery(kind, name, d))
	}
	for i, pair := range fields {
		name, _, _ := strings.Cut(pair, "=")
		missing := channeltest.AlteredField
		if name == "sign" {
			missing = channeltest.Unsigned // C01
		}
		add(channeltest.AlteredField, name+" changed", replaced(fields, i, flipped(pair)))
		add(missing, name+" emptied", replaced(fields, i, name+"="))
		add(missing, name+" dropped", append(append([]string{}, fields[:i]...), fields[i+1:]...))
		add(channeltest.AlteredField, name+" doubled", append(append([]string{}, fields...), pair))
		add(channeltest.AlteredField, name+" second", append(append([]string{}, fields...), name+"=0"))
	}
	add(channeltest.AlteredField, "added", append(append([]string{}, fields...), "surprise=1"))
	add(channeltest.AlteredField, "added empty", append(append([]string{}, fields...), "surprise="))
	return all
}

func replaced(fields []string, i int, pair string) []string {
	out := append([]string{}, fields...)
	out[i] = pair
	return out
}

// flipped changes the last character of a decoded value.
func flipped(pair string) string {
	name, raw, _ := strings.Cut(pair, "=")
	value, err := url.QueryUnescape(raw)
	if err != nil || value == "" {
		return name + "=x"
	}
	last := "0"
	if strings.HasSuffix(value, "0") {
		last = "1"
	}
	return name + "=" + url.QueryEscape(value[:len(value)-1]+last)
}

// malformed are no messages of Alipay's, to be refused before anything is looked up: by method, by
// query, by shape, by size.
func malformed(message channeltest.Delivery, outTradeNo string) []channeltest.Forgery {
	var all []channeltest.Forgery
	change := func(kind channeltest.Kind, name string, do func(*channeltest.Delivery)) {
		d := message
		d.Body = bytes.Clone(message.Body)
		do(&d)
		all = append(all, forgery(kind, name, d))
	}
	body := func(kind channeltest.Kind, name string, content []byte) {
		change(kind, name, func(d *channeltest.Delivery) { d.Body = content })
	}
	unsigned, text := channeltest.Unsigned, string(message.Body)
	malformed := channeltest.Malformed
	change(malformed, "GET", func(d *channeltest.Delivery) { d.Method = "GET" })  // C26
	change(malformed, "PUT", func(d *channeltest.Delivery) { d.Method = "PUT" })  // C26
	change(malformed, "query", func(d *channeltest.Delivery) { d.Query = "a=b" }) // C22
	change(malformed, "query as the body", func(d *channeltest.Delivery) { d.Query, d.Body = text, nil })
	change(malformed, "JSON", func(d *channeltest.Delivery) { // C26
		d.Header, d.Body = http.Header{"Content-Type": {"application/json"}}, []byte(`{"paid":true}`)
	})
	body(malformed, "XML", []byte("<a>"+text+"</a>"))                    // C26, C27
	body(malformed, "multipart", []byte("--x\r\n\r\n"+text))             // C26
	body(malformed, "noise", bytes.Repeat([]byte{0xff, 0x00}, 512))      // C25
	body(malformed, "huge", []byte(strings.Repeat("a=1&", 40_000)+text)) // C02
	body(unsigned, "empty", nil)                                         // C01
	body(unsigned, "no signature", []byte("paid="+outTradeNo))           // C01
	return all
}

// foreign signs a notification again, validly, by a key that is not Alipay's.
func (b *Bench) foreign(message channeltest.Delivery) (channeltest.Delivery, error) {
	form, err := url.ParseQuery(string(message.Body))
	if err != nil {
		return message, err
	}
	stranger, err := alipay.ParsePrivateKey(b.keys.AppPrivate)
	if err != nil {
		return message, err
	}
	err = signForm(stranger, form, "sign", "sign_type")
	message.Body = []byte(form.Encode())
	return message, err
}
