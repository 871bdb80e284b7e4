package core

// CheckoutRequest asks for a payment. Web fills it from the body, never from path or query (W03).
type CheckoutRequest struct {
	MerchantOrderNo  string
	Platform         PlatformID
	AmountFen        Fen
	Subject          string
	Lines            []Line
	Payer            Payer
	Funding          Funding // Periods and FeeBearer; Forbid is the rulebook's
	Client           Client
	ExpiresInSeconds int64 // 300 to 86,400; 0 means 900
	ReturnURL        string
	Metadata         map[string]string
	// IdempotencyKey is optional: merchant_order_no stands in (I09).
	IdempotencyKey string
}

// Client describes the device that pays, as the merchant saw it. It decides presentation only,
// never price or state.
type Client struct {
	IP        string `json:"ip,omitempty"`
	OS        string `json:"os,omitempty"`
	UserAgent string `json:"user_agent,omitempty"`
	DeviceID  string `json:"device_id,omitempty"`
}

// AttemptRequest lets the buyer go on elsewhere: another platform, or another instalment plan.
type AttemptRequest struct {
	PaymentID      string
	Platform       PlatformID
	Payer          Payer
	Funding        Funding
	Client         Client
	IdempotencyKey string // required
}

// RefundAsk asks for money to go back.
type RefundAsk struct {
	PaymentID        string
	MerchantRefundNo string // optional; the idempotency key stands in when empty
	AmountFen        Fen
	Reason           string
	IdempotencyKey   string // required
}

// BasketAsk asks whether a basket would be accepted; AmountFen 0 stands for the goods' sum.
type BasketAsk struct{ CheckoutRequest }

func (ask BasketAsk) checkShape(m Merchant) error {
	if ask.AmountFen == 0 {
		total, err := TotalOf(ask.Lines)
		ask.AmountFen = pick(err == nil, total, 1)
	}
	return ask.checkMoney(m)
}

// LoginAsk exchanges an authorisation code.
type LoginAsk struct {
	Channel ChannelID // of the mini-program that got the code
	// AccountID: may be empty: the merchant's account that serves the channel is taken then
	AccountID string
	AuthCode  string
}

func (ask LoginAsk) checkShape(Merchant) error { return checkNumber("auth_code", ask.AuthCode, 128) }

// LateAsk asks for all late and duplicate money of a payment to go back, or to be kept.
type LateAsk struct {
	PaymentID      string
	IdempotencyKey string // required
}

// Answered is what a POST answers: a body rendered once and, when final, stored, so that a repeat
// gets the same bytes (I04).
type Answered struct {
	Body []byte
	// Status is the HTTP status: 201 to the call that made something, 200 to one that found it.
	// While Settling it is 202.
	Status int
	// Settling says that an outcome at the gateway is unknown: HTTP 202, and the same key again
	// asks again.
	Settling bool
	// Replayed says that the answer was stored by an earlier request.
	Replayed bool
	// Stale says that the payment or refund which a replayed answer shows has changed since.
	Stale bool
	ID    string
}

// CloseOutcome is what became of a wish to close.
type CloseOutcome struct {
	Payment PaymentView
	// Closed is false while the gateway has not decided: HTTP 202.
	Closed bool
}

// Page is what a hand-off page may show of an attempt: nothing of the buyer, and of the gateway its
// name.
type Page struct {
	Token        string
	Platform     PlatformID
	GatewayName  Words // empty if its account is not configured any more
	MerchantName string
	Subject      string
	AmountFen    Fen
	State        PageState
	ExpiresAt    string
	ReturnURL    string
	SecondsLeft  int64
	// Late is the money of the order that nobody waited for: it came after the close, or after
	// another attempt had paid. In the order of the attempts.
	Late []LateMoney
}

// LateMoney is money that nobody waited for, as the buyer who sent it may see it.
type LateMoney struct {
	AmountFen Fen       `json:"amount_fen"`
	State     LateState `json:"state"`
	Duplicate bool      `json:"duplicate"` // another attempt of the same order was paid before
	SeenAt    string    `json:"seen_at"`   // when it was booked
	EndedAt   string    `json:"ended_at,omitempty"`
}

// LateState says what becomes of money that nobody waited for.
type LateState string

// The states of such money.
const (
	LateReturning LateState = "returning" // on its way back
	LateReturned  LateState = "returned"  // back, as the gateway says
	LateKept      LateState = "kept"      // the merchant's
	LateUndecided LateState = "undecided" // a person decides
)

// PageState is what a buyer sees.
type PageState string

// The states of a page.
const (
	PagePayable  PageState = "payable"
	PageMoved    PageState = "moved" // the buyer goes on elsewhere
	PagePaid     PageState = "paid"
	PageRefunded PageState = "refunded" // paid, and all of it went back
	PageClosed   PageState = "closed"
	PageExpired  PageState = "expired"
	PageChecking PageState = "checking" // an outcome is being asked for
)
