package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
)

func newValidate(a *app) *cobra.Command {
	var flags flowFlags
	cmd := &cobra.Command{
		Use:   "validate FLOW",
		Short: "Check a flow, its settings and its stack, all mistakes at once",
		Long: `Reads the flow and its stack, resolves every setting, and reports every mistake
with its line, its code and a way out. Uses no network and builds nothing. The
exit status is 2 if anything is wrong.`,
		Example: "  stack validate flow.yaml\n  stack validate flow.yaml -o json",
		Args:    a.flowArgument(),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.flow = args[0]
			return a.validate(cmd.Context(), flags)
		},
	}
	flags.add(cmd)
	return cmd
}

func (a *app) validate(ctx context.Context, flags flowFlags) error {
	s, err := a.openSession(flags.flow, flags.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	resolved, list, err := s.engine.Validate(ctx, flags.request())
	if err != nil {
		return err
	}
	if err := list.Err(); err != nil {
		return err
	}
	if a.flags.output == "json" {
		if list == nil {
			list = diag.List{}
		}
		a.printJSON(map[string]any{"diagnostics": list})
		return nil
	}
	a.printDiagnostics(list)
	fmt.Fprintf(a.Stdout, "%s is valid on stack %s: %s\n", flags.flow, resolved.Stack.Name, number(len(resolved.Steps), "step"))
	return nil
}
