//go:build galera

package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/core/storetest"
)

// galera opens a store on each node that PAYMUX_TEST_GALERA_DSN lists, separated by spaces. Run
// with -tags galera beside a cluster of at least two nodes.
func galera(t *testing.T) []*Store {
	t.Helper()
	nodes := strings.Fields(os.Getenv("PAYMUX_TEST_GALERA_DSN"))
	if len(nodes) < 2 {
		t.Fatal("PAYMUX_TEST_GALERA_DSN must list the DSNs of two nodes or more")
	}
	t.Setenv("PAYMUX_TEST_MYSQL_DSN", nodes[0])
	config := mysqlTestConfig(t)
	name := config.DSN[strings.LastIndex(config.DSN, "/"):]
	name, _, _ = strings.Cut(name, "?")
	var all []*Store
	for _, dsn := range nodes {
		config.DSN, config.Topology = dsn[:strings.LastIndex(dsn, "/")]+name, TopologyGalera
		all = append(all, open(t, config))
	}
	return all
}

// D13: the suite passes on a Galera node.
func TestGaleraSuite(t *testing.T) {
	s := galera(t)[0]
	storetest.Run(t, func(*testing.T) core.Store { return s })
	storetest.RunHeld(t, another(s.config))
}

// D13: an undeclared cluster is refused.
func TestGaleraUndeclared(t *testing.T) {
	t.Setenv("PAYMUX_TEST_MYSQL_DSN", strings.Fields(os.Getenv("PAYMUX_TEST_GALERA_DSN"))[0])
	if _, err := Open(context.Background(), mysqlTestConfig(t)); core.CodeOf(err) != core.CodeInvalid || !strings.Contains(err.Error(), "db.topology") {
		t.Fatal(err)
	}
}

// D02, S10: locks are local to a node, and conflicts show at commit. Version guards alone keep
// refunds within what was paid, and every node agrees.
func TestGaleraRace(t *testing.T) {
	nodes := galera(t)
	const orders, tries = 40, 6
	for i := range orders {
		p := pay(fmt.Sprint("p", i))
		p.PaidFen = 300
		writeRows(t, nodes[0], p)
	}
	full := errors.New("nothing left")
	var mu sync.Mutex
	won, runs, refused := 0, 0, 0
	var wg sync.WaitGroup
	for i := range orders * tries {
		wg.Go(func() {
			k := key(fmt.Sprint("p", i%orders))
			v, err := nodes[i/orders%len(nodes)].Do(context.Background(), core.Unit{Keys: []core.Key{k}, Decide: func(v core.View) (core.Writes, error) {
				o := v.Order(k)
				if o.Payment.Refundable() < 100 {
					return core.Writes{}, full
				}
				o.Payment.ReservedFen += 100
				return core.Writes{Guards: []core.Row{&o.Payment}, Inserts: []core.Row{audit(fmt.Sprint("a", i), start)}}, nil
			}})
			mu.Lock()
			defer mu.Unlock()
			runs += v.Runs
			switch {
			case err == nil:
				won++
			case errors.Is(err, full):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	t.Logf("%d won, %d refused, %d decisions for %d units", won, refused, runs, orders*tries)
	for n, s := range nodes {
		audits := int64(0)
		if err := s.read.Table("audits").Count(&audits).Error; err != nil || audits != orders*3 || won != orders*3 {
			t.Errorf("node %d has %d audit rows, %d won, want %d: %v", n, audits, won, orders*3, err)
		}
		for i := range orders {
			v, err := s.See(context.Background(), key(fmt.Sprint("p", i)))
			if err != nil || v.Order(key(fmt.Sprint("p", i))).Payment.ReservedFen != 300 {
				t.Errorf("node %d, order %d: %v", n, i, err)
			}
		}
	}
}
