package alipay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Bill types.
const (
	BillTrade        = "trade"        // every payment and refund (业务账单)
	BillSignCustomer = "signcustomer" // every movement of the account (账务账单)
)

// BillEmpty is the file code of a day without a single row.
const BillEmpty = "EMPTY_DATA_WITH_BILL_FILE"

// BillRequest asks for a day (yyyy-MM-dd) or a month (yyyy-MM) of the past.
// A day's bill is ready at about 09:00 China time of the next day.
type BillRequest struct {
	BillType string `json:"bill_type"`
	BillDate string `json:"bill_date"`
	SMID     string `json:"smid,omitzero"`
}

// BillResponse holds the address of the file. It needs no login and is good
// for 30 seconds: fetch it at once and never log it.
type BillResponse struct {
	BillDownloadURL string `json:"bill_download_url"`
	BillFileCode    string `json:"bill_file_code"`
}

// String hides the address.
func (r BillResponse) String() string { return "alipay bill address " + r.BillFileCode }

// BillDownloadURL calls alipay.data.dataservice.bill.downloadurl.query.
// NotExist means that there is no bill for the day, or not yet.
func (a *App) BillDownloadURL(ctx context.Context, request BillRequest) (BillResponse, Result) {
	var l limits
	l.oneOf("bill_type", request.BillType, BillTrade, BillSignCustomer, "merchant_act", "trade_zft_merchant", "zft_acc", "settlementMerge")
	l.check(isDate(request.BillDate) || isMonth(request.BillDate), "bill_date", "must be yyyy-MM-dd or yyyy-MM")
	l.optional("smid", request.SMID, 20)
	if err := l.result(); err != nil {
		return BillResponse{}, invalid(err)
	}
	response, result := fetch[BillResponse](ctx, a, Call{Method: MethodBillDownloadURL, Biz: &request})
	if result.Class == Done && response.BillDownloadURL == "" && response.BillFileCode != BillEmpty {
		return BillResponse{}, result.unknown(ErrUnknownTradeOutcome)
	}
	return response, result
}

// maxBill bounds a downloaded bill; a day of a million trades has about 40 MiB zipped.
const maxBill = 256 << 20

// billTimeout bounds the download as a whole; the caller's deadline may be earlier.
const billTimeout = 5 * time.Minute

// DownloadBill fetches the file of a verified answer, whole.
func (a *App) DownloadBill(ctx context.Context, response BillResponse) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, billTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, response.BillDownloadURL, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: the bill's address", ErrMalformedResponse)
	}
	if scheme := request.URL.Scheme; scheme != "http" && scheme != "https" {
		return nil, fmt.Errorf("%w: the bill's address", ErrMalformedResponse)
	}
	answer, err := a.http.Do(request)
	if err != nil {
		return nil, withoutURL(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %d", ErrUnexpectedStatus, answer.StatusCode)
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxBill+1))
	if err == nil && len(content) > maxBill {
		err = fmt.Errorf("%w: over %d bytes", ErrBodyTooLarge, maxBill)
	}
	return content, err
}

// BillFileName reads the name the file will have off its address, for archives.
func BillFileName(response BillResponse) string {
	address, err := url.Parse(response.BillDownloadURL)
	if err != nil {
		return ""
	}
	return address.Query().Get("downloadFileName")
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil
}

func isMonth(text string) bool {
	_, err := time.Parse("2006-01", text)
	return err == nil
}
