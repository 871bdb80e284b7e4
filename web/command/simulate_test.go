package command_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paymux/paymux/adapters/alipay"
	"github.com/paymux/paymux/web/command"
)

// The simulator alone serves whoever has the keys that it made: here our own wire client, as a stranger would set it up.
func TestSimulatorAloneSpeaksToAnyClient(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "sim")
	ctx, stop := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := command.Run(ctx, []string{"simulate", "--listen", "127.0.0.1:0", "--data", dir, "--seed", "42"}, streams(writer, io.Discard))
		_ = writer.Close()
		ended <- code
	}()
	gateway := ""
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) == 2 && fields[0] == "gateway" {
			gateway = fields[1]
		}
		if strings.Contains(lines.Text(), "app private key") {
			break
		}
	}
	private, err := os.ReadFile(filepath.Join(dir, "app.pem"))
	if err != nil {
		t.Fatal(err)
	}
	public, err := os.ReadFile(filepath.Join(dir, "gateway.pub"))
	if err != nil {
		t.Fatal(err)
	}
	app, err := alipay.NewApp(alipay.AppConfig{
		AppID: "9021000100000001", SellerID: "2088000000000001", Gateway: gateway, Environment: alipay.Sandbox, Now: time.Now,
		Keys: []alipay.KeyConfig{{Version: "v1", Use: alipay.KeyCurrent, PrivateKey: string(private), AlipayPublicKey: string(public)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, result := app.Query(t.Context(), alipay.QueryRequest{OutTradeNo: "NOBODYKNOWSTHIS"}); result.Class != alipay.NotExist {
		t.Errorf("a query for an unknown trade: %v %v", result.Class, result.Err)
	}
	response, err := http.Get(strings.TrimSuffix(gateway, "gateway.do") + "sim/clock")
	if err != nil || response.StatusCode != http.StatusOK {
		t.Errorf("control API: %v %v", response, err)
	}
	_ = response.Body.Close()
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("the simulator ended with %d", code)
	}
}
