package command

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paymux/paymux/config"
	"github.com/paymux/paymux/web/app"
)

func newConfig(streams Streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Bring a configuration file to this version's spelling · 把配置文件改写为当前写法",
		Args:  exactArgs(0),
		RunE:  help,
	}
	cmd.AddCommand(newConfigMigrate(streams))
	return cmd
}

func newConfigMigrate(streams Streams) *cobra.Command {
	return &cobra.Command{
		Use:   "migrate FILE",
		Short: "Print a configuration file in this version's spelling; FILE itself stays as it is",
		Long: "账户在网关的设置现在写在以网关命名的一节里（alipay:）。新文件打印到标准输出，注释、顺序和缩进不变；移动了什么写到标准错误。\n\n" +
			"The settings of an account at its gateway stand in a section under the gateway's name (alipay:). Migrate prints the file with those that stand\n" +
			"elsewhere moved there: comments, order, quotes and indentation are kept. What it moved it says on standard error. A file in the new spelling is\n" +
			"printed as it is. It judges nothing else: run \"paymux check\" on the new file.",
		Example: "  paymux config migrate paymux.yaml > new.yaml && paymux check --config new.yaml",
		Args:    exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := args[0]
			text, moved, err := config.MigrateFile(file, app.Dialects()...)
			if list, wrong := errors.AsType[config.Problems](err); wrong {
				return fmt.Errorf("%s cannot be migrated:\n%w", file, list)
			}
			if err != nil {
				return err
			}
			for _, m := range moved {
				say(streams.Err, "%s (line %d): moved under %s: %s", m.Account, m.Line, m.Gateway, strings.Join(m.Settings, ", "))
			}
			if len(moved) == 0 {
				say(streams.Err, "%s: nothing to move", file)
			}
			_, err = streams.Out.Write(text)
			return err
		},
	}
}
