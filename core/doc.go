// Package core is the domain: payments, attempts, refunds, the ledger, and the use cases that
// change them.
//
// The flow, each step one file:
//
//	checkout.go      Checkout stores the payment and its first attempt, whose number, amount and
//	                 time_expire never change, then makes it payable
//	check.go plan.go what is asked is checked, then planned by the rulebook; attempt_pay.go calls
//	                 the channel
//	idempotency.go   what a key asks for is done once; the answer is kept in its outcome's commit
//	resume.go        the same request again: the stored answer, or the payment as it is, after an
//	                 inquiry
//	attempt_next.go  the buyer goes on elsewhere: the older attempt is closed at the gateway first
//	open.go          a hand-off page is opened: that is committed, then the form is signed
//	notify.go        a gateway's message is verified, held against the books (account, app, payee,
//	                 amount), and applied in one unit
//	inbox.go         a message that had to wait has its say, after the gateway was asked
//	settle.go        inquiry, for whatever is due or unknown; schedule.go says when
//	close.go         the gateway decides whether an unpaid trade closes; where it cannot close,
//	                 the trade's end does
//	book.go          the only place where money comes in: accepted, or, if late or paid twice, put
//	                 in suspense and sent back
//	late.go          a person sends back, or keeps, what the merchant's policy kept of such money
//	refund.go        a refund is reserved by one conditional update, then sent
//	refund_settle.go what became of it; approval by another actor; refunds made outside
//	turn.go          what payments come to, for metrics
//
// What the use cases need is declared here and built elsewhere: channel.go, capability.go and
// gateway.go (adapters), rulebook.go (platforms), store.go (core/store), clock.go. state.go holds
// the state machines as tables; pen.go writes one change.
//
// The state machine of a payment, rendered from its table:
//
//	created            -send->          paying
//	created            -ask_close->     closing
//	created            -pay->           paid
//	created            -close->         closed
//	created            -keep_open->     created
//	paying             -send->          paying
//	paying             -ask_close->     closing
//	paying             -pay->           paid
//	paying             -close->         closed
//	paying             -keep_open->     created
//	closing            -ask_close->     closing
//	closing            -pay->           paid
//	closing            -close->         closed
//	paid               -refund_part->   partially_refunded
//	paid               -refund_all->    refunded
//	paid               -duplicate_pay-> paid
//	partially_refunded -refund_part->   partially_refunded
//	partially_refunded -refund_all->    refunded
//	partially_refunded -duplicate_pay-> partially_refunded
//	refunded           -duplicate_pay-> refunded
//	closed             -late_pay->      closed
//
// Core imports the standard library only. It starts no goroutine, reads no clock, draws no random
// number and knows no wire format, no rule of a platform, no SQL and no HTTP; a test holds it to
// that.
package core
