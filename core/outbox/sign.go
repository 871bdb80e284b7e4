package outbox

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// MinSecret and MaxSecret bound a secret in bytes, as Standard Webhooks 1.0.0 does ("Signature
// scheme").
const (
	MinSecret = 24
	MaxSecret = 64
)

// ParseSecret reads a secret as merchants and configuration write it: base64, with or without the
// prefix "whsec_", of MinSecret to MaxSecret bytes (C35). The error never repeats the text.
func ParseSecret(text string) ([]byte, error) {
	secret, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(strings.TrimSpace(text), "whsec_"))
	if err != nil {
		return nil, errors.New("the webhook secret is not base64")
	}
	if len(secret) < MinSecret || len(secret) > MaxSecret {
		return nil, fmt.Errorf("the webhook secret has %d bytes, not %d to %d", len(secret), MinSecret, MaxSecret)
	}
	return secret, nil
}

// sign puts identity, time and signatures of one try into the header, one signature for each secret
// that is valid now: both during a rotation (H10). The time is the try's, so that a captured
// request is stale five minutes later (H09); the id stays the event's over all tries (H11).
func sign(h http.Header, id string, at time.Time, body []byte, secrets [][]byte) error {
	signatures := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		if len(secret) < MinSecret {
			return fmt.Errorf("a webhook secret has %d bytes, fewer than %d", len(secret), MinSecret)
		}
		w, err := standardwebhooks.NewWebhookRaw(secret)
		if err != nil {
			return fmt.Errorf("webhook secret: %w", err)
		}
		signature, err := w.Sign(id, at, body)
		if err != nil {
			return fmt.Errorf("sign webhook: %w", err)
		}
		signatures = append(signatures, signature)
	}
	if len(signatures) == 0 {
		return errors.New("the endpoint has no secret")
	}
	h.Set(standardwebhooks.HeaderWebhookID, id)
	h.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	h.Set(standardwebhooks.HeaderWebhookSignature, strings.Join(signatures, " "))
	return nil
}
