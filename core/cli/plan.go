package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/run"
)

func newPlan(a *app) *cobra.Command {
	var flags flowFlags
	var out string
	cmd := &cobra.Command{
		Use:   "plan FLOW",
		Short: "Show exactly what a run would do, and why",
		Long: `Shows every image (built or reused, and why), its Dockerfile, every step with
its command and place, and every request to the platform. Nothing is built or
submitted. With -O the plan is saved; ` + "`stack run PLAN`" + ` then does exactly that, or
ends with exit status 10 if anything that the plan depends on has moved.`,
		Example: `  stack plan flow.yaml --stack docker
  stack plan flow.yaml -O plan.json && stack run plan.json
  stack plan flow.yaml -o json | jq '.images[].reasons'`,
		Args: arguments("FLOW"),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.flow = args[0]
			return a.plan(cmd.Context(), flags, out)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVarP(&out, "out", "O", "", "save the plan in this `file`")
	return cmd
}

func (a *app) plan(ctx context.Context, flags flowFlags, out string) error {
	s, err := a.openSession(flags.flow, flags.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	request := flags.request()
	request.PlanFile = out
	p, err := s.engine.Plan(ctx, request, engine.PlanOptions{})
	if err != nil {
		return err
	}
	if out != "" {
		data, err := plan.Save(p.Plan, s.engine.Portable(p))
		if err != nil {
			return err
		}
		if err := run.WriteFile(a.path(out), data); err != nil {
			return diag.Fail(diag.DiskFull, fmt.Errorf("save plan: %w", err), "")
		}
	}
	if a.flags.output == "json" {
		a.printJSON(p.Plan)
	} else {
		a.printDiagnostics(p.Plan.Diagnostics)
		writePlan(a.Stdout, p.Plan)
	}
	if out != "" {
		a.say("saved; `stack run %s` does exactly this", out)
	}
	return nil
}
