package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/run"
)

// runCommand is the arguments of `stack run`.
type runCommand struct {
	flowFlags
	detach  bool
	runID   string
	force   bool
	timeout time.Duration
	quiet   bool
}

func newRun(a *app) *cobra.Command {
	var c runCommand
	cmd := &cobra.Command{
		Use:   "run FLOW",
		Short: "Build what is missing, submit the flow once, and follow it",
		Long: `Resolves the flow's settings, builds the images that do not exist yet, submits
the flow, and shows how its steps fare and what they write. FLOW is a flow.yaml,
or a plan saved by ` + "`stack plan -O`" + `, which is run exactly as it was saved or
refused with exit status 10.

Ctrl-C stops a build. While a run is followed it cancels the run on stacks that
run on this machine, and stops following it on all others.

--detach and --timeout need a stack whose platform runs flows by itself. On the
orchestrators local and docker the run ends with this command, so both refuse
them.

With --progress none only the run's id and how it ended are printed, a line each
on standard error. With -o json every change is one object a line on standard
output; --quiet leaves out what steps write there too.`,
		Example: `  stack run flow.yaml --stack docker
  stack run flow.yaml -p epochs=5 --set steps.train.resources.cpu=4
  stack run plan.json`,
		Args: a.flowArgument(),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.flow = args[0]
			if err := notNegative("--timeout", c.timeout); err != nil {
				return err
			}
			return a.runFlow(cmd.Context(), c)
		},
	}
	c.add(cmd)
	c.addBuild(cmd)
	f := cmd.Flags()
	f.BoolVarP(&c.detach, "detach", "d", false, "submit and return; stack watch follows it later")
	f.StringVar(&c.runID, "run-id", "", "use this run `id`, so that a repeated command submits nothing")
	f.BoolVar(&c.force, "force", false, "build every image even if it exists")
	f.DurationVar(&c.timeout, "timeout", 0, "stop following after this `time`; the run goes on (exit status 9)")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "do not show what steps write")
	return cmd
}

func (a *app) runFlow(ctx context.Context, c runCommand) error {
	s, err := a.openSession(c.flow, c.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := a.planFor(ctx, s, &c.flowFlags, engine.PlanOptions{Force: c.force, Secrets: true})
	if err != nil {
		return err
	}
	a.printDiagnostics(p.Plan.Diagnostics)
	if err := s.engine.CheckRun(p, c.detach, c.timeout > 0); err != nil {
		return err
	}
	id := c.runID
	if id == "" {
		id = run.NewID(p.Plan.Flow, a.Now())
	}
	started, err := s.engine.Start(ctx, p, id)
	if err != nil {
		return err
	}
	defer started.Release()
	if err := a.roots().Add(s.engine.Root); err != nil {
		a.say("warning: this run is found from its own folder only: %v", err)
	}
	view := a.newView(!c.quiet)
	a.begins(view, started.Record)
	end, err := a.carryOut(ctx, s.engine, started, c, view.Event)
	view.Close()
	return a.concluded(ctx, end, err, c)
}

// carryOut builds, submits and follows a run whose record is written.
func (a *app) carryOut(ctx context.Context, e *engine.Engine, r *engine.Started, c runCommand, sink engine.Sink) (run.Record, error) {
	if err := e.BuildImages(ctx, r, sink); err != nil {
		return r.Record, err
	}
	if err := e.Submit(ctx, r, sink); err != nil {
		return r.Record, err
	}
	if c.detach {
		return r.Record, nil
	}
	if c.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, c.timeout, errWaited)
		defer cancel()
	}
	end, err := e.FollowStarted(ctx, r, !c.quiet, sink)
	if err != nil && errors.Is(context.Cause(ctx), errWaited) {
		return end, errWaited
	}
	return end, err
}

// concluded says how a run ended, and how to come back to one that goes on.
func (a *app) concluded(ctx context.Context, r run.Record, err error, c runCommand) error {
	switch {
	case errors.Is(err, errWaited):
		return diag.Fail(diag.WaitTimeout, fmt.Errorf("run %s has not ended", r.ID), fmt.Sprintf("`stack watch %s` comes back to it", r.ID))
	case ctx.Err() != nil && !r.State.Final():
		a.say("run %s goes on; `stack watch %s` comes back to it, `stack cancel %s` stops it", r.ID, r.ID, r.ID)
		return ctx.Err()
	case err != nil:
		return err
	case c.detach:
		a.say("run %s is submitted; `stack watch %s` follows it", r.ID, r.ID)
		return nil
	}
	if r.URL != "" {
		a.say("%s", r.URL)
	}
	return ended(r)
}

// planFor plans a flow, or reads a saved plan and makes sure that it still
// says what would be done. flags are then those of the saved plan.
func (a *app) planFor(ctx context.Context, s *session, flags *flowFlags, opt engine.PlanOptions) (*engine.Planned, error) {
	request := flags.request()
	var saved *plan.Saved
	if data, err := a.readFile(flags.flow); err == nil && looksLikePlan(data) {
		loaded, err := plan.Load(flags.flow, data)
		if err != nil {
			return nil, err
		}
		if len(flags.params)+len(flags.set)+len(flags.vars) > 0 || flags.stack != "" || flags.file != "" || flags.build != nil {
			return nil, diag.List{diag.New(diag.Usage, "a saved plan is run as it is: -p, --set, --var, --stack, --file and --build cannot change it")}
		}
		saved = &loaded
		request = s.engine.Again(loaded.Request)
		request.PlanFile = flags.flow
	}
	p, err := s.engine.Plan(ctx, request, opt)
	if err != nil {
		return nil, err
	}
	if saved != nil {
		if err := plan.CheckFresh(saved.Plan, p.Plan); err != nil {
			return nil, err
		}
	}
	return p, nil
}
