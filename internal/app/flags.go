package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/headgate/headgate/internal/config"
)

// noArguments refuses what is no flag, and says so as wrong usage.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no argument, and was given %q; headgate %s --help lists its flags", c.Name(), args[0], c.Name())}
	}
	return nil
}

func addDirFlag(c *cobra.Command) *string {
	return c.Flags().StringP("repository", "C", ".", "`DIR` of the git repository, or any folder in it")
}

// addSettings gives the command a flag for each of the settings, or for those that are named. The function returned
// gives the values of the flags that were used.
func addSettings(c *cobra.Command, settings []config.Setting, only ...string) func() map[string][]string {
	values := map[string]*flagValue{}
	c.Flags().SortFlags = false
	for _, s := range settings {
		wanted := len(only) == 0
		for _, name := range only {
			wanted = wanted || name == s.Name
		}
		if !wanted {
			continue
		}
		v := &flagValue{setting: s}
		values[s.Name] = v
		flag := c.Flags().VarPF(v, s.Name, "", flagHelp(s))
		if len(s.Choices) == 2 && s.Choices[0] == "true" {
			flag.NoOptDefVal = "true" // --superuser alone
		}
	}
	return func() map[string][]string {
		given := map[string][]string{}
		c.Flags().Visit(func(f *pflag.Flag) {
			if v, ok := values[f.Name]; ok {
				given[f.Name] = v.values
			}
		})
		return given
	}
}

func flagHelp(s config.Setting) string {
	help := s.Help
	if len(s.Choices) > 0 && s.Choices[0] != "true" {
		help += ": " + strings.Join(s.Choices, ", ")
	}
	if s.Default != "" {
		help += fmt.Sprintf(" (default %s)", s.Default)
	}
	return help
}

// flagValue collects what a flag is given; config.Load checks it.
type flagValue struct {
	setting config.Setting
	values  []string
}

func (v *flagValue) String() string { return "" }
func (v *flagValue) Type() string   { return v.setting.Value }
func (v *flagValue) Set(value string) error {
	if !v.setting.Many {
		v.values = v.values[:0]
	}
	v.values = append(v.values, value)
	return nil
}
