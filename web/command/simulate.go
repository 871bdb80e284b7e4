package command

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/web/app"
)

func newSimulate(streams Streams) *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run the Alipay gateway simulator alone, for any SDK in any language",
		Long: "Run the gateway simulator alone. At first start it makes keys in the data folder: app.pem for your program to sign with, gateway.pub, which\n" +
			"your program configures as Alipay's public key, and aes.key for content encryption. With --app-public-key your program keeps its own key,\n" +
			"with --certificates it speaks certificate mode. docs/simulator.md is the guide.",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.Context(), streams) },
	}
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8090", "address to listen on; port 0 takes a free one")
	flags.StringVar(&o.data, "data", "data/simulator", "folder for keys and the book; made if missing")
	flags.Uint64Var(&o.seed, "seed", 1, "fixes every number the simulator gives out")
	flags.IntVar(&o.scale, "scale", 1, "simulated seconds per real second; 0 stands still until advanced")
	flags.StringVar(&o.start, "start", "", `simulated time of a new book, like "2026-11-22 20:00:00" (China); empty is the present`)
	flags.BoolVar(&o.manual, "manual", false, "nothing happens by itself: notifications and expiries wait for advance or flush, in order")
	flags.StringVar(&o.appID, "app-id", demoAppID, "the application the gateway knows")
	flags.StringVar(&o.sellerID, "seller-id", demoSellerID, "the payee of that application")
	flags.StringSliceVar(&o.otherSellers, "other-seller-id", nil, "a further payee that orders may name as seller_id; may be repeated")
	flags.StringVar(&o.controlKey, "control-key", "", "what calls of /sim/ must show; empty makes one if --listen is beyond loopback")
	flags.StringVar(&o.publicKey, "app-public-key", "", "file with your application's public key; empty makes a pair")
	flags.StringSliceVar(&o.opAppIDs, "op-app-id", nil, "a mini-program that may be named as op_app_id beside the application itself; may be repeated")
	flags.StringVar(&o.appGateway, "app-gateway", "", "address of your application gateway: complaints and other messages go there")
	flags.BoolVar(&o.openID, "open-id", false, "name buyers by open_id, never by user_id")
	flags.IntVar(&o.buyers, "buyers", 1, "how many buyers there are, 1 to 9")
	flags.BoolVar(&o.certificates, "certificates", false, "certificate mode; makes the three .crt files in the data folder")
	return cmd
}

// run serves until ctx ends.
func (o simulateOptions) run(ctx context.Context, streams Streams) (err error) {
	files, err := openFolder(o.data)
	if err != nil {
		return err
	}
	release, err := files.hold()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, release()) }()
	cfg, err := o.config(files, streams)
	if err != nil {
		return err
	}
	listener, err := app.Listen(ctx, o.listen)
	if err != nil {
		return err
	}
	if cfg.ControlKey, err = o.guardControl(files, listener, streams); err != nil {
		return errors.Join(err, listener.Close())
	}
	sim, err := startSimulator(listener, cfg)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	say(streams.Out, "paymux simulator ready: %s", sim.url)
	say(streams.Out, "  gateway            %s", sim.gatewayURL())
	say(streams.Out, "  app_id             %s   seller_id %s", o.appID, o.sellerID)
	if o.certificates {
		for _, file := range []string{o.appCertificateFile(), gatewayCertificateFile, rootCertificateFile} {
			say(streams.Out, "  certificate        %s", files.path(file))
		}
	} else {
		say(streams.Out, "  alipay public key  %s", files.path("gateway.pub"))
	}
	say(streams.Out, "  AES key            %s", files.path(aesKeyFile))
	if cfg.ControlKey != "" {
		say(streams.Out, "  control key        %s   (for /sim/: Authorization: Bearer KEY, or curl -u :KEY)", cfg.ControlKey)
	}
	if o.publicKey == "" {
		say(streams.Out, "  app private key    %s", files.path("app.pem"))
	}
	<-ctx.Done()
	return sim.Close()
}

// simulator is a running gateway simulator on its own listener.
type simulator struct {
	*alipaysim.Server
	url  string
	http *http.Server
	done chan error
}

// startSimulator serves at once. Close stops it and writes its book to the end. Its pages lead back
// to whatever name a visitor came by: a phone and a container do not know this machine as
// 127.0.0.1.
func startSimulator(listener net.Listener, cfg alipaysim.Config) (*simulator, error) {
	server, err := alipaysim.New(cfg)
	if err != nil {
		return nil, err
	}
	s := &simulator{Server: server, url: app.URLOf(listener), done: make(chan error, 1)}
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
	// a request that hangs on purpose is part of the simulation
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	if served := <-s.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, s.Server.Close())
}
