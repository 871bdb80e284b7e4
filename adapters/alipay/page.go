package alipay

import (
	"html"
	"strings"
)

// PageForm is a signed form the buyer's browser posts to the gateway. Action
// holds the public parameters and the signature; every field is a hidden input.
type PageForm struct {
	Action string
	Fields []FormField
}

// FormField is one hidden input.
type FormField struct{ Name, Value string }

// HTML writes the form with a script that submits it at once and a button for
// browsers without scripts. Everything is escaped as HTML attributes want it,
// "&" included: a browser gives back the identical bytes, while a half-escaped
// subject such as "&copy;" would come back changed and break the signature.
func (f PageForm) HTML() string {
	var page strings.Builder
	page.WriteString(`<form id="alipay_submit" name="alipay_submit" method="post" accept-charset="utf-8" action="`)
	page.WriteString(html.EscapeString(f.Action))
	page.WriteString(`">`)
	for _, input := range f.Fields {
		page.WriteString(`<input type="hidden" name="` + html.EscapeString(input.Name) +
			`" value="` + html.EscapeString(input.Value) + `">`)
	}
	page.WriteString(`<button type="submit">前往支付宝 Continue to Alipay</button></form>`)
	page.WriteString(`<script>document.getElementById("alipay_submit").submit()</script>`)
	return page.String()
}

// PageURL signs a page API into an address. No call is made.
func (a *App) PageURL(call Call) (string, error) {
	signed, err := a.signCall(call)
	if err != nil {
		return "", err
	}
	address := make([]byte, 0, len(a.gateway)+3*(canonicalSize(signed.query)+canonicalSize(signed.body)))
	address = append(append(address, a.gateway...), '?')
	address = appendQuery(address, signed.query)
	address = append(address, '&')
	return string(appendQuery(address, signed.body)), nil
}

// PageForm signs a page API into a form. No call is made.
func (a *App) PageForm(call Call) (PageForm, error) {
	signed, err := a.signCall(call)
	if err != nil {
		return PageForm{}, err
	}
	form := PageForm{Action: string(appendQuery(append([]byte(a.gateway), '?'), signed.query))}
	for _, f := range signed.body {
		form.Fields = append(form.Fields, FormField{f.name, f.value})
	}
	return form, nil
}

// OrderString signs an app API into the text the Alipay SDK or my.tradePay's
// orderStr takes unchanged. No call is made.
func (a *App) OrderString(call Call) (string, error) {
	signed, err := a.signCall(call)
	if err != nil {
		return "", err
	}
	text := appendQuery(nil, signed.query)
	return string(appendQuery(append(text, '&'), signed.body)), nil
}
