package alipay

import (
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

func complaintForm() form {
	return form{
		"app_id": testAppID, "notify_id": "n1", "utc_timestamp": "1795000000000", "msg_method": MessageComplaintChanged, "msg_type": "sys",
		"version": "1.1", "biz_content": `{"complain_event_id":"C1"}`, "sign_type": "RSA2", "charset": "UTF-8",
	}
}

func receiveMessage(app *App, body string) (*GatewayMessage, error) {
	unverified, err := ParseNotification([]byte(body), formType)
	if err != nil {
		return nil, err
	}
	return app.VerifyGatewayMessage(unverified)
}

// Messages of the application gateway verify with sign_type or without it;
// trade notifications never verify with it.
func TestVerifyGatewayMessage(t *testing.T) {
	app := newTestApp(t, nil)
	for _, rule := range []signRule{{}, {dropSignType: true}} {
		message, err := receiveMessage(app, complaintForm().signed(t, gatewayKey(t), rule).encode())
		if err != nil {
			t.Fatal(err)
		}
		var content ComplaintChanged
		if err := message.Decode(&content); err != nil || content.ComplainEventID != "C1" || message.KeyVersion != "v1" || message.SentAt.UnixMilli() != 1795000000000 {
			t.Fatalf("%+v %+v", message, content)
		}
	}
	_, err := receive(app, paidForm().signed(t, gatewayKey(t), signRule{}).encode())
	wantRefusal(t, err, ErrSignatureMismatch)
	for name, c := range map[string]struct {
		body string
		want Refusal
	}{
		"changed":      {complaintForm().signed(t, gatewayKey(t), signRule{}).with("biz_content", `{"complain_event_id":"C2"}`).encode(), ErrSignatureMismatch},
		"C04":          {complaintForm().signed(t, gatewayKey(t), signRule{}).with("sign_type", "RSA").encode(), ErrSignTypeMismatch},
		"C05":          {complaintForm().with("app_id", "2021000000000002").signed(t, gatewayKey(t), signRule{}).encode(), ErrAppMismatch},
		"a payment":    {paidForm().signed(t, gatewayKey(t), notifyRule()).encode(), ErrFieldMissing},
		"without sign": {complaintForm().encode(), ErrSignatureMissing},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := receiveMessage(app, c.body)
			wantRefusal(t, err, c.want)
		})
	}
	odd, err := receiveMessage(app, complaintForm().with("biz_content", "hello").signed(t, gatewayKey(t), signRule{}).encode())
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, odd.Decode(&ComplaintChanged{}), ErrMalformedResponse)
}

func TestVerifyGatewayMessage_encrypted(t *testing.T) {
	app := newTestApp(t, func(c *AppConfig) { c.Keys[0].AESKey = vectorAESKey })
	content := aesCipher(t, vectorAESKey).encrypt([]byte(`{"out_request_no":"R1","dback_status":"S","dback_amount":"1.00"}`))
	encrypted := complaintForm().with("msg_method", MessageDepositBack).with("biz_content", content).with("encrypt_type", "AES")
	message, err := receiveMessage(app, encrypted.signed(t, gatewayKey(t), signRule{}).encode())
	if err != nil {
		t.Fatal(err)
	}
	var back DepositBackCompleted
	if err := message.Decode(&back); err != nil || back.Amount != 100 || back.Status != "S" {
		t.Fatalf("%+v", back)
	}
	_, err = receiveMessage(newTestApp(t, nil), encrypted.signed(t, gatewayKey(t), signRule{}).encode())
	wantRefusal(t, err, ErrDecryptionFailed)
	_, err = receiveMessage(app, encrypted.with("biz_content", "AAAA").signed(t, gatewayKey(t), signRule{}).encode())
	wantRefusal(t, err, ErrDecryptionFailed)
}

func TestVerifyRiskPush(t *testing.T) {
	app := newTestApp(t, nil)
	description, err := simplifiedchinese.GBK.NewEncoder().String("疑似欺诈")
	if err != nil {
		t.Fatal(err)
	}
	push := form{
		"service": RiskServicePush, "pid": testSellerID, "smid": "2088000000000009", "tradeNos": "2026,2027", "risktype": "fraud",
		"risklevel": "high", "riskDesc": description, "sign_type": "RSA2", "externalId": "E1",
	}
	const media = "application/x-www-form-urlencoded; charset=gbk"
	got, err := app.VerifyRiskPush([]byte(push.signed(t, gatewayKey(t), notifyRule()).encode()), media)
	if err != nil || got.Description != "疑似欺诈" || len(got.TradeNos) != 2 || got.MerchantID != "2088000000000009" || got.KeyVersion != "v1" {
		t.Fatalf("%+v, %v", got, err)
	}
	good := push.signed(t, gatewayKey(t), notifyRule())
	for name, c := range map[string]struct {
		body, media string
		want        Refusal
	}{
		"C03 changed":   {good.with("risklevel", "low").encode(), media, ErrSignatureMismatch},
		"C07 other PID": {push.with("pid", "2088000000000002").signed(t, gatewayKey(t), notifyRule()).encode(), media, ErrAppMismatch},
		"C04":           {good.with("sign_type", "MD5").encode(), media, ErrSignTypeMismatch},
		"C01":           {push.encode(), media, ErrSignatureMissing},
		"C20":           {good.encode() + "&pid=1", media, ErrDuplicateField},
		"other service": {good.with("service", "x").encode(), media, ErrFieldMissing},
		"C02 large":     {strings.Repeat("a", MaxNotification+1), media, ErrBodyTooLarge},
		"C21":           {good.without("smid").with("sign_type", "RSA2").with("service", RiskServicePush).with("risktype", "fraud").with("riskDesc", description+"&riskEvil=1").encode(), media, ErrAmbiguousForm},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := app.VerifyRiskPush([]byte(c.body), c.media)
			wantRefusal(t, err, c.want)
		})
	}
}
