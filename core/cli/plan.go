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
	var requests, lock bool
	cmd := &cobra.Command{
		Use:   "plan FLOW",
		Short: "Show exactly what a run would do, and why",
		Long: `Shows every image (built or reused, and why), its Dockerfile, and every step
with its command and place; with --requests every request to the platform too,
which -o json always has. Nothing is built or submitted. With -O the plan is
saved; ` + "`stack run PLAN`" + ` then does exactly that, or ends with exit status 10 if
anything that the plan depends on has moved.

With --lock every base image is asked for afresh, and its digest is written to
stack.lock.hcl beside stacks.hcl. From then on plans, builds and runs use that
digest, whatever the tag means by then.`,
		Example: `  stack plan flow.yaml --stack docker
  stack plan flow.yaml -O plan.json && stack run plan.json
  stack plan flow.yaml --lock
  stack plan flow.yaml -o json | jq '.images[].reasons'`,
		Args: a.flowArgument(),
		RunE: func(cmd *cobra.Command, args []string) error {
			flags.flow = args[0]
			return a.plan(cmd.Context(), flags, out, requests, lock)
		},
	}
	flags.add(cmd)
	flags.addBuild(cmd)
	cmd.Flags().StringVarP(&out, "out", "O", "", "save the plan in this `file`, which must be new or a saved plan")
	cmd.Flags().BoolVar(&requests, "requests", false, "show the requests to the platform too")
	cmd.Flags().BoolVar(&lock, "lock", false, "resolve every base image afresh and write its digest to stack.lock.hcl")
	return cmd
}

func (a *app) plan(ctx context.Context, flags flowFlags, out string, requests, lock bool) error {
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
	p, err := s.engine.Plan(ctx, request, engine.PlanOptions{Lock: lock})
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
		a.printJSON(struct {
			plan.Plan
			Lock *engine.Locked `json:"lock,omitempty"`
		}{p.Plan, p.Locked})
	} else {
		a.printDiagnostics(p.Plan.Diagnostics)
		writePlan(a.Stdout, s.engine.Root, p.Plan, requests)
	}
	if lock {
		a.sayLocked(p)
	}
	if out != "" {
		a.say("saved; `stack run %s` does exactly this", out)
	}
	return nil
}

// sayLocked says what --lock changed.
func (a *app) sayLocked(p *engine.Planned) {
	switch {
	case p.Locked == nil:
		a.say("nothing to lock: stack %s runs steps without images", p.Plan.Stack)
	case len(p.Locked.Changes) == 0:
		a.say("%s has not changed", p.Locked.File)
	default:
		a.say("%s:", p.Locked.File)
		for _, c := range p.Locked.Changes {
			a.say("  %s", c)
		}
	}
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
