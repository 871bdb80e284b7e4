package alipaysim

import (
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	// billURLLife is how long a download address works, in simulated time.
	billURLLife = 30 * time.Second
	// dayBillHour and monthBillDay are when bills are ready.
	dayBillHour  = 9
	monthBillDay = 3
	maxBillURLs  = 1000
)

// The two kinds of bill: of the trades, and of the account.
const (
	billTrade        = "trade"
	billSignCustomer = "signcustomer"
)

// billSpan is one bill: whose, of what kind, from when to when.
type billSpan struct {
	sellerID, kind string
	from, to       time.Time
	label          string // yyyyMMdd or yyyyMM
}

// billDesk hands out download addresses.
type billDesk struct {
	mu   sync.Mutex
	open map[string]billTicket
}

type billTicket struct {
	span billSpan
	due  int64
}

func newBillDesk() *billDesk { return &billDesk{open: map[string]billTicket{}} }

func (d *billDesk) put(token string, ticket billTicket, now int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for old, t := range d.open {
		if t.due < now || len(d.open) >= maxBillURLs {
			delete(d.open, old)
		}
	}
	d.open[token] = ticket
}

func (d *billDesk) get(token string, now int64) (billSpan, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ticket, ok := d.open[token]
	return ticket.span, ok && now <= ticket.due
}

type billRequest struct {
	BillType scalar `json:"bill_type"`
	BillDate scalar `json:"bill_date"`
}

type billAnswer struct {
	BillDownloadURL string `json:"bill_download_url"`
	BillFileCode    string `json:"bill_file_code,omitempty"`
}

// billURL is alipay.data.dataservice.bill.downloadurl.query; its codes have no ACQ prefix.
func (s *Server) billURL(c *call) (any, *failure) {
	var q billRequest
	if fail := c.decode(&q); fail != nil {
		return nil, fail
	}
	if q.BillType != billTrade && q.BillType != billSignCustomer {
		return nil, refused("TYPE_NOT_SUPPORTED", "账单类型不支持")
	}
	span, fail := s.billSpan(c.app.SellerID, string(q.BillType), string(q.BillDate))
	if fail != nil {
		return nil, fail
	}
	token := s.throwaway("bill")
	now := s.clock.Now()
	s.bills.put(token, billTicket{span, now.Add(billURLLife).UnixMilli()}, now.UnixMilli())
	params := url.Values{"bizType": {string(q.BillType)}, "userId": {c.app.SellerID + "0156"},
		"fileType": {"csv.zip"}, "bizDates": {span.label}, "downloadFileName": {span.fileName() + ".csv.zip"},
		"fileId": {token}}
	answer := billAnswer{BillDownloadURL: c.base + "/downloadBillFile.resource?" + params.Encode()}
	if len(s.billEntries(span)) == 0 {
		answer.BillFileCode = "EMPTY_DATA_WITH_BILL_FILE"
	}
	return answer, nil
}

// billSpan reads a day or a month and refuses what is not ready yet.
func (s *Server) billSpan(sellerID, kind, date string) (billSpan, *failure) {
	span := billSpan{sellerID: sellerID, kind: kind}
	now := s.clock.Now()
	var ready time.Time
	if day, err := time.ParseInLocation("2006-01-02", date, chinaTime()); err == nil {
		span.from, span.to, span.label = day, day.AddDate(0, 0, 1), day.Format("20060102")
		ready = span.to.Add(dayBillHour * time.Hour)
	} else if month, err := time.ParseInLocation("2006-01", date, chinaTime()); err == nil {
		span.from, span.to, span.label = month, month.AddDate(0, 1, 0), month.Format("200601")
		ready = span.to.AddDate(0, 0, monthBillDay-1)
	} else {
		return span, refused("INVAILID_ARGUMENTS", "入参不合法")
	}
	if now.Before(span.to) {
		return span, refused("INVAILID_ARGUMENTS", "账单日期不合法")
	}
	if now.Before(ready) {
		return span, refused("BILL_NOT_EXIST", "账单不存在")
	}
	return span, nil
}

// fileName is <account>_<date>, the account being the PID and 0156.
func (b billSpan) fileName() string { return b.sellerID + "0156_" + b.label }

// billEntries are the movements of money within a bill. What was shared is on
// the account's bill only.
func (s *Server) billEntries(span billSpan) []Entry {
	return s.book.between(span.from.UnixMilli(), span.to.UnixMilli(), func(e *Entry) bool {
		return e.SellerID == span.sellerID && (e.Kind == KindTradePaid || e.Kind == KindRefunded ||
			e.Kind == KindSettled && span.kind == billSignCustomer)
	})
}

// serveBill is the download: no signature, no authentication, thirty seconds.
func (s *Server) serveBill(w http.ResponseWriter, r *http.Request) {
	span, ok := s.bills.get(r.URL.Query().Get("fileId"), s.now())
	if !ok {
		w.Header().Set("Content-Type", "text/html;charset=GBK")
		_, _ = w.Write([]byte(fromUTF8("gbk", "<html><body>下载链接已失效</body></html>")))
		return
	}
	s.mu.Lock()
	file, err := s.billZip(span)
	s.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", "attachment; filename="+span.fileName()+".csv.zip")
	_, _ = w.Write(file)
}
