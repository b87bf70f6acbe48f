package app

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/headgate/headgate/internal/gate"
)

func newExplain(p Process) *cobra.Command {
	return &cobra.Command{
		Use:   "explain [RULE]",
		Short: "Say what a rule means, why it matters and what to do",
		Long:  "explain prints a rule's page. Without a rule it lists them all.",
		RunE: func(_ *cobra.Command, args []string) error {
			switch len(args) {
			case 0:
				return p.listRules()
			case 1:
				return p.explain(args[0])
			}
			return usageError{fmt.Errorf("explain takes one rule, and was given %d", len(args))}
		},
	}
}

func (p Process) listRules() error {
	for _, r := range gate.Rules {
		if _, err := fmt.Fprintf(p.Stdout, "%-18s %s (%s)\n", r.Name, r.Says, r.Default); err != nil {
			return err
		}
	}
	return nil
}

func (p Process) explain(name string) error {
	known := make([]string, len(gate.Rules))
	for i, r := range gate.Rules {
		known[i] = r.Name
		if r.Name != name {
			continue
		}
		page, err := r.Page()
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(p.Stdout, page)
		return err
	}
	return usageError{fmt.Errorf("there is no rule %q; the rules are %s", name, strings.Join(known, ", "))}
}
