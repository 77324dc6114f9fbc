package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

func newWatch(a *app) *cobra.Command {
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "watch RUN",
		Short: "Follow a run until it ends",
		Long: `Shows how a run stands, then every change and what its steps write, until it
ends. The exit status is the run's. Ctrl-C stops watching, not the run.`,
		Example: "  stack watch churn-1124-120000-x7k2",
		Args:    arguments("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := notNegative("--timeout", timeout); err != nil {
				return err
			}
			if timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeoutCause(ctx, timeout, errWaited)
				defer cancel()
			}
			return a.watch(ctx, args[0])
		},
	}
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "stop waiting after this `time`, such as 30m; the run goes on (exit status 9)")
	return cmd
}

// errWaited is why a context ended that has waited long enough.
var errWaited = errors.New("waited long enough")

func (a *app) watch(ctx context.Context, id string) error {
	s, r, err := a.sessionOf(id)
	if err != nil {
		return err
	}
	defer s.close()
	if r, err = s.engine.Refresh(ctx, r); err != nil {
		return err
	}
	view := a.newView(true)
	var end run.Record
	a.showNow(r, view) // following it tells only what changes
	if r.State.Final() {
		end = r
	} else {
		end, err = s.engine.Observe(ctx, r, view.Event)
	}
	view.Close()
	if errors.Is(context.Cause(ctx), errWaited) {
		return diag.Fail(diag.WaitTimeout, fmt.Errorf("run %s has not ended", id), fmt.Sprintf("`stack watch %s` comes back to it", id))
	}
	if err != nil {
		return err
	}
	return ended(end)
}

// showNow tells how a run and its steps stand.
func (a *app) showNow(r run.Record, view view) {
	for _, s := range r.Steps {
		view.Event(engine.Event{Time: a.Now(), Type: engine.StepStatus, Run: r.ID, Step: s.Name, To: string(s.State),
			Reason: string(s.Reason), Message: s.Message, Attempt: s.Attempt, Exit: s.ExitCode})
	}
	view.Event(engine.Event{Time: a.Now(), Type: engine.RunStatus, Run: r.ID, To: string(r.State), Reason: string(r.Reason), Message: r.Message})
}

// ended is the error that a run which did not succeed ends the process with.
func ended(r run.Record) error {
	switch r.State {
	case sdk.StateSucceeded:
		return nil
	case sdk.StateCancelled:
		return diag.Fail(diag.RunCancelled, fmt.Errorf("run %s was cancelled", r.ID), "")
	}
	return diag.Fail(diag.RunFailed, fmt.Errorf("run %s failed (%s)", r.ID, why(r)), fmt.Sprintf("`stack logs %s` shows what its steps said", r.ID))
}
