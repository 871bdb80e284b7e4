package demoshop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/web"
)

// api calls the merchant's API as any shop's server would.
type api struct {
	base, key string
	http      *http.Client
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// refusal is an answer that is not a success: the API's problem document.
type refusal struct{ web.Problem }

// Error names the code.
func (r *refusal) Error() string { return fmt.Sprintf("%s: %s", r.Code, r.Detail) }

// call sends one request; a second one with the same idempotency key is the same request.
func (a api) call(ctx context.Context, method, path, idempotencyKey string, ask, answer any) error {
	var body io.Reader
	if ask != nil {
		text, err := json.Marshal(ask)
		if err != nil {
			return fmt.Errorf("demoshop: %w", err)
		}
		body = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, body)
	if err != nil {
		return fmt.Errorf("demoshop: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+a.key)
	if ask != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if idempotencyKey != "" {
		request.Header.Set("Idempotency-Key", idempotencyKey)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return fmt.Errorf("demoshop: call the API: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("demoshop: read the API's answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var r refusal
		if err := json.Unmarshal(text, &r.Problem); err != nil {
			return fmt.Errorf("demoshop: the API answered %s", response.Status)
		}
		return &r
	}
	if answer == nil {
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("demoshop: the API's answer: %w", err)
	}
	return nil
}

func (a api) payment(ctx context.Context, id string) (core.PaymentView, error) {
	var view core.PaymentView
	err := a.call(ctx, http.MethodGet, "/v1/payments/"+id, "", nil, &view)
	return view, err
}

// latest returns the newest payments.
func (a api) latest(ctx context.Context) ([]core.PaymentView, error) {
	var page struct {
		Data []core.PaymentView `json:"data"`
	}
	err := a.call(ctx, http.MethodGet, "/v1/payments?limit=8", "", nil, &page)
	return page.Data, err
}
