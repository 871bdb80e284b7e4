package alipaysetup

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/paymux/paymux/adapters"
	"github.com/paymux/paymux/core"
	"github.com/paymux/paymux/platforms"
)

// A channel's folder takes money only once two files outside it name it: the list of channels here,
// and the doors of a platform.
func TestEveryChannelIsWiredAndHasADoor(t *testing.T) {
	var wired []core.ChannelID
	for _, ch := range (Registration{}).Channels(func(string) (adapters.Application, bool) { return nil, false }) {
		wired = append(wired, ch.ID())
	}
	book, err := platforms.Load(platforms.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../*/channel.go")
	if err != nil || len(files) < 3 {
		t.Fatalf("channels: %v %v", files, err)
	}
	named := regexp.MustCompile(`(?m)^const ID core\.ChannelID = "([a-z0-9_]+)"$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := named.FindSubmatch(text)
		if found == nil {
			t.Errorf("%s names no ID", file)
			continue
		}
		id := core.ChannelID(found[1])
		if !slices.Contains(wired, id) {
			t.Errorf("%s is not wired: add it to channels in registration.go", id)
		}
		if accounts := (Dialect{}).Channels(); slices.Contains(wired, id) && !slices.Contains(accounts, string(id)) {
			t.Errorf("%s is wired, and no account may serve it", id)
		}
		if err := book.Check(core.Holdings{Channels: []core.ChannelID{id}}); err != nil {
			t.Errorf("%s takes money on no platform: add it to the doors in platforms/rules: %v", id, err)
		}
	}
}
