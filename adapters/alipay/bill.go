package alipay

import (
	"archive/zip"
	"bufio"
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Why a bill was refused.
const (
	ErrBillUnreadable Refusal = "bill_unreadable" // no ZIP, no header, a row that fits no column
	ErrBillTooLarge   Refusal = "bill_too_large"
	// ErrBillIncomplete: the end is missing, or the stated totals are not the rows'.
	ErrBillIncomplete Refusal = "bill_incomplete"
	// ErrBillAmbiguous: a row that has several readings, even by the file's totals.
	ErrBillAmbiguous Refusal = "bill_ambiguous"
)

const (
	maxBillFiles = 64
	maxBillBytes = 1 << 30 // unpacked, per file
	maxBillLine  = 64 << 10
)

// BillKind is what a file of a bill holds.
type BillKind string

// The kinds, told apart by the first line of the file.
const (
	BillTradeDetail  BillKind = "trade_detail"  // 业务明细
	BillTradeSummary BillKind = "trade_summary" // 业务汇总
	BillFundDetail   BillKind = "fund_detail"   // 账务明细
	BillFundSummary  BillKind = "fund_summary"  // 账务汇总
	BillOther        BillKind = "other"
)

// BillFile is one file inside a bill's ZIP.
type BillFile struct {
	Name string // UTF-8, for archives and people
	Kind BillKind
	file *zip.File
}

// OpenBill lists the files of a downloaded bill. Their names and contents are
// GBK without saying so; GB18030 reads every such byte.
func OpenBill(content []byte) ([]BillFile, error) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, fmt.Errorf("%w: no whole ZIP file; ask for a new address", ErrBillUnreadable)
	}
	if len(archive.File) > maxBillFiles {
		return nil, fmt.Errorf("%w: %d files", ErrBillTooLarge, len(archive.File))
	}
	var files []BillFile
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		name := f.Name
		if !utf8.ValidString(name) || f.NonUTF8 {
			if decoded, err := simplifiedchinese.GB18030.NewDecoder().String(name); err == nil {
				name = decoded
			}
		}
		files = append(files, BillFile{Name: name, Kind: billKindOfTitle(name), file: f})
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%w: the ZIP file is empty", ErrBillUnreadable)
	}
	return files, nil
}

// Rows reads the file row by row and calls visit for each. The whole file is
// checked: it must have its end marker, and the totals it states must be those
// of its rows, so that a truncated download is never taken for a quiet day.
// visit has seen rows by then: keep nothing of them when Rows returns an error,
// unless it is a *BillRowsError, which names the only rows that are missing.
// Rows that only the totals could read are visited after the others.
func (f BillFile) Rows(visit func(BillRow) error) (BillInfo, error) {
	content, err := f.file.Open()
	if err != nil {
		return BillInfo{}, fmt.Errorf("%w: %w", ErrBillUnreadable, err)
	}
	defer func() { _ = content.Close() }()
	limited := &cappedReader{reader: content, left: maxBillBytes}
	info, err := ReadBill(inUTF8(limited), visit)
	if limited.left < 0 {
		err = fmt.Errorf("%w: over %d bytes unpacked", ErrBillTooLarge, maxBillBytes)
	}
	return info, err
}

// inUTF8 decodes a file as GB18030, unless its first line, which every file has
// in Chinese, is UTF-8: no such line in GBK is that too.
func inUTF8(content io.Reader) io.Reader {
	const title = 512
	buffered := bufio.NewReaderSize(content, title)
	first, _ := buffered.Peek(title) // a shorter file is judged by what it has
	first, _, _ = bytes.Cut(first, []byte("\n"))
	if utf8.Valid(first) && bytes.ContainsFunc(first, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return buffered
	}
	return simplifiedchinese.GB18030.NewDecoder().Reader(buffered)
}

// cappedReader ends early and remembers that it did.
type cappedReader struct {
	reader io.Reader
	left   int64
}

func (c *cappedReader) Read(buffer []byte) (int, error) {
	if c.left < 0 {
		return 0, io.EOF
	}
	n, err := c.reader.Read(buffer)
	c.left -= int64(n)
	return n, err
}
