package command

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/core"
)

// gatewayBook is what the simulator's own book says of every trade, read on while it grows. What it
// has read never changes: the book is append-only.
type gatewayBook struct {
	source bookSource
	// apps are the applications whose trades are ours; other programs may use the same simulator.
	apps   map[string]bool
	trades map[string]*core.Truth // by out_trade_no
	failed error                  // of the last reading
}

// bookSource yields the entries after those it has yielded before.
type bookSource interface {
	next(context.Context) ([]alipaysim.Entry, error)
	Close() error
}

// openBook opens a book by file name or by the address of a running simulator.
func openBook(where string, apps map[string]bool) (*gatewayBook, error) {
	b := &gatewayBook{apps: apps, trades: map[string]*core.Truth{}}
	if strings.HasPrefix(where, "http://") || strings.HasPrefix(where, "https://") {
		b.source = &bookAddress{url: strings.TrimSuffix(where, "/") + "/sim/book", client: &http.Client{Timeout: 30 * time.Second}}
		return b, nil
	}
	file, err := os.Open(where)
	if err != nil {
		return nil, fmt.Errorf("the gateway's book: %w", err)
	}
	b.source = &bookFile{file: file, reader: bufio.NewReaderSize(file, 64<<10)}
	return b, nil
}

// catchUp reads what was written since the last time.
func (b *gatewayBook) catchUp(ctx context.Context) error {
	for {
		entries, err := b.source.next(ctx)
		if err != nil {
			b.failed = fmt.Errorf("the gateway's book: %w", err)
			return b.failed
		}
		if len(entries) == 0 {
			return nil
		}
		for i := range entries {
			b.enter(&entries[i])
		}
	}
}

func (b *gatewayBook) enter(e *alipaysim.Entry) {
	if e.OutTradeNo == "" || !b.apps[e.AppID] {
		return
	}
	switch e.Kind {
	case alipaysim.KindTradeCreated, alipaysim.KindTradePaid, alipaysim.KindRefunded:
	default:
		return
	}
	t := b.trades[e.OutTradeNo]
	if t == nil {
		t = &core.Truth{Refunds: map[string]core.Fen{}}
		b.trades[e.OutTradeNo] = t
	}
	switch e.Kind {
	case alipaysim.KindTradePaid:
		t.CapturedFen += core.Fen(e.AmountFen)
	case alipaysim.KindRefunded:
		t.RefundedFen += core.Fen(e.AmountFen)
		t.Refunds[e.OutRequestNo] += core.Fen(e.AmountFen)
	}
}

// numbers lists the trades known so far.
func (b *gatewayBook) numbers() []string {
	list := make([]string, 0, len(b.trades))
	for no := range b.trades {
		list = append(list, no)
	}
	return list
}

// bookFile reads the book's file beside the simulator that writes it.
type bookFile struct {
	file   *os.File
	reader *bufio.Reader
	torn   []byte // a line whose end is not written yet
}

const (
	bookPage = 1000    // entries at a time
	bookLine = 1 << 20 // bytes of one entry at most, as the simulator bounds it
)

func (b *bookFile) next(context.Context) ([]alipaysim.Entry, error) {
	var page []alipaysim.Entry
	for len(page) < bookPage {
		part, err := b.reader.ReadBytes('\n')
		b.torn = append(b.torn, part...)
		if errors.Is(err, io.EOF) {
			return page, nil
		}
		if err != nil {
			return nil, err
		}
		if len(b.torn) > bookLine {
			return nil, fmt.Errorf("a line is longer than %d bytes", bookLine)
		}
		var e alipaysim.Entry
		if err := json.Unmarshal(b.torn, &e); err != nil {
			return nil, fmt.Errorf("a line cannot be read: %w", err)
		}
		page, b.torn = append(page, e), b.torn[:0]
	}
	return page, nil
}

func (b *bookFile) Close() error { return b.file.Close() }

// bookAddress asks a running simulator page by page.
type bookAddress struct {
	url    string
	client *http.Client
	after  uint64
}

func (b *bookAddress) next(ctx context.Context) ([]alipaysim.Entry, error) {
	query := url.Values{"after": {fmt.Sprint(b.after)}, "limit": {fmt.Sprint(bookPage)}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.url+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	response, err := b.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", b.url, response.Status)
	}
	var page struct {
		Entries []alipaysim.Entry `json:"entries"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, bookPage*bookLine)).Decode(&page); err != nil {
		return nil, err
	}
	for _, e := range page.Entries {
		b.after = e.Seq
	}
	return page.Entries, nil
}

func (b *bookAddress) Close() error { b.client.CloseIdleConnections(); return nil }
