package core

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a request, in the unit of their names.
const (
	MinExpirySeconds     = 300
	MaxExpirySeconds     = 86400
	DefaultExpirySeconds = 900
	MaxSubjectCharacters = 256
	MaxMetadataEntries   = 20
	MaxMetadataBytes     = 512
)

// checkShape refuses a request that no rule and no state could make good, and tells all that is
// wrong with it.
func (req *CheckoutRequest) checkShape(m Merchant) error {
	var wrong mistakes
	wrong.note(checkNumber("merchant_order_no", req.MerchantOrderNo, 64))
	wrong.note(checkText("subject", req.Subject, MaxSubjectCharacters))
	wrong.note(m.fits(func(a Account) error { return a.checkSubject(req.Subject) }))
	if req.ExpiresInSeconds == 0 {
		req.ExpiresInSeconds = DefaultExpirySeconds
	}
	if req.ExpiresInSeconds < MinExpirySeconds || req.ExpiresInSeconds > MaxExpirySeconds {
		wrong.note(invalid("expires_in_seconds", "must be %d to %d", MinExpirySeconds, MaxExpirySeconds))
	}
	wrong.note(checkMetadata(req.Metadata))
	wrong.note(req.checkMoney(m))
	wrong.note(checkPayer(m, req.Payer))
	wrong.note(checkReturnURL(req.ReturnURL, m.ReturnURLs))
	return Mistaken(wrong)
}

// checkMoney holds the amount against the goods: the server's own sum decides (A09), and the amount
// is 1 fen at least.
func (req *CheckoutRequest) checkMoney(m Merchant) error {
	var wrong mistakes
	limit := MaxFen
	if m.MaxPaymentFen > 0 && m.MaxPaymentFen < limit {
		limit = m.MaxPaymentFen
	}
	if req.AmountFen < 1 || req.AmountFen > limit {
		wrong.note(invalid("amount_fen", "must be 1 to %d fen", limit))
	}
	total, err := TotalOf(req.Lines)
	if !wrong.note(err) && len(wrong) == 0 && total != req.AmountFen {
		wrong.note(&Error{
			Code: CodeAmountMismatch, Field: "amount_fen",
			Message: "the goods add up to " + itoa(int(total)) + " fen, not to amount_fen",
		})
	}
	req.Lines = append([]Line(nil), req.Lines...) // the caller's own stay as they are
	wrong.note(nameLines(req.Lines))
	return Mistaken(wrong)
}

// nameLines gives every line an id and refuses repeats.
func nameLines(lines []Line) error {
	var wrong mistakes
	seen := make(map[string]bool, len(lines))
	for i := range lines {
		l := &lines[i]
		if l.LineID == "" {
			l.LineID = itoa(i + 1)
		}
		wrong.note(checkNumber(lineField(i, "line_id"), l.LineID, 64))
		if seen[l.LineID] {
			wrong.note(invalid(lineField(i, "line_id"), "is used twice"))
		}
		seen[l.LineID] = true
		wrong.note(checkText(lineField(i, "id"), l.GoodsID, 64))
		wrong.note(checkText(lineField(i, "name"), l.Name, 256))
		if l.MerchantOrderNo != "" {
			wrong.note(checkNumber(lineField(i, "merchant_order_no"), l.MerchantOrderNo, 64))
		}
	}
	return Mistaken(wrong)
}

func checkMetadata(m map[string]string) error {
	var wrong mistakes
	if len(m) > MaxMetadataEntries {
		return invalid("metadata", "at most %d entries", MaxMetadataEntries)
	}
	for _, k := range slices.Sorted(maps.Keys(m)) {
		wrong.note(checkNumber("metadata", k, 64))
		// it goes nowhere but back, so nothing else about it matters
		if v := m[k]; len(v) > MaxMetadataBytes || !utf8.ValidString(v) {
			wrong.note(invalid("metadata."+k, "must be valid UTF-8 of at most %d bytes", MaxMetadataBytes))
		}
	}
	return Mistaken(wrong)
}

// checkShape refuses an attempt by a payer that cannot be one.
func (req AttemptRequest) checkShape(m Merchant) error { return checkPayer(m, req.Payer) }

// checkPayer accepts what can name a buyer to one of the merchant's accounts.
func checkPayer(m Merchant, p Payer) error {
	var wrong mistakes
	wrong.note(m.fits(func(a Account) error { return a.checkPayer(p) }))
	for _, id := range []struct {
		field, text string
		most        int
	}{{"payer.user_id", p.UserID, 128}, {"payer.open_id", p.OpenID, 128}, {"payer.app_id", p.AppID, 32}} {
		if id.text != "" {
			wrong.note(checkNumber(id.field, id.text, id.most))
		}
	}
	return Mistaken(wrong)
}

// checkReturnURL wants a registered prefix and nothing that a browser would read as another host
// (W11).
func checkReturnURL(u string, prefixes []string) error {
	if u == "" {
		return nil
	}
	refused := &Error{Code: CodeReturnURL, Field: "return_url", Message: "must begin with one of the merchant's registered return_urls"}
	if len(u) > 512 || strings.ContainsAny(u, "\\@ \t\r\n<>\"'`") || clean(u) != u || climbs(u) {
		return refused
	}
	for _, p := range prefixes {
		if p == u || strings.HasPrefix(u, p) && (strings.HasSuffix(p, "/") || strings.ContainsRune("/?#", rune(u[len(p)]))) {
			return nil
		}
	}
	return refused
}

// climbs tells whether an address has a segment that browsers resolve upwards, out of the prefix
// that it begins with; they read %2e as a dot too.
func climbs(u string) bool {
	path, _, _ := strings.Cut(u, "#")
	path, _, _ = strings.Cut(path, "?")
	dots := strings.NewReplacer("%2e", ".", "%2E", ".")
	return slices.Contains(strings.Split(dots.Replace(path), "/"), "..")
}
