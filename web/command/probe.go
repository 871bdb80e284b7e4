package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func newProbe(Streams) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "probe URL",
		Short: "Ask a running server whether it is well; for health checks of containers without a shell",
		Long: "Probe asks URL once, such as http://127.0.0.1:8080/healthz, and says nothing.\n\n" +
			"Exit code: 0 it answered with a status of the two hundreds, 1 it did not, 2 URL is none.",
		Example: "  paymux probe http://127.0.0.1:8080/readyz",
		Args:    exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			request, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, args[0], nil)
			if err != nil || request.URL.Host == "" || request.URL.Scheme != "http" && request.URL.Scheme != "https" {
				return misused(cmd, errors.New("URL must be whole, as in http://127.0.0.1:8080/readyz"))
			}
			client := http.Client{
				Timeout: timeout,
				// no proxy of the environment: the server is this machine's
				Transport: &http.Transport{DisableKeepAlives: true},
				// a server that sends a probe elsewhere is not well
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}
			response, err := client.Do(request)
			if err != nil {
				return err
			}
			_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
			_ = response.Body.Close()
			if response.StatusCode < 200 || response.StatusCode > 299 {
				return fmt.Errorf("%s answers %s", args[0], response.Status)
			}
			return nil
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 2*time.Second, "how long the answer may take")
	return cmd
}
