package command

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/web"
	"github.com/paymux/paymux/web/app"
)

// The variables that call reads where a flag is not given.
const (
	envURL    = "PAYMUX_CALL_URL"
	envKey    = "PAYMUX_CALL_KEY"
	envSecret = "PAYMUX_CALL_SECRET" //nolint:gosec // the name of a variable
)

const (
	callTimeout   = time.Minute
	maxCallAnswer = 8 << 20
)

func newCall(streams Streams) *cobra.Command {
	var base, key, secretFile, data, idempotencyKey string
	cmd := &cobra.Command{
		Use:   "call METHOD PATH",
		Short: "Call the API and sign the request, for people",
		Long: "Call the API of a running server and print the answer.\n\n" +
			"A bearer key (pmx_…) is sent as it is. For a key of mode signed, --key is its id, and the secret comes from --secret-file or\n" +
			envSecret + "; it is never given on the command line, where others can see it.",
		Example: "  paymux call GET /v1/platforms --key pmx_…\n  paymux call POST /v1/payments --data '{…}' --key shop_server --secret-file shop.secret",
		Args:    exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			base, key = orEnv(base, envURL, streams), orEnv(key, envKey, streams)
			secret, err := callSecret(secretFile, streams)
			if err != nil {
				return err
			}
			if key == "" {
				return usageError{fmt.Errorf("name the key by --key or %s", envKey)}
			}
			// it would become a part of the host's name, and the key go there
			if !strings.HasPrefix(args[1], "/") {
				return usageError{fmt.Errorf("PATH must begin with /, as in /v1/platforms")}
			}
			body, err := callBody(data, cmd.InOrStdin())
			if err != nil {
				return err
			}
			request, err := http.NewRequestWithContext(cmd.Context(), strings.ToUpper(args[0]), strings.TrimSuffix(base, "/")+args[1], bytes.NewReader(body))
			if err != nil {
				return usageError{err}
			}
			if len(body) > 0 {
				request.Header.Set("Content-Type", "application/json")
			}
			if idempotencyKey != "" {
				request.Header.Set("Idempotency-Key", idempotencyKey)
			}
			if secret == "" {
				request.Header.Set("Authorization", "Bearer "+key)
			} else {
				nonce := app.Letters(streams.Random)
				web.Sign(request, body, key, []byte(secret), streams.Now(), nonce)
			}
			return send(request, streams)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&base, "url", "", "the server ("+envURL+"; http://127.0.0.1:8080 by default)")
	flags.StringVar(&key, "key", "", "bearer key, or id of a signed key ("+envKey+")")
	flags.StringVar(&secretFile, "secret-file", "", "file with the secret of a signed key ("+envSecret+" holds the secret itself)")
	flags.StringVar(&data, "data", "", "JSON body; @FILE reads it from a file, @- from standard input")
	flags.StringVar(&idempotencyKey, "idempotency-key", "", "makes a repeated request the same request")
	cmd.SetIn(os.Stdin)
	return cmd
}

// orEnv prefers the flag, then the variable, then the demo's address where that is what was asked
// for.
func orEnv(flag, name string, streams Streams) string {
	if flag != "" {
		return flag
	}
	if value := lookup(streams.Environ, name); value != "" {
		return value
	}
	if name == envURL {
		return "http://127.0.0.1:8080"
	}
	return ""
}

func lookup(environ []string, name string) string {
	for _, entry := range environ {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

func callSecret(file string, streams Streams) (string, error) {
	if file == "" {
		return lookup(streams.Environ, envSecret), nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	if strings.TrimSpace(string(text)) == "" {
		return "", fmt.Errorf("secret: %s is empty", file)
	}
	return strings.TrimSpace(string(text)), nil
}

func callBody(data string, stdin io.Reader) ([]byte, error) {
	name, isFile := strings.CutPrefix(data, "@")
	switch {
	case !isFile:
		return []byte(data), nil
	case name == "-":
		return io.ReadAll(io.LimitReader(stdin, maxCallAnswer))
	default:
		return os.ReadFile(name)
	}
}

// send prints the answer's body, and fails when the answer is not a success.
func send(request *http.Request, streams Streams) error {
	client := &http.Client{
		Timeout: callTimeout,
		// A redirect would carry the key to another host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxCallAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	var shown bytes.Buffer
	if json.Indent(&shown, text, "", "  ") == nil {
		text = shown.Bytes()
	}
	say(streams.Out, "%s", strings.TrimRight(string(text), "\n"))
	sent, bearer := strings.CutPrefix(request.Header.Get("Authorization"), "Bearer ")
	if response.StatusCode == http.StatusUnauthorized && bearer && !strings.HasPrefix(sent, "pmx_") {
		return fmt.Errorf("the server answered %s: --key was sent as a bearer key; the id of a signed one wants --secret-file or %s beside it",
			response.Status, envSecret)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("the server answered %s", response.Status)
	}
	return nil
}
