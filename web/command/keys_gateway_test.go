package command

import (
	"testing"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/core"
)

// named is a gateway of which only the name matters.
type named struct {
	adapters.Registration
	id core.GatewayID
}

func (n named) ID() core.GatewayID { return n.id }

// F12: where there are several gateways, an application's pair is made for the one that is named.
func TestF12PairIsOfTheGatewayNamed(t *testing.T) {
	one, two := named{id: "one"}, named{id: "two"}
	for _, c := range []struct {
		all  []adapters.Registration
		id   string
		want core.GatewayID
	}{
		{[]adapters.Registration{one}, "", "one"}, {[]adapters.Registration{one}, "two", ""}, {[]adapters.Registration{one, two}, "", ""},
		{[]adapters.Registration{one, two}, "two", "two"}, {[]adapters.Registration{one, two}, "three", ""},
	} {
		got, err := registered(c.all, c.id)
		if (err == nil) != (c.want != "") || err == nil && got.ID() != c.want {
			t.Errorf("%q of %d: %v, %v", c.id, len(c.all), got, err)
		}
	}
}
