package core

// LedgerAccount names an account of the double-entry ledger. Debits are positive, so what the
// gateway owes us is positive and what we owe the merchant is negative.
type LedgerAccount string

// The accounts of the ledger.
const (
	// LedgerGateway: money that buyers paid and that lies at the gateway.
	LedgerGateway  LedgerAccount = "gateway"
	LedgerMerchant LedgerAccount = "merchant" // what belongs to the merchant
	// LedgerTransit: reserved for refunds that are not final; 0 when all are.
	LedgerTransit LedgerAccount = "refund_in_transit"
	// LedgerSuspense: money of closed or twice-paid payments; 0 when refunded or accepted.
	LedgerSuspense LedgerAccount = "late_suspense"
	// LedgerShortfall: a refund sent back less than asked, coupons being the usual reason (A14).
	LedgerShortfall LedgerAccount = "refund_difference"
	// LedgerReturned: refunds that the buyer's bank sent back: owed to the buyer until a person has
	// seen to it (G31).
	LedgerReturned LedgerAccount = "refund_returned"
)

// LedgerAccounts lists the accounts with what each is for, as GET /v1/ledger/accounts explains
// them.
func LedgerAccounts() []LedgerAccount {
	return []LedgerAccount{LedgerGateway, LedgerMerchant, LedgerTransit, LedgerSuspense, LedgerShortfall, LedgerReturned}
}

// Clearing tells whether the account must be zero once every order is terminal and every refund
// final.
func (a LedgerAccount) Clearing() bool { return a == LedgerTransit || a == LedgerSuspense }

// posting moves an amount out of one account (credit) into another (debit).
type posting struct {
	from, to LedgerAccount
	amount   Fen
	refundID string
}
