package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"
)

func newCancel(a *app) *cobra.Command {
	var grace time.Duration
	cmd := &cobra.Command{
		Use:   "cancel RUN",
		Short: "Stop a run",
		Long: `Asks for a run to be stopped and waits until it has. Steps get a polite signal
first and a final one after the grace period. A run that has ended stays as it
is, and that is no error.`,
		Example: "  stack cancel churn-1124-120000-x7k2",
		Args:    arguments("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := notNegative("--grace", grace); err != nil {
				return err
			}
			return a.cancel(cmd.Context(), args[0], grace)
		},
	}
	cmd.Flags().DurationVar(&grace, "grace", 0, "`time` between the polite signal and the final one; the platform's own by default")
	return cmd
}

func (a *app) cancel(ctx context.Context, id string, grace time.Duration) error {
	s, r, err := a.sessionOf(id)
	if err != nil {
		return err
	}
	defer s.close()
	if r, err = s.engine.Refresh(ctx, r); err != nil {
		return err
	}
	if !r.State.Final() {
		if r, err = s.engine.Cancel(ctx, r, grace); err != nil {
			return err
		}
	}
	if a.flags.output == "json" {
		a.printJSON(asPS(r))
		return nil
	}
	a.say("run %s: %s", r.ID, r.State)
	return nil
}
