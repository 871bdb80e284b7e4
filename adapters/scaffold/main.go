package main

import (
	"embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"
)

//go:embed templates
var templates embed.FS

func main() {
	if err := run(os.Args[1:], ".", os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "scaffold:", err)
		os.Exit(1)
	}
}

// channel is what the templates are filled with.
type channel struct {
	ID      string // in configuration and rules: taobao_h5
	Package string // the folder and the package: taobaoh5
	Gateway string // the folder of the gateway: alipay
}

const usage = "write it as: go run ./adapters/scaffold channel NAME, with NAME such as taobao_h5; -gateway GATEWAY before NAME for another than alipay"

// run scaffolds in the project that root holds.
func run(args []string, root string, out io.Writer) error {
	if len(args) == 0 || args[0] != "channel" {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet("channel", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	gateway := flags.String("gateway", "alipay", "the gateway's folder below adapters")
	if err := flags.Parse(args[1:]); err != nil || flags.NArg() != 1 {
		return errors.New(usage)
	}
	c := channel{ID: flags.Arg(0), Package: strings.ReplaceAll(flags.Arg(0), "_", ""), Gateway: *gateway}
	if !regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`).MatchString(c.ID) || len(c.ID) > 40 {
		return fmt.Errorf("%q is no name of a channel: use a-z, 0-9 and single _, beginning with a letter, at most 40", c.ID)
	}
	home := filepath.Join(root, "adapters", c.Gateway)
	if _, err := os.Stat(filepath.Join(home, "trade")); err != nil {
		return fmt.Errorf("adapters/%s/trade is not there: a new gateway needs its wire and its trades first (adapters/README.md)", c.Gateway)
	}
	if err := c.write(filepath.Join(home, c.Package)); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, next, c.Gateway, c.Package, c.ID)
	return err
}

const next = `adapters/%[1]s/%[2]s is written, and compiles. What is left, by adapters/README.md:

1. adapters/%[1]s/%[2]s/channel.go: write Pay, choose the door, add the capabilities.
2. adapters/%[1]s/setup/registration.go: add %[2]s.New(apps) to channels.
3. platforms/rules/PLATFORM.yaml: add channel %[3]s to the platform's doors.

go test ./adapters/%[1]s/%[2]s ./adapters/%[1]s/setup fails until all three are done.
`

// write makes the folder, and leaves one that is there alone.
func (c channel) write(folder string) error {
	if err := os.Mkdir(folder, 0o750); err != nil {
		return err
	}
	all, err := template.ParseFS(templates, "templates/*.tmpl")
	if err != nil {
		return err
	}
	for _, t := range all.Templates() {
		file, err := os.Create(filepath.Join(folder, strings.TrimSuffix(t.Name(), ".tmpl")))
		if err != nil {
			return err
		}
		if err := errors.Join(t.Execute(file, c), file.Close()); err != nil {
			return err
		}
	}
	return nil
}
