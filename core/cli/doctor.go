package cli

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
)

func newDoctor(a *app) *cobra.Command {
	var where stackFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine and a stack have and lack, and what to do",
		Long: `Looks at the project's folder, starts the stack's plugins, and asks its platform,
builder and registry whether they answer. The exit status is 2 if flows could
not run on the stack.`,
		Example: "  stack doctor\n  stack doctor --stack docker",
		Args:    arguments(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), where) },
	}
	where.add(cmd)
	return cmd
}

func (a *app) doctor(ctx context.Context, where stackFlags) error {
	s, err := a.openSession(a.Dir, where.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	checks := s.engine.Doctor(ctx, where.request())
	broken := false
	for _, c := range checks {
		broken = broken || c.State == engine.CheckProblem
	}
	if a.flags.output == "json" {
		a.printJSON(map[string]any{"checks": checks})
	} else {
		w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
		for _, c := range checks {
			fmt.Fprintf(w, "%s\t%s\t%s\n", c.State, c.Name, diag.Printable(c.Detail))
			if c.Fix != "" {
				fmt.Fprintf(w, "\t\t→ %s\n", diag.Printable(c.Fix))
			}
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	if broken {
		return exitStatus(diag.ExitUsage)
	}
	return nil
}
