package command

import (
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/web/app"
)

// environment tells of what this process's surroundings do to calls.
func (d *doctor) environment() {
	for _, g := range d.config.Gateways {
		for _, name := range []string{"HTTPS_PROXY", "https_proxy"} {
			if lookup(d.streams.Environ, name) != "" && g.Proxy == "" {
				d.report.note("环境变量 "+name+" 不会被采用；需要代理请配置 gateways.proxy",
					name+" is set but never read; if a proxy is needed, set gateways.proxy")
				return
			}
		}
	}
}

// keys looks at every key version by itself and then at the account as a whole. It returns the app,
// or nil when there is none to be had.
func (d *doctor) keys(p patient) *alipay.App {
	before := d.report.found
	for _, key := range p.keys {
		sound := true
		if p.at().SignType == alipay.SignTypeRSA2 {
			for _, f := range alipay.DiagnoseKey(d.material(p, key)) {
				d.report.find(of(f))
				sound = false
			}
		}
		if sound && !key.NotAfter.IsZero() && !d.streams.Now().Before(key.NotAfter) {
			d.report.note(fmt.Sprintf("密钥 %s 已于 %s 停用，可以删除", key.Version, key.NotAfter.Format(time.DateOnly)),
				fmt.Sprintf("key %s ended on %s and can be removed", key.Version, key.NotAfter.Format(time.DateOnly)))
		}
	}
	ours, err := p.gateway.App(p.account, d.on)
	if err != nil {
		if d.report.found == before { // otherwise it is the same mistake again
			d.report.find(refused(err))
		}
		return nil
	}
	for _, c := range ours.Certificates() {
		if days := c.DueWithin(d.streams.Now()); days > 0 {
			d.report.find(finding{code: app.AlertCertificate, proven: true, detail: fmt.Sprintf("the %s certificate of key version %s ends at %s",
				c.Kind, c.Version, c.NotAfter.UTC().Format(time.RFC3339))})
		}
	}
	if d.report.found == before {
		d.report.fine(fmt.Sprintf("密钥可用，当前版本 %s", ours.KeyVersion()), "the keys can be used; "+ours.KeyVersion()+" signs")
	}
	return ours
}

func (d *doctor) material(p patient, key alipay.KeyConfig) alipay.Material {
	return alipay.Material{AppID: p.at().AppID, Key: key, Now: d.streams.Now()}
}

// of takes over a finding of the adapter.
func of(f alipay.Finding) finding {
	return finding{code: string(f.Cause), proven: f.Proven, detail: f.Detail, remedy: f.Remedy}
}

// refused is an error of the adapter as a finding.
func refused(err error) finding {
	code := alipay.RefusalCode(err)
	if code == "" {
		code = string(alipay.ErrConfig)
	}
	return finding{code: code, proven: true, detail: err.Error()}
}

// maxNotifyURL is the longest notify_url the gateway takes, in characters (its documentation of
// trade.create and trade.wap.pay).
const maxNotifyURL = 256

// address looks at the notification address as the gateway will see it (F06). Its shape was checked
// with the configuration.
func (d *doctor) address(p patient) {
	at, err := url.Parse(p.notifyURL)
	switch {
	case err != nil || len(p.notifyURL) > maxNotifyURL:
		d.report.find(finding{code: "notify_address", proven: true, detail: fmt.Sprintf("it has %d characters, at most %d are taken", len(p.notifyURL), maxNotifyURL)})
	case onThisHost(at) && !onThisHostText(p.gateway.URL):
		d.report.find(finding{code: "notify_address", proven: true, detail: p.notifyURL + " is this host to itself: the gateway cannot reach it"})
	}
}

func onThisHostText(address string) bool {
	u, err := url.Parse(address)
	return err == nil && onThisHost(u)
}

func onThisHost(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}
