package command_test

import (
	"fmt"
	"testing"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/core"
)

// C53: bills, certificates and keys as people and the gateway have been seen to hand them over.
func TestC53_worldBills(t *testing.T) {
	for _, c := range worldCases(t, 10, "bill") {
		t.Run(c.ID, func(t *testing.T) {
			info, in, out, err := readWorldBill(c.body())
			if (err == nil) != (c.Expect.Accept == "accept") {
				t.Fatalf("%v, want %s", err, c.Expect.Accept)
			}
			if err != nil {
				return
			}
			if in != c.Expect.TotalFen || -out != c.Expect.Refunded {
				t.Errorf("%d fen in, %d out", in, out)
			}
			said := fmt.Sprintf("payments %d, refunds %d", info.Payments, info.Refunds)
			switch {
			case info.Rows == 0:
				said = "no rows"
			case info.Kind == alipay.BillFundDetail:
				said = fmt.Sprintf("incomes %d", info.Incomes)
			}
			if said != c.Expect.Text {
				t.Errorf("%s, want %s", said, c.Expect.Text)
			}
		})
	}
}

// readWorldBill reads the detail file of an archive: what it says of itself, and what its rows come
// to.
func readWorldBill(content []byte) (info alipay.BillInfo, in, out core.Fen, err error) {
	files, err := alipay.OpenBill(content)
	if err != nil {
		return info, 0, 0, err
	}
	for _, f := range files {
		got, err := f.Rows(func(row alipay.BillRow) error {
			column := alipay.ColumnReceipt
			if f.Kind == alipay.BillFundDetail {
				column = alipay.ColumnFundIncome
			}
			fen, err := row.Fen(column)
			switch {
			case f.Kind != alipay.BillTradeDetail && f.Kind != alipay.BillFundDetail:
			case fen < 0:
				out += core.Fen(fen)
			default:
				in += core.Fen(fen)
			}
			return err
		})
		if err != nil {
			return info, 0, 0, err
		}
		if f.Kind == alipay.BillTradeDetail || f.Kind == alipay.BillFundDetail {
			info = got
		}
	}
	return info, in, out, nil
}

func TestC53_worldCertificates(t *testing.T) {
	for _, c := range worldCases(t, 8, "certificate") {
		t.Run(c.ID, func(t *testing.T) {
			key := alipay.KeyConfig{
				Version: "c1", Use: alipay.KeyCurrent, PrivateKey: worldKeys(t)["app_pkcs1"], AppCertificate: string(fileBytes(t, vectorsDir+"appCertPublicKey.crt")),
				AlipayCertificate: string(fileBytes(t, vectorsDir+"alipayCertPublicKey.crt")), RootCertificates: string(fileBytes(t, vectorsDir+"alipayRootCert.crt")),
			}
			slot := map[string]*string{"app": &key.AppCertificate, "alipay": &key.AlipayCertificate, "root": &key.RootCertificates}[c.Call]
			*slot = string(c.body())
			_, err := alipay.NewApp(worldAppConfig("http://127.0.0.1:1", key))
			if (c.Expect.Accept == "accept" && err != nil) || (c.Expect.Accept == "refuse" && err == nil) {
				t.Fatalf("%v, want %s", err, c.Expect.Accept)
			}
			if c.Expect.Text == "" {
				return
			}
			read := alipay.CertificateSerial
			if c.Call == "root" {
				read = alipay.RootSerial
			}
			if serial, err := read(*slot); err != nil || serial != c.Expect.Text {
				t.Errorf("serial %s, %v", serial, err)
			}
		})
	}
}

func TestC53_worldKeys(t *testing.T) {
	for _, c := range worldCases(t, 9, "key") {
		t.Run(c.ID, func(t *testing.T) {
			key := alipay.KeyConfig{Version: "v1", Use: alipay.KeyCurrent, PrivateKey: worldKeys(t)["app_pkcs1"], AlipayPublicKey: worldKeys(t)["alipay_public"]}
			if c.Call == "private" {
				key.PrivateKey = string(c.body())
			} else {
				key.AlipayPublicKey = string(c.body())
			}
			_, err := alipay.NewApp(worldAppConfig("http://127.0.0.1:1", key))
			if (err == nil) != (c.Expect.Accept == "accept") {
				t.Fatalf("%v, want %s", err, c.Expect.Accept)
			}
		})
	}
}
