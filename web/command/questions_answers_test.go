package command_test

// answers are what must come of the questions about the installation on SQLite.
func (day *operatorsDay) answers() map[string]answer {
	clock := &day.ahead
	return map[string]answer{
		"webhook": {"paymux.yaml", clock, []int{0, 0}, []string{
			"webhooks wait for endpoint orders of merchant m_shop", "the endpoint failed (HTTP 500)", "The shop must mend it", "the merchant at ",
		}},
		"late": {"paymux.yaml", clock, []int{0, 0}, []string{
			"PAYMENT_ID", "900", "late_held", "/v1/payments/PAYMENT_ID/refund-late", "/accept-late", "late or duplicate money is held", "whose they are, a person decides",
		}},
		"console": {"paymux.yaml", clock, []int{0}, []string{
			"partially_refunded", "900 fen were paid, 600 of them are the merchant's, 300 went back", "succeeded, 300 fen, made outside paymux", "a refund made outside was booked",
		}},
		"key-ends":  {"paymux.yaml", clock, []int{0, 0}, []string{"API key shop of merchant m_shop ends at TOMORROW", "make the next one"}},
		"disk-full": {"full.yaml", clock, []int{1}, []string{"the database has taken nothing since 20", "its disk is full", "server ready", "nothing that was answered is lost"}},
		"rotated-key": {"paymux.yaml", clock, []int{0, 1}, []string{
			"turned away by the gateway: isv.invalid-signature", "No money is lost", "Upload the public key that belongs to the private key",
		}},
		"wrong-key": {"wrong.yaml", clock, []int{1}, []string{"holds another master key", "put that one back"}},
		"restored": {"restored.yaml", clock, []int{1, 0}, []string{
			"the database is an older one", "INV-I3", "1 order,", "rejected", "unknown_out_trade_no", "m_shop",
		}},
		"complaint": {"paymux.yaml", clock, []int{0}, []string{"trade_no of payment", "900 fen were paid, 900 of them are the merchant's, 0 went back", "T-1001"}},
		"switch":    {"paymux.yaml", clock, []int{0}, []string{"config.reload", "+merchants[m_shop].features[alipay/huabei].enabled", "file changed at", "alipay.keys[v1].private_key_file"}},
	}
}
