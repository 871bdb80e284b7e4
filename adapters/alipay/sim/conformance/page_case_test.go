//go:build conformance

package conformance

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/paymux/paymux/adapters/alipay"
)

const (
	returnURL = "https://shop.example.com/return?o=1"
	quitURL   = "https://shop.example.com/quit"
)

// pageCase has both parties make the same page or order string; both lead to
// the same cashier, and what comes back to return_url verifies with both.
func pageCase(b *bench, d *draw) error {
	mode := d.one("key", "cert")
	product := d.one(alipay.MethodWapPay, alipay.MethodPagePay, alipay.MethodAppPay)
	fen, expires := d.fen(), d.until(b.sim.Clock().Now())
	number, subject := d.id("W"), d.label(120)
	biz := fields{"out_trade_no": number, "total_amount": alipay.FenToYuan(fen), "subject": subject, "time_expire": expires}
	at, err := alipay.ParseTime(expires)
	if err != nil {
		return err
	}
	var ours, theirs string
	switch product {
	case alipay.MethodWapPay:
		biz["product_code"], biz["quit_url"] = "QUICK_WAP_WAY", quitURL
		request := alipay.WapPayRequest{OutTradeNo: number, TotalAmount: alipay.Amount(fen), Subject: subject, TimeExpire: alipay.At(at),
			QuitURL: quitURL, NotifyURL: notifyURL, ReturnURL: returnURL}
		if d.chance(50) {
			request.GoodsType, biz["goods_type"] = "1", "1"
		}
		ours, err = b.ourPage(d, mode, func(app *alipay.App) (string, error) { return app.WapPayURL(request) },
			func(app *alipay.App) (alipay.PageForm, error) { return app.WapPayForm(request) })
	case alipay.MethodPagePay:
		biz["product_code"] = "FAST_INSTANT_TRADE_PAY"
		request := alipay.PagePayRequest{OutTradeNo: number, TotalAmount: alipay.Amount(fen), Subject: subject, TimeExpire: alipay.At(at),
			NotifyURL: notifyURL, ReturnURL: returnURL}
		ours, err = b.ourPage(d, mode, func(app *alipay.App) (string, error) { return app.PagePayURL(request) },
			func(app *alipay.App) (alipay.PageForm, error) { return app.PagePayForm(request) })
	default:
		biz["product_code"] = "QUICK_MSECURITY_PAY"
		request := alipay.AppPayRequest{OutTradeNo: number, TotalAmount: alipay.Amount(fen), Subject: subject, TimeExpire: alipay.At(at), NotifyURL: notifyURL}
		var text string
		if text, err = b.clients[mode].AppPayOrderString(request); err == nil {
			ours, err = open(b.url + "/gateway.do?" + text)
		}
	}
	if err != nil {
		return fmt.Errorf("%w: our page: %w", errDisagree, err)
	}
	if theirs, err = b.theirPage(d, mode, product, biz, subject); err != nil {
		return fmt.Errorf("%w: the SDK's page: %w", errDisagree, err)
	}
	if theirs != "" {
		// Addresses differ when a party sends no return_url, and so may the desk; the trade is one.
		if err := press(theirs, "cancel"); err != nil {
			return err
		}
	}
	paid, err := b.control("POST", "/sim/pay", fields{"url": ours})
	if err != nil {
		return err
	}
	if back := text(paid["return_url"]); back != "" {
		return b.returned(mode, back, number, fen)
	}
	return same("return_url", product, alipay.MethodAppPay)
}

// ourPage opens our client's page by GET or as a form.
func (b *bench) ourPage(d *draw, mode string, address func(*alipay.App) (string, error), form func(*alipay.App) (alipay.PageForm, error)) (string, error) {
	if d.chance(50) {
		target, err := address(b.clients[mode])
		if err != nil {
			return "", err
		}
		return open(target)
	}
	page, err := form(b.clients[mode])
	if err != nil {
		return "", err
	}
	return submit(page.HTML())
}

// theirPage opens the SDK's page. Its form is known to escape quotes only, so
// subjects that a browser would change are not tried by POST.
func (b *bench) theirPage(d *draw, mode, product string, biz fields, subject string) (string, error) {
	if product == alipay.MethodAppPay {
		text, err := b.judge.text(mode, "order", fields{"method": product, "params": params(biz, "notifyUrl", notifyURL)})
		if err != nil {
			return "", err
		}
		return open(b.url + "/gateway.do?" + text)
	}
	request := fields{"method": product, "http": "GET", "params": params(biz, "notifyUrl", notifyURL, "returnUrl", returnURL)}
	if d.chance(50) || strings.ContainsAny(subject, "&<") {
		address, err := b.judge.text(mode, "page", request)
		if err != nil {
			return "", err
		}
		return open(address)
	}
	request["http"] = "POST"
	page, err := b.judge.text(mode, "page", request)
	if err != nil {
		return "", err
	}
	return submit(page)
}

// returned verifies the visit to return_url with both parties. The merchant's
// own parameter is not signed.
func (b *bench) returned(mode, back, number string, fen int64) error {
	u, err := url.Parse(back)
	if err != nil {
		return err
	}
	ours, err := b.clients[mode].VerifyReturn(u.RawQuery, "o")
	if err != nil {
		return fmt.Errorf("%w: our client refuses the return: %w", errDisagree, err)
	}
	form := map[string]string{}
	for name := range u.Query() {
		if name != "o" {
			form[name] = u.Query().Get(name)
		}
	}
	err = errors.Join(same("return number", ours.OutTradeNo, number), same("return amount", ours.TotalText, alipay.FenToYuan(fen)))
	if mode == "key" && !b.judge.genuine(form) {
		err = errors.Join(err, fmt.Errorf("%w: the SDK refuses the return", errDisagree))
	}
	form["total_amount"] = "0.01" + form["total_amount"]
	if mode == "key" && b.judge.genuine(form) {
		err = errors.Join(err, fmt.Errorf("%w: the SDK accepts an altered return", errDisagree))
	}
	return err
}

// open visits an address and gives the cashier page it leads to.
func open(address string) (string, error) {
	response, err := web().Get(address)
	if err != nil {
		return "", err
	}
	return landed(response)
}

func landed(response *http.Response) (string, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if page := response.Request.URL.String(); strings.Contains(page, "/cashier/") {
		return page, nil
	}
	return "", fmt.Errorf("the gateway answered %.400q", body)
}

// submit does what a browser does with a form: it decodes the attributes once.
func submit(page string) (string, error) {
	action := regexp.MustCompile(`action="([^"]*)"`).FindStringSubmatch(page)
	if action == nil {
		return "", fmt.Errorf("no form in %.200q", page)
	}
	form := url.Values{}
	for _, input := range regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		form.Set(input[1], html.UnescapeString(input[2]))
	}
	// An action address is read by browsers as an attribute, where an unescaped
	// `&times` before `=` or a letter is left alone; url.Parse sees the same.
	target := strings.ReplaceAll(action[1], "&amp;", "&")
	response, err := web().PostForm(target, form)
	if err != nil {
		return "", err
	}
	return landed(response)
}

// press presses a button on a cashier page.
func press(page, button string) error {
	response, err := web().PostForm(page, url.Values{"action": {button}})
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || strings.Contains(string(body), `data-outcome="failed"`)) {
		err = fmt.Errorf("%s: %.300q", button, body)
	}
	return err
}

func fetch(address string) ([]byte, error) {
	response, err := web().Get(address)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}
