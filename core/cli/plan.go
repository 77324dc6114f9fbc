package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/run"
)

func newPlan(a *app) *cobra.Command {
	var flags flowFlags
	var out string
	var requests bool
	cmd := &cobra.Command{
		Use:   "plan FLOW",
		Short: "Show exactly what a run would do, and why",
		Long: `Shows every image (built or reused, and why), its Dockerfile, and every step
with its command and place; with --requests every request to the platform too,
which -o json always has. Nothing is built or submitted. With -O the plan is
saved; ` + "`stack run PLAN`" + ` then does exactly that, or ends with exit status 10 if
anything that the plan depends on has moved.`,
		Example: `  stack plan flow.yaml --stack docker
  stack plan flow.yaml -O plan.json && stack run plan.json
  stack plan flow.yaml -o json | jq '.images[].reasons'`,
		Args: a.flowArgument(),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.flow = args[0]
			return a.plan(cmd.Context(), flags, out, requests)
		},
	}
	flags.add(cmd)
	flags.addBuild(cmd)
	cmd.Flags().StringVarP(&out, "out", "O", "", "save the plan in this `file`, which must be new or a saved plan")
	cmd.Flags().BoolVar(&requests, "requests", false, "show the requests to the platform too")
	return cmd
}

func (a *app) plan(ctx context.Context, flags flowFlags, out string, requests bool) error {
	if err := a.mayHoldPlan(out); err != nil {
		return err
	}
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
		writePlan(a.Stdout, s.engine.Root, p.Plan, requests)
	}
	if out != "" {
		a.say("saved; `stack run %s` does exactly this", out)
	}
	return nil
}

// mayHoldPlan refuses to save a plan over anything but a saved plan: a name
// typed wrong must not cost the user a flow.
func (a *app) mayHoldPlan(out string) error {
	if out == "" {
		return nil
	}
	data, err := a.readFile(out)
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && isPlan(data):
		return nil
	case err != nil:
		return diag.List{diag.New(diag.Usage, "the plan cannot be saved as %s: %v", out, err).Try("name another file")}
	}
	return diag.List{diag.New(diag.Usage, "%s exists and is not a saved plan", out).
		Because("A plan replaces nothing but an earlier plan.").Try("name another file, or remove this one")}
}

// isPlan tells a saved plan, of whatever version, from all other files.
func isPlan(data []byte) bool {
	var saved struct {
		SchemaVersion *int    `json:"schema_version"`
		PlanDigest    *string `json:"plan_digest"`
	}
	return json.Unmarshal(data, &saved) == nil && saved.SchemaVersion != nil && saved.PlanDigest != nil
}
