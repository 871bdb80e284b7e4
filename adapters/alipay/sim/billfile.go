package alipaysim

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"time"
)

const (
	tradeBillHeader = "支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注"
	tradeSumHeader  = "门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）"
	fundBillHeader  = "账务流水号,业务流水号,商户订单号,商品名称,发生时间,对方账号,收入金额（+元）,支出金额（-元）,账户余额（元）,交易渠道,业务类型,备注"
	fundSumHeader   = "业务类型,收入笔数,收入金额（+元）,支出笔数,支出金额（-元）"
)

// billFile collects the lines of one CSV as the gateway writes them: CRLF, GBK.
type billFile struct {
	b      strings.Builder
	quotes bool
}

func (f *billFile) linef(format string, args ...any) {
	fmt.Fprintf(&f.b, format, args...)
	f.b.WriteString("\r\n")
}

// row writes cells as they are: a comma inside a cell is not quoted unless quotes says so.
func (f *billFile) row(cells []string) {
	for i, text := range cells {
		if f.quotes && strings.ContainsAny(text, `,"`) {
			cells[i] = `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
		}
	}
	f.linef("%s", strings.Join(cells, ","))
}

// cell guards text against spreadsheets with a trailing tab.
func cell(text string) string { return text + "\t" }

// billZip packs a bill: entry names in GBK without the UTF-8 flag, GBK inside.
// Callers hold s.mu.
func (s *Server) billZip(span billSpan) ([]byte, error) {
	detail, summary, title := s.tradeBill(span), s.tradeSummary(span), "业务明细"
	if span.kind == billSignCustomer {
		detail, summary, title = s.fundBill(span), s.fundSummary(span), "账务明细"
	}
	var buffer bytes.Buffer
	archive := zip.NewWriter(&buffer)
	for _, file := range []struct{ name, text string }{
		{span.fileName() + "_" + title + ".csv", detail},
		{span.fileName() + "_" + title + "(汇总).csv", summary},
	} {
		header := &zip.FileHeader{Name: fromUTF8("gbk", file.name), NonUTF8: true, Method: zip.Deflate,
			Modified: s.clock.Now()}
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write([]byte(fromUTF8("gbk", file.text))); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

func (s *Server) billHead(f *billFile, span billSpan, what string) {
	const longDay = "2006年01月02日 15:04:05"
	f.linef("#支付宝%s查询", what)
	f.linef("#账号：[%s0156]", span.sellerID)
	f.linef("#起始日期：[%s]   终止日期：[%s]", span.from.Format(longDay), span.to.Format(longDay))
}

func (s *Server) exported(f *billFile) {
	f.linef("#导出时间：[%s]", s.clock.Now().Format("2006年01月02日 15:04:05"))
}

// tradeBill is the business bill: one row per payment and per refund.
func (s *Server) tradeBill(span billSpan) string {
	f := &billFile{quotes: s.reading().BillQuotes}
	s.billHead(f, span, "业务明细")
	f.linef("#-----------------------------------------业务明细列表----------------------------------------")
	f.linef("%s", tradeBillHeader)
	var trades, refunds int
	var received, returned int64
	for _, e := range s.billEntries(span) {
		t := s.world.trades[e.TradeNo]
		if e.Kind == KindTradePaid {
			trades, received = trades+1, received+t.Payment.ReceiptFen
		} else {
			refunds, returned = refunds+1, returned-e.AmountFen
		}
		f.row(s.tradeRow(t, e))
	}
	f.linef("#-----------------------------------------业务明细列表结束------------------------------------")
	f.linef("#交易合计：%d笔，商家实收共%s元，商家优惠共0.00元", trades, yuan(received))
	f.linef("#退款合计：%d笔，商家实收退款共%s元，商家优惠退款共0.00元", refunds, yuan(returned))
	s.exported(f)
	return f.b.String()
}

// tradeRow has 25 columns. A refund repeats its trade with negative amounts.
func (s *Server) tradeRow(t *Trade, e Entry) []string {
	p := t.Payment
	kind, order, receipt, fee := "交易", t.Order.TotalFen, p.ReceiptFen, -p.FeeFen
	coupon, points := p.fund("COUPON"), p.PointFen
	if e.Kind == KindRefunded {
		kind, order, receipt, fee, coupon, points = "退款", -e.AmountFen, -e.AmountFen, 0, 0, 0
	}
	if s.reading().BillFeesPositive {
		fee = -fee
	}
	buyer := s.buyers[p.BuyerID]
	return []string{
		cell(t.TradeNo), cell(t.Order.OutTradeNo), kind, cell(t.Order.Subject),
		stamp(t.Created), stamp(e.At), cell(t.Order.StoreID), cell(""), cell(t.Order.OperatorID),
		cell(t.Order.TerminalID), cell(buyer.CertName + "(" + buyer.LogonID + ")"),
		yuan(order), yuan(receipt), yuan(coupon), yuan(points), "0.00", "0.00", "0.00", cell(""),
		"0.00", "0.00", cell(e.OutRequestNo), yuan(fee), "0.00", cell(""),
	}
}

// fund is the part of a payment from one channel.
func (p *Payment) fund(channel string) int64 {
	var sum int64
	for _, f := range p.Funds {
		if f.Channel == channel {
			sum += f.Fen
		}
	}
	return sum
}

func (s *Server) tradeSummary(span billSpan) string {
	f := &billFile{quotes: s.reading().BillQuotes}
	s.billHead(f, span, "业务汇总")
	f.linef("#-----------------------------------------业务汇总列表----------------------------------------")
	f.linef("%s", tradeSumHeader)
	var trades, refunds int
	var order, fees int64
	for _, e := range s.billEntries(span) {
		if e.Kind == KindTradePaid {
			trades, order, fees = trades+1, order+e.AmountFen, fees-s.world.trades[e.TradeNo].Payment.FeeFen
		} else {
			refunds, order = refunds+1, order-e.AmountFen
		}
	}
	f.row([]string{"合计", "", fmt.Sprint(trades), fmt.Sprint(refunds), yuan(order), yuan(order),
		"0.00", "0.00", "0.00", yuan(fees), "0.00", yuan(order + fees)})
	f.linef("#-----------------------------------------业务汇总列表结束------------------------------------")
	s.exported(f)
	return f.b.String()
}

// movement is one line of the account.
type movement struct {
	entry Entry
	kind  string
	fen   int64 // positive comes in, negative goes out
}

// movements are the account's lines: a payment, its fee, a refund, a share.
func (s *Server) movements(span billSpan) []movement {
	var list []movement
	for _, e := range s.billEntries(span) {
		switch e.Kind {
		case KindRefunded:
			list = append(list, movement{e, "交易退款", -e.AmountFen})
			continue
		case KindSettled:
			list = append(list, movement{e, "交易分账", -e.AmountFen})
			continue
		}
		p := s.world.trades[e.TradeNo].Payment
		list = append(list, movement{e, "在线支付", p.ReceiptFen})
		if p.FeeFen > 0 {
			list = append(list, movement{e, "收费", -p.FeeFen})
		}
	}
	return list
}

// balanceAt is what all earlier movements left on the account.
func (s *Server) balanceAt(span billSpan) int64 {
	span.from, span.to = time.UnixMilli(0), span.from
	var sum int64
	for _, m := range s.movements(span) {
		sum += m.fen
	}
	return sum
}

// fundBill is the account bill: every line of the account with its balance.
func (s *Server) fundBill(span billSpan) string {
	f := &billFile{quotes: s.reading().BillQuotes}
	s.billHead(f, span, "账务明细")
	f.linef("#-----------------------------------------账务明细列表----------------------------------------")
	f.linef("%s", fundBillHeader)
	var in, out int64
	var ins, outs int
	balance := s.balanceAt(span)
	for i, m := range s.movements(span) {
		balance += m.fen
		plus, minus := "", ""
		if m.fen > 0 {
			plus, in, ins = yuan(m.fen), in+m.fen, ins+1
		} else {
			minus, out, outs = yuan(m.fen), out+m.fen, outs+1
		}
		t := s.world.trades[m.entry.TradeNo]
		f.row([]string{cell(fmt.Sprintf("%s%08d", span.label, i+1)), cell(t.TradeNo), cell(t.Order.OutTradeNo),
			cell(t.Order.Subject), stamp(m.entry.At), cell(s.buyers[t.Payment.BuyerID].LogonID),
			plus, minus, yuan(balance), "支付宝", cell(m.kind), cell(m.entry.OutRequestNo)})
	}
	f.linef("#-----------------------------------------账务明细列表结束------------------------------------")
	f.linef("#支出合计：%d笔，共%s元", outs, yuan(out))
	f.linef("#收入合计：%d笔，共%s元", ins, yuan(in))
	s.exported(f)
	return f.b.String()
}

func (s *Server) fundSummary(span billSpan) string {
	f := &billFile{quotes: s.reading().BillQuotes}
	s.billHead(f, span, "账务汇总")
	f.linef("#-----------------------------------------账务汇总列表----------------------------------------")
	f.linef("%s", fundSumHeader)
	for _, kind := range []string{"在线支付", "收费", "交易退款", "交易分账"} {
		var in, out int64
		var ins, outs int
		for _, m := range s.movements(span) {
			switch {
			case m.kind != kind:
			case m.fen > 0:
				in, ins = in+m.fen, ins+1
			default:
				out, outs = out+m.fen, outs+1
			}
		}
		f.row([]string{kind, fmt.Sprint(ins), yuan(in), fmt.Sprint(outs), yuan(out)})
	}
	f.linef("#-----------------------------------------账务汇总列表结束------------------------------------")
	s.exported(f)
	return f.b.String()
}
