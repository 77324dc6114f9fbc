package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

// Started is a run whose record is written, and that this process holds.
type Started struct {
	Record  run.Record
	planned *Planned
	host    *run.Host
}

// Release lets other processes follow the run.
func (s *Started) Release() { s.host.Release() }

// hosted reports whether the run lives in a plugin process of ours.
func (s *Started) hosted() bool { return !s.planned.connection.info.Has(sdk.CapDetach) }

// CheckRun refuses what the stack's orchestrator cannot do with a whole run.
func (e *Engine) CheckRun(p *Planned, detach, timeout bool) error {
	if p.connection.info.Has(sdk.CapDetach) {
		return nil
	}
	for _, flag := range []struct {
		given bool
		name  string
	}{{detach, "--detach"}, {timeout, "--timeout"}} {
		if flag.given {
			return diag.List{diag.New(diag.Unsupported, "%s is not possible on stack %s", flag.name, p.Plan.Stack).
				Because("Orchestrator %s runs the steps under this command; they end when it does.", p.connection.info.Name).
				Try("leave it away, or run on a stack whose platform runs the flow by itself")}
		}
	}
	return nil
}

// Start writes the record of a run of p, before anything is built or submitted.
func (e *Engine) Start(ctx context.Context, p *Planned, id string) (*Started, error) {
	r := run.Record{
		ID: id, Flow: p.Plan.Flow, Stack: p.Plan.Stack, Phase: run.Planned, State: sdk.StatePending, Created: e.Now().UTC(),
		Orchestrator: p.connection.info.Name, Detached: p.connection.info.Has(sdk.CapDetach), Code: gitState(ctx, e.Root),
		Source: run.Source{FlowFile: e.absolute(p.request.FlowFile), Params: p.request.Params, Set: p.request.Set, Vars: p.request.Vars},
	}
	if p.request.StackFile != "" {
		r.Source.StackFile = e.absolute(p.request.StackFile)
	}
	for _, s := range p.Plan.Steps {
		r.Steps = append(r.Steps, run.Step{Name: s.Name, State: sdk.StatePending})
	}
	host, err := e.Runs.Create(r)
	if err != nil {
		return nil, err
	}
	return &Started{Record: r, planned: p, host: host}, nil
}

// save writes the record as it is now.
func (e *Engine) save(s *Started) error { return e.Runs.Save(s.Record) }

// fail ends the record of a run that got no further, and gives back why.
func (e *Engine) fail(ctx context.Context, s *Started, err error, sink Sink) error {
	state := sdk.StateFailed
	message := err.Error()
	if ctx.Err() != nil {
		state, message = sdk.StateCancelled, "interrupted"
	}
	from := s.Record.State
	s.Record = s.Record.End(state, sdk.ReasonNone, message, e.Now().UTC())
	sink(Event{Time: e.Now(), Type: RunStatus, Run: s.Record.ID, From: string(from), To: string(state), Message: message})
	return errors.Join(err, e.save(s))
}

// submitTime is how long a platform may take to accept a run.
const submitTime = 2 * time.Minute

// Submit hands the run to the platform, once. Once begun it is not given up
// on an interrupt: whether the platform has the run must be known.
func (e *Engine) Submit(ctx context.Context, s *Started, sink Sink) error {
	if err := ctx.Err(); err != nil {
		return e.fail(ctx, s, err, sink)
	}
	c := s.planned.connection
	w := s.planned.Plan.Workflow
	w.RunID = s.Record.ID
	w.Labels = maps.Clone(w.Labels)
	w.Labels["stack.run"] = s.Record.ID
	if err := os.MkdirAll(e.stateDir(c.stack.Orchestrator.Type), 0o755); err != nil {
		return e.fail(ctx, s, diag.Fail(diag.DiskFull, fmt.Errorf("create folder for plugin state: %w", err), ""), sink)
	}
	s.Record.Phase = run.Submitting
	if err := e.save(s); err != nil {
		return e.fail(ctx, s, err, sink)
	}
	bounded, stop := context.WithTimeout(context.WithoutCancel(ctx), submitTime)
	defer stop()
	submission, err := c.orchestrator.Submit(bounded, w, s.planned.Plan.Private)
	if err != nil {
		err = fmt.Errorf("submit run %s: %w", s.Record.ID, err)
		if !s.hosted() && retryable(err) {
			// The platform may have it. The record stays as it is, and the
			// platform is asked when the run is next looked at.
			return err
		}
		return e.fail(ctx, s, err, sink)
	}
	s.Record.Phase, s.Record.Handle, s.Record.URL = run.Submitted, submission.Handle, submission.URL
	return e.save(s)
}

// FollowStarted follows a run that this process submitted.
func (e *Engine) FollowStarted(ctx context.Context, s *Started, logs bool, sink Sink) (run.Record, error) {
	opt := FollowOptions{Logs: logs}
	if s.hosted() {
		opt.Hosted, opt.Host = true, s.host
	}
	end, err := e.Follow(ctx, s.planned.connection.orchestrator, s.Record, opt, sink)
	s.Record = end
	return end, err
}

// gitState is the commit of the checkout that dir is in, and whether files
// differ from it. Without git or a checkout it is empty.
func gitState(ctx context.Context, dir string) run.Code {
	ctx, stop := context.WithTimeout(ctx, 5*time.Second)
	defer stop()
	git := func(args ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", dir}, args...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	commit, err := git("rev-parse", "HEAD")
	if err != nil {
		return run.Code{}
	}
	changed, err := git("status", "--porcelain", "--", ".")
	return run.Code{Commit: commit, Dirty: err != nil || changed != ""}
}
