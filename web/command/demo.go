package command

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	alipaysim "github.com/paymux/paymux/adapters/alipay/sim"
	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web"
	"github.com/paymux/paymux/web/app"
	"github.com/paymux/paymux/web/demoshop"
)

func newDemo(streams Streams) *cobra.Command {
	var listen, data string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Start everything on this machine: server, gateway simulator, and a shop to try",
		Long: "Start the server on an SQLite file, the Alipay gateway simulator on a listener of its own, and a demo shop. Nothing leaves this machine.\n" +
			"Everything is kept in the data folder; the next start finds the orders again.",
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			say(streams.Out, "paymux demo is starting · 正在启动…")
			demo, err := startDemo(cmd.Context(), listen, data, streams)
			if err != nil {
				return err
			}
			demo.announce(streams)
			return errors.Join(demo.app.Run(cmd.Context()), demo.Close())
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "address to listen on; port 0 takes a free one, and 0.0.0.0 opens it to other machines")
	cmd.Flags().StringVar(&data, "data", "data/demo", "folder for keys, database and the simulator's book; made if missing")
	return cmd
}

// demo is a running demo: the program itself, wired as always, and a simulator in the gateway's
// place.
type demo struct {
	release func() error // of the folder
	unlock  func() error // of the database
	folder  demoFolder
	sim     *simulator
	app     *app.App
	open    bool // to other machines
}

// startDemo makes the folder, starts the simulator, writes a configuration that points at it, and
// starts the program on that configuration.
func startDemo(ctx context.Context, listen, data string, streams Streams) (*demo, error) {
	listener, err := app.Listen(ctx, listen)
	if err != nil {
		return nil, err
	}
	d := &demo{open: !app.IsLoopback(listener)}
	if err := d.start(ctx, listener, data, streams); err != nil {
		return nil, errors.Join(err, listener.Close(), d.Close())
	}
	return d, nil
}

func (d *demo) start(ctx context.Context, listener net.Listener, data string, streams Streams) error {
	base, err := openFolder(data)
	if err != nil {
		return err
	}
	if d.release, err = base.hold(); err != nil {
		return err
	}
	if d.folder, err = openDemoFolder(base, streams.Random, streams.Now); err != nil {
		return err
	}
	if d.sim, err = d.startSimulator(ctx, streams); err != nil {
		return err
	}
	if err := d.folder.writeConfig(listener.Addr().String(), app.URLOf(listener), d.sim.gatewayURL()); err != nil {
		return err
	}
	// The variables of a real server must not reach into the demo.
	watcher, err := config.NewWatcher(d.folder.configFile(), nil, app.Dialects()...)
	if err != nil {
		return err
	}
	logger := newLogger(streams.Err, watcher.Current().Log)
	if d.unlock, err = holdDatabase(watcher.Current().DB, "paymux demo", streams); err != nil {
		return err
	}
	shop, err := d.shop(app.URLOf(listener), logger, streams)
	if err != nil {
		return err
	}
	d.app, err = app.New(ctx, app.Setup{
		Watcher: watcher, Listener: listener, Logger: logger, Now: streams.Now, Random: streams.Random, Migrate: true,
		Mounts: []web.Mount{{Prefix: demoshop.Prefix, Handler: shop}, {Prefix: "/", Handler: demoshop.Front()}},
	})
	return err
}

// startSimulator takes the address of last time if it is free, because pages signed then still lead
// there.
func (d *demo) startSimulator(ctx context.Context, streams Streams) (*simulator, error) {
	before, err := d.folder.once("gateway.addr", func() (string, error) { return "127.0.0.1:0", nil })
	if err != nil {
		return nil, err
	}
	listener, err := app.Listen(ctx, before)
	if err != nil {
		listener, err = app.Listen(ctx, "127.0.0.1:0")
	}
	if err != nil {
		return nil, err
	}
	sim, err := startSimulator(listener, alipaysim.Config{
		Seed: 1, AlipayPrivateKeyPEM: d.folder.gateway.PrivatePEM, BookPath: d.folder.bookFile(), Clock: alipaysim.NewClock(streams.Now, 1),
		Apps: []alipaysim.App{{AppID: demoAppID, SellerID: demoSellerID, SellerName: demoShopName, PublicKey: d.folder.app.PublicText}},
	})
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return sim, d.folder.write("gateway.addr", listener.Addr().String())
}

const shopTimeout = 40 * time.Second

func (d *demo) shop(base string, logger *slog.Logger, streams Streams) (*demoshop.Shop, error) {
	return demoshop.New(demoshop.Options{
		Name: demoShopName, API: base, Key: d.folder.apiKey, HTTP: &http.Client{Timeout: shopTimeout}, Host: demoHost{d.sim},
		OrderNo: demoshop.OrderNumbers(func(n int) []byte { return app.Draw(streams.Random, n) }), Now: streams.Now, Logger: logger,
	})
}

// announce tells a person what to open and what to paste.
func (d *demo) announce(streams Streams) {
	base := d.app.URL()
	say(streams.Out, "paymux demo ready: %s", base)
	say(streams.Out, "")
	say(streams.Out, "  shop · 打开商店   %s%s/", base, demoshop.Prefix)
	say(streams.Out, "  API key · 密钥    %s", d.folder.apiKey)
	say(streams.Out, "  data · 数据       %s", d.folder.folder)
	say(streams.Out, "  simulated gateway %s", d.sim.gatewayURL())
	d.announceClock(streams)
	if d.open {
		say(streams.Out, "")
		say(streams.Out, "  ! It listens beyond this machine: whoever reaches it can order, pay and refund with the key that the shop uses. Use 127.0.0.1 unless you mean that.")
		say(streams.Out, "  ！本机以外也能访问：能连上的人都可以下单、付款和退款。除非有意如此，请用 127.0.0.1。")
	}
	say(streams.Out, "")
	say(streams.Out, "  curl -s %s/v1/payments -H 'Authorization: Bearer %s' -H 'Content-Type: application/json' -d "+
		`'{"merchant_order_no":"T%d","platform":"wechat","amount_fen":12800,"subject":"明前龙井","goods":[{"id":"tea","name":"明前龙井","category":"physical","quantity":1,"price_fen":12800}]}'`,
		base, d.folder.apiKey, streams.Now().Unix())
	if d.folder.existed {
		say(streams.Out, "")
		say(streams.Out, "  The folder was there before: its orders are too. · 沿用上次的数据")
	}
}

// announceClock says why nothing can be ordered, where that is so: the gateway holds an order's end
// against its own clock.
func (d *demo) announceClock(streams Streams) {
	ahead := d.sim.Clock().Ahead()
	if ahead < demoshop.NoticeableLead {
		return
	}
	say(streams.Out, "")
	say(streams.Out, "  The simulated gateway's clock is %s ahead, because it was advanced. It refuses every order that expires within that time", ahead.Round(time.Second))
	say(streams.Out, "  (ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR). Delete the data folder, or name another by --data, to begin at the present.")
	say(streams.Out, "  模拟网关的时钟被拨快了，付款期限比这更短的订单会被它拒绝；删除数据目录，或用 --data 另选一个，即可从当前时间开始。")
}

// Close ends the program, then the gateway, and lets go of the folder.
func (d *demo) Close() error {
	var err error
	if d.app != nil {
		err = d.app.Close()
	}
	if d.sim != nil {
		err = errors.Join(err, d.sim.Close())
	}
	if d.unlock != nil {
		err = errors.Join(err, d.unlock())
	}
	if d.release != nil {
		err = errors.Join(err, d.release())
	}
	return err
}
