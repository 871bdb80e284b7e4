package tinygate

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/paymux/paymux/core/channeltest"
)

// Forges lists the kinds of forgery that this protocol can have: all of them.
func Forges() []channeltest.Kind {
	return []channeltest.Kind{
		channeltest.Unsigned, channeltest.AlteredField, channeltest.AlteredHeader, channeltest.ForeignKey,
		channeltest.ForeignAccount, channeltest.Replay, channeltest.Malformed,
	}
}

// forge collects what is made of one true message.
type forge struct {
	true channeltest.Delivery
	made []channeltest.Forgery
}

// altered makes a forgery of a copy.
func (f *forge) altered(kind channeltest.Kind, name string, change func(*channeltest.Delivery)) {
	d := f.true
	d.Header, d.Body = http.Header(d.Header).Clone(), bytes.Clone(d.Body)
	change(&d)
	f.add(kind, name, d)
}

func (f *forge) header(kind channeltest.Kind, what, name string, values ...string) {
	f.altered(kind, name+" "+what, func(d *channeltest.Delivery) {
		if d.Header[name] = values; len(values) == 0 {
			delete(d.Header, name)
		}
	})
}

func (f *forge) add(kind channeltest.Kind, name string, d channeltest.Delivery) {
	f.made = append(f.made, channeltest.Forgery{Kind: kind, Variant: channeltest.Variant{Name: name, Delivery: d}})
}

// Forgeries makes of the newest message about a trade what a stranger could try.
func (g *Gate) Forgeries(outTradeNo string) ([]channeltest.Forgery, error) {
	d, err := g.Message(outTradeNo)
	if err != nil {
		return nil, err
	}
	f := &forge{true: d}
	now, by := g.Now(), g.signer()
	f.headers()
	if err := f.fields(); err != nil {
		return nil, err
	}
	f.malformed(by, now)

	stranger, neighbour := by, by
	stranger.key = key("stranger")
	f.add(channeltest.ForeignKey, "signed by a stranger", signed(stranger, d.Body, now))
	stranger.key = key("shop") // what the merchant signs with itself
	f.add(channeltest.ForeignKey, "signed by the merchant", signed(stranger, d.Body, now))
	neighbour.merchant = "neighbour"
	f.add(channeltest.ForeignAccount, "of another merchant", signed(neighbour, d.Body, now))
	f.add(channeltest.Replay, "too old", signed(by, d.Body, now.Add(-freshness-time.Second)))
	f.add(channeltest.Replay, "a day old", signed(by, d.Body, now.Add(-24*time.Hour)))
	f.add(channeltest.Replay, "kept for later", signed(by, d.Body, now.Add(freshness+time.Second)))
	return f.made, nil
}

// headers alters each header that is signed, or that says by what, and none else.
func (f *forge) headers() {
	for _, name := range []string{headerMerchant, headerKey, headerTime, headerSignature} {
		was := f.true.Header[name][0]
		f.header(channeltest.Unsigned, "dropped", name)
		f.header(channeltest.Unsigned, "emptied", name, "")
		f.header(channeltest.AlteredHeader, "doubled", name, was, was)
		f.header(channeltest.AlteredHeader, "followed by another", name, was, "x")
		f.header(channeltest.AlteredHeader, "longer", name, was+"0")
	}
	signature := f.true.Header[headerSignature][0]
	raw, _ := base64.StdEncoding.DecodeString(signature) // it is ours
	raw[0] ^= 1
	f.header(channeltest.AlteredHeader, "changed", headerSignature, base64.StdEncoding.EncodeToString(raw))
	f.header(channeltest.Unsigned, "no base64", headerSignature, "?"+signature[1:])
	f.header(channeltest.Unsigned, "short", headerSignature, base64.StdEncoding.EncodeToString(raw[1:]))
	at := f.true.Header[headerTime][0]
	f.header(channeltest.AlteredHeader, "changed by seconds", headerTime, at[:len(at)-1]+string('0'+(at[len(at)-1]-'0'+1)%10))
}

// fields alters what the body says, member by member, and its bytes where that says the same.
func (f *forge) fields() error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(f.true.Body, &members); err != nil {
		return err
	}
	replace := func(what, name, with string) {
		pair := `"` + name + `":` + string(members[name])
		f.altered(channeltest.AlteredField, name+" "+what, func(d *channeltest.Delivery) {
			d.Body = []byte(strings.Replace(string(d.Body), pair, with, 1))
		})
	}
	for name, value := range members {
		pair := `"` + name + `":` + string(value)
		changed := pair + "0" // a number
		if value[0] == '"' {
			changed = pair[:len(pair)-1] + `0"`
		}
		replace("changed", name, changed)
		replace("renamed", name, `"x`+pair[1:])
		replace("doubled", name, pair+","+pair)
	}
	f.altered(channeltest.AlteredField, "a member added", func(d *channeltest.Delivery) {
		d.Body = append([]byte(`{"surprise":1,`), d.Body[1:]...)
	})
	f.altered(channeltest.AlteredField, "a space before", func(d *channeltest.Delivery) { d.Body = append([]byte(" "), d.Body...) })
	f.altered(channeltest.AlteredField, "a line after", func(d *channeltest.Delivery) { d.Body = append(d.Body, '\n') })
	return nil
}

// malformed are no messages, though the gateway itself may have signed them.
func (f *forge) malformed(by signer, now time.Time) {
	f.altered(channeltest.Malformed, "GET", func(d *channeltest.Delivery) { d.Method = http.MethodGet })
	f.altered(channeltest.Malformed, "a query", func(d *channeltest.Delivery) { d.Query = "a=b" })
	for name, body := range map[string][]byte{
		"empty": nil, "a form": []byte("a=b"), "a list": []byte("[]"), "an object of nothing": []byte("{}"), "noise": {0xff, 0x00},
		"huge": append(bytes.Repeat([]byte(" "), MaxBody), f.true.Body...), "cut": f.true.Body[:len(f.true.Body)/2],
	} {
		f.add(channeltest.Malformed, name, signed(by, body, now))
	}
}

// Harmless changes what no signature speaks of.
func (g *Gate) Harmless(outTradeNo string) ([]channeltest.Variant, error) {
	d, err := g.Message(outTradeNo)
	if err != nil {
		return nil, err
	}
	f := &forge{true: d}
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", ";;=", ""} {
		f.header("", contentType, "Content-Type", contentType)
	}
	f.header("", "dropped", "Content-Type")
	f.header("", "added", "X-Forwarded-For", "203.0.113.7", "203.0.113.8")
	f.header("", "added", "Authorization", "Basic eDp5")
	var all []channeltest.Variant
	for _, made := range f.made {
		all = append(all, made.Variant)
	}
	return all, nil
}
