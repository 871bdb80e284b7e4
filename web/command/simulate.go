package command

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/adapters/alipaysim"
)

func newSimulate(streams Streams) *cobra.Command {
	var listen, data, appID, sellerID, publicKey string
	var seed uint64
	var scale int
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run the Alipay gateway simulator alone, for any SDK in any language",
		Long: "Run the gateway simulator alone. At first start it makes keys in the data folder: app.pem for your program to sign with, and gateway.pub,\n" +
			"which your program configures as Alipay's public key. With --app-public-key your program keeps its own key.",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			files, err := openFolder(data)
			if err != nil {
				return err
			}
			release, err := files.hold()
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, release()) }()
			gateway, err := files.pair("gateway", streams.Random)
			if err != nil {
				return err
			}
			public, err := applicationKey(files, publicKey, streams)
			if err != nil {
				return err
			}
			listener, err := bind(cmd.Context(), listen)
			if err != nil {
				return err
			}
			sim, err := startSimulator(listener, alipaysim.Config{
				Seed: seed, AlipayPrivateKeyPEM: gateway.PrivatePEM, BookPath: files.path("gateway.book"),
				Clock: alipaysim.NewClock(streams.Now, scale),
				Apps:  []alipaysim.App{{AppID: appID, SellerID: sellerID, SellerName: "Simulated merchant", PublicKey: public}},
			})
			if err != nil {
				return errors.Join(err, listener.Close())
			}
			say(streams.Out, "paymux simulator ready: %s", sim.url)
			say(streams.Out, "  gateway            %s", sim.gatewayURL())
			say(streams.Out, "  app_id             %s   seller_id %s", appID, sellerID)
			say(streams.Out, "  alipay public key  %s", files.path("gateway.pub"))
			if publicKey == "" {
				say(streams.Out, "  app private key    %s", files.path("app.pem"))
			}
			<-cmd.Context().Done()
			return sim.Close()
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&listen, "listen", "127.0.0.1:8090", "address to listen on; port 0 takes a free one")
	flags.StringVar(&data, "data", "data/simulator", "folder for keys and the book; made if missing")
	flags.Uint64Var(&seed, "seed", 1, "fixes every number the simulator gives out")
	flags.IntVar(&scale, "scale", 1, "simulated seconds per real second")
	flags.StringVar(&appID, "app-id", demoAppID, "the application the gateway knows")
	flags.StringVar(&sellerID, "seller-id", demoSellerID, "the payee of that application")
	flags.StringVar(&publicKey, "app-public-key", "", "file with your application's public key; empty makes a pair")
	return cmd
}

// applicationKey is the public key requests are verified with: the given file's, or that of a pair made in the folder.
func applicationKey(files folder, given string, streams Streams) (string, error) {
	if given == "" {
		pair, err := files.pair("app", streams.Random)
		return pair.PublicText, err
	}
	text, err := os.ReadFile(given)
	if err != nil {
		return "", fmt.Errorf("application public key: %w", err)
	}
	return string(text), nil
}

// simulator is a running gateway simulator on its own listener.
type simulator struct {
	*alipaysim.Server
	url  string
	http *http.Server
	done chan error
}

// startSimulator serves at once. Close stops it and writes its book to the end.
func startSimulator(listener net.Listener, cfg alipaysim.Config) (*simulator, error) {
	cfg.BaseURL = urlOf(listener)
	server, err := alipaysim.New(cfg)
	if err != nil {
		return nil, err
	}
	s := &simulator{Server: server, url: cfg.BaseURL, done: make(chan error, 1)}
	s.http = &http.Server{Handler: server.Handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute}
	go func() { s.done <- s.http.Serve(listener) }()
	return s, nil
}

func (s *simulator) gatewayURL() string { return s.url + "/gateway.do" }

const simulatorDrain = 3 * time.Second

// Close stops listening, lets answers finish and closes the book.
func (s *simulator) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), simulatorDrain)
	defer cancel()
	err := s.http.Shutdown(ctx)
	if errors.Is(err, context.DeadlineExceeded) { // a request that hangs on purpose is part of the simulation
		err = s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, s.Server.Close())
}

// bind listens on an address.
func bind(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", address, err)
	}
	return listener, nil
}

// urlOf is the address of a listener as this machine reaches it.
func urlOf(listener net.Listener) string {
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return "http://" + listener.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
