package core

// bookPaid writes that an attempt is paid, whoever said so: a notification, an inquiry, or the
// answer to a close. It is the only place where money comes in, so it is here that the amount is
// checked (C08) and that late and second payments part from the accepted one (S02, S05, C19). It
// returns "" or why the money was parked instead.
func (c *Cashier) bookPaid(p *pen, a *Attempt, t Trade) (parked Code, err error) {
	if t.TotalFen != a.AmountFen {
		return "amount_mismatch", nil
	}
	switch a.State {
	case AttemptPaid, AttemptLatePaid, AttemptDuplicate:
		if t.TradeNo != "" && a.TradeNo != "" && t.TradeNo != a.TradeNo {
			return "second_trade", nil
		}
		return "", nil
	}
	pay := &p.order.Payment
	to, step := AttemptPaid, StepPay
	if pay.Status == PaymentClosed {
		to, step = AttemptLatePaid, StepLatePay
	} else if pay.PaidAttempt != "" {
		to, step = AttemptDuplicate, StepDuplicatePay
	}
	if err := p.moveAttempt(a, to); err != nil {
		return "", err
	}
	if err := p.step(step); err != nil {
		return "", err
	}
	a.TradeNo, a.PaidFen, a.ReceiptFen, a.GatewayPaid = firstText(t.TradeNo, a.TradeNo), t.TotalFen, t.ReceiptFen, t.PaidAt
	a.Settling, a.NextAt, a.EndedAt, a.Reason = false, noTime(), p.now, ""
	a.Fault, a.Said = "", GatewayWords{}
	if pay.ActiveAttempt == a.ID {
		pay.ActiveAttempt = ""
	}
	p.audit("attempt."+string(to), a.ID, "")
	if to == AttemptPaid {
		p.turn(a, TurnPaid, "")
		c.acceptMoney(p, a)
		return "", nil
	}
	p.turn(a, TurnLate, "")
	c.suspendMoney(p, a)
	return "", nil
}

// acceptMoney makes the attempt's money the payment's, and sends every other live attempt to be
// closed.
func (c *Cashier) acceptMoney(p *pen, a *Attempt) {
	pay := &p.order.Payment
	pay.PaidFen, pay.PaidAttempt, pay.PaidAt, pay.CloseReason = a.PaidFen, a.ID, p.now, ""
	pay.ActiveAttempt, pay.Platform = "", a.Platform
	p.post(posting{from: LedgerMerchant, to: LedgerGateway, amount: a.PaidFen}, a.Account)
	p.tell(EventPaymentPaid, "", a.ID)
	for i := range p.order.Attempts {
		if other := &p.order.Attempts[i]; other.ID != a.ID && other.Live() {
			other.Superseded, other.NextAt = true, p.now
			p.touch(other)
		}
	}
}

// suspendMoney puts money that nobody waited for into suspense, and does what the merchant's policy
// says: send it back, hold it, or accept it.
func (c *Cashier) suspendMoney(p *pen, a *Attempt) {
	late := a.State == AttemptLatePaid
	pay := &p.order.Payment
	if late {
		pay.LateFen += a.PaidFen
	}
	p.post(posting{from: LedgerSuspense, to: LedgerGateway, amount: a.PaidFen}, a.Account)
	policy := LateRefund
	if m, ok := c.Merchants.Merchant(pay.MerchantID); ok && m.Late != "" {
		policy = m.Late
	}
	switch policy {
	case LateHold:
		a.Reason = reasonHeld
		p.tell(pick(late, EventPaymentLateHeld, EventPaymentDuplicateHeld), "", a.ID)
	case LateAccept:
		c.acceptSuspense(p, a)
	default:
		c.refundSuspense(p, a, ActorSystem, RefundProcessing)
	}
}

// acceptSuspense makes suspended money the merchant's; the payment stays what it is.
func (c *Cashier) acceptSuspense(p *pen, a *Attempt) {
	a.Reason = reasonAccepted
	p.touch(a)
	p.post(posting{from: LedgerMerchant, to: LedgerSuspense, amount: a.PaidFen}, a.Account)
	p.tell(pick(a.State == AttemptLatePaid, EventPaymentLateAccepted, EventPaymentDuplicateAccepted), "", a.ID)
}

// refundSuspense orders the refund of money that nobody waited for, by policy in the same commit
// that recorded the money; a job sends it. One that waits for approval is not sent.
func (c *Cashier) refundSuspense(p *pen, a *Attempt, asker string, status RefundStatus) *Refund {
	pay, origin, processing := &p.order.Payment, a.lateOrigin(), status == RefundProcessing
	no := p.rowID()
	r := p.addRefund(Refund{
		ID: "ref_" + lower(p.rowID()), PaymentID: pay.ID, AttemptID: a.ID, MerchantID: pay.MerchantID, OutRequestNo: no, Origin: origin,
		AmountFen: a.PaidFen, Reason: string(origin) + " payment", Status: status, Settling: processing, Asker: asker,
		NextAt: pick(processing, p.now, noTime()), CreatedAt: p.now,
	})
	pay.LateRefundID = p.order.lateRefund()
	p.post(posting{from: LedgerTransit, to: a.lateOwner(), amount: r.AmountFen, refundID: r.ID}, a.Account)
	p.audit("refund."+string(origin), r.ID, string(status))
	return r
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}
