package core

// Point names a place between two effects, where a test may stop the process, fail the step, or let
// another task run.
type Point string

// The points, in the order a payment meets them (catalogue P01 to P12).
const (
	PointCheckoutBeforeInsert Point = "checkout.before_insert" // P01
	PointCheckoutAfterInsert  Point = "checkout.after_insert"  // P02: committed, gateway not called
	// PointPayAfterAnswer: P03, P04: gateway answered, nothing written.
	PointPayAfterAnswer Point = "pay.after_answer"
	// PointOpenAfterMark: opened_at committed, nothing signed.
	PointOpenAfterMark      Point = "open.after_mark"
	PointNotifyAfterVerify  Point = "notify.after_verify"  // P05
	PointNotifyAfterCommit  Point = "notify.after_commit"  // P06, P07: durable, reply not sent
	PointCloseBeforeGateway Point = "close.before_gateway" // P08
	// PointCloseAfterGateway: P08: gateway answered, nothing written.
	PointCloseAfterGateway  Point = "close.after_gateway"
	PointRefundAfterReserve Point = "refund.after_reserve" // P09
	PointRefundAfterAnswer  Point = "refund.after_answer"  // P10, P11
	// PointSettleAfterAnswer: an inquiry answered, nothing written.
	PointSettleAfterAnswer Point = "settle.after_answer"
	PointWebhookBeforeSend Point = "webhook.before_send" // P12
	PointWebhookAfterSend  Point = "webhook.after_send"  // P12: delivered, not marked
)

// Points lists every failpoint; a test holds it against the code.
func Points() []Point {
	return []Point{
		PointCheckoutBeforeInsert, PointCheckoutAfterInsert, PointPayAfterAnswer, PointOpenAfterMark, PointNotifyAfterVerify,
		PointNotifyAfterCommit, PointCloseBeforeGateway, PointCloseAfterGateway, PointRefundAfterReserve, PointRefundAfterAnswer,
		PointSettleAfterAnswer, PointWebhookBeforeSend, PointWebhookAfterSend,
	}
}

// Failpoints is told when a point is passed. In production it does nothing; in tests it may kill
// the process, panic, or yield.
type Failpoints interface {
	Pass(Point)
}

// pass reports a point to the failpoints, if there are any.
func (c *Cashier) pass(p Point) {
	if c.Failpoints != nil {
		c.Failpoints.Pass(p)
	}
}
