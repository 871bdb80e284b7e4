package alipay

import (
	"strings"
	"testing"
)

// returnForm is what the browser brings to return_url, without its signature.
func returnForm() form {
	return form{
		"app_id": testAppID, "auth_app_id": testAppID, "charset": "utf-8", "method": "alipay.trade.wap.pay.return",
		"out_trade_no": "T1", "trade_no": "2026", "total_amount": "88.88", "seller_id": testSellerID,
		"timestamp": "2026-11-22 20:00:06", "version": "1.0", "sign_type": "RSA2",
	}
}

func TestVerifyReturn(t *testing.T) {
	app := newTestApp(t, nil)
	back := returnForm().signed(t, gatewayKey(t), notifyRule())
	got, err := app.VerifyReturn(back.with("o", "1").encode(), "o")
	if err != nil || got.OutTradeNo != "T1" || got.TotalText != "88.88" || got.KeyVersion != "v1" || got.TradeNo != "2026" {
		t.Fatalf("%+v, %v", got, err)
	}
	_, err = app.VerifyReturn(back.with("o", "1").encode())
	wantRefusal(t, err, ErrSignatureMismatch)
	_, err = app.VerifyReturn(back.with("total_amount", "1.00").encode())
	wantRefusal(t, err, ErrSignatureMismatch)
	_, err = app.VerifyReturn(back.without("out_trade_no").encode())
	wantRefusal(t, err, ErrFieldMissing)
	_, err = app.VerifyReturn(back.without("sign").encode())
	wantRefusal(t, err, ErrSignatureMissing)
	_, err = app.VerifyReturn("a=" + strings.Repeat("b", MaxNotification))
	wantRefusal(t, err, ErrBodyTooLarge)
	_, err = app.VerifyReturn("%")
	wantRefusal(t, err, ErrMalformedForm)
}

// C50: a return is verified by the switches of its account, as notifications
// are, and by no others: the rule is never guessed.
func TestC50_returnFollowsTheAccountsSwitches(t *testing.T) {
	odd := returnForm().with("alipay_cert_sn", "0123456789abcdef0123456789abcdef").with("body", "")
	for name, c := range map[string]struct {
		signed signRule
		change func(*AppConfig)
	}{
		"all fields":        {notifyRule(), func(*AppConfig) {}},
		"no empty field":    {signRule{dropSignType: true, dropEmpty: true}, func(c *AppConfig) { c.DropEmptyInNotify = true }},
		"no serial number":  {signRule{dropSignType: true, dropCertSN: true}, func(c *AppConfig) { c.DropCertSNInNotify = true }},
		"neither of either": {signRule{dropSignType: true, dropEmpty: true, dropCertSN: true}, func(c *AppConfig) { c.DropEmptyInNotify, c.DropCertSNInNotify = true, true }},
	} {
		query := odd.signed(t, gatewayKey(t), c.signed).encode()
		for other, d := range map[string]func(*AppConfig){"as configured": c.change, "by default": nil} {
			_, err := newTestApp(t, d).VerifyReturn(query)
			if matches := other == "as configured" || name == "all fields"; matches != (err == nil) {
				t.Errorf("signed with %s, read %s: %v", name, other, err)
			}
			if err != nil && RefusalCode(err) != string(ErrSignatureMismatch) {
				t.Errorf("signed with %s, read %s: %v", name, other, err)
			}
		}
	}
}

// C50: so is a message of the application gateway, with sign_type signed or not.
func TestC50_gatewayMessageFollowsTheAccountsSwitches(t *testing.T) {
	message := form{
		"app_id": testAppID, "charset": "UTF-8", "version": "1.1", "sign_type": "RSA2", "msg_method": MessageComplaintChanged,
		"notify_id": "2026112200222200005000000000000001", "biz_content": `{"complain_event_id":"1"}`, "note": "",
	}
	for _, signed := range []signRule{{}, {dropSignType: true}, {dropEmpty: true}, {dropSignType: true, dropEmpty: true}} {
		u, err := ParseNotification([]byte(message.signed(t, gatewayKey(t), signed).encode()), formType)
		if err != nil {
			t.Fatal(err)
		}
		for _, drop := range []bool{false, true} {
			_, err := newTestApp(t, func(c *AppConfig) { c.DropEmptyInNotify = drop }).VerifyGatewayMessage(u)
			if (err == nil) != (drop == signed.dropEmpty) {
				t.Errorf("signed by %+v, switch %v: %v", signed, drop, err)
			}
		}
	}
}
