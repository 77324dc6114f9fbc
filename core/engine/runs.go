package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

// connectTo starts and configures the orchestrator that has a run.
func (e *Engine) connectTo(ctx context.Context, r run.Record) (*connection, error) {
	c, err := e.connect(ctx, Target{Stack: r.Stack, StackFile: r.Source.StackFile, FlowFile: r.Source.FlowFile, Vars: r.Source.Vars})
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", r.ID, err)
	}
	return c, nil
}

// Refresh brings the record of a run up to date. A run that has ended, or that
// another process of this machine follows, is left as it is. One that was
// never submitted ends here; of any other the platform is asked.
func (e *Engine) Refresh(ctx context.Context, r run.Record) (run.Record, error) {
	if r.State.Final() || e.Runs.Hosted(r.ID) {
		return r, nil
	}
	if r.Phase == run.Planned || r.Phase == run.Building {
		r = r.End(sdk.StateFailed, sdk.ReasonHostLost, "stack ended before the run was submitted", e.Now())
		return r, e.Runs.Save(r)
	}
	c, err := e.connectTo(ctx, r)
	if err != nil {
		return r, err
	}
	before := r
	err = c.orchestrator.Watch(ctx, sdk.WatchRequest{RunID: r.ID, Handle: r.Handle, SnapshotOnly: true}, func(ev sdk.Event) error {
		r = r.Fold(ev)
		return nil
	})
	var platform *sdk.Error
	switch {
	case errors.As(err, &platform) && platform.NotFound && before.Phase == run.Submitting:
		r = r.End(sdk.StateFailed, sdk.ReasonHostLost, "stack ended while it submitted the run; the platform does not have it", e.Now())
	case err != nil:
		return before, err
	}
	return r, e.Runs.Save(r)
}

// Observe follows a run that this process did not start, and never cancels it.
func (e *Engine) Observe(ctx context.Context, r run.Record, sink Sink) (run.Record, error) {
	c, err := e.connectTo(ctx, r)
	if err != nil {
		return r, err
	}
	return e.Follow(ctx, c.orchestrator, r, FollowOptions{Logs: true, Observer: true}, sink)
}

// cancelWait is how long Cancel waits for a run to end beyond its grace.
const cancelWait = time.Minute

// Cancel stops a run and waits until it has ended. A run that a process of
// this machine hosts is stopped by that process.
func (e *Engine) Cancel(ctx context.Context, r run.Record, grace time.Duration) (run.Record, error) {
	ctx, stop := context.WithTimeout(ctx, grace+cancelWait)
	defer stop()
	if e.Runs.Hosted(r.ID) {
		if err := e.Runs.RequestCancel(r.ID, grace); err != nil {
			return r, err
		}
		return e.awaitEnd(ctx, r.ID)
	}
	c, err := e.connectTo(ctx, r)
	if err != nil {
		return r, err
	}
	if _, err := c.orchestrator.Cancel(ctx, sdk.CancelRequest{RunID: r.ID, Handle: r.Handle, Grace: grace}); err != nil {
		return r, fmt.Errorf("cancel run %s: %w", r.ID, err)
	}
	return e.Follow(ctx, c.orchestrator, r, FollowOptions{}, func(Event) {})
}

// awaitEnd waits until the process that hosts a run has let go of it.
func (e *Engine) awaitEnd(ctx context.Context, id string) (run.Record, error) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for e.Runs.Hosted(id) {
		select {
		case <-ctx.Done():
			return run.Record{}, fmt.Errorf("run %s has not stopped: %w", id, context.Cause(ctx))
		case <-tick.C:
		}
	}
	r, err := e.Runs.Load(id)
	if err != nil {
		return r, err
	}
	return e.Refresh(ctx, r)
}

// Logs tells what the steps of a run wrote, line by line.
func (e *Engine) Logs(ctx context.Context, r run.Record, req sdk.LogsRequest, sink Sink) error {
	lines := lineSplitter{}
	tell := func(c sdk.LogChunk, line string) {
		sink(Event{Time: c.Time, Type: Log, Run: r.ID, Step: c.Step, Attempt: c.Attempt, Message: line})
	}
	err := e.chunks(ctx, r, req, func(c sdk.LogChunk) error {
		lines.add(c, tell)
		return nil
	})
	lines.flush(tell)
	return err
}

// RawLogs writes what one step wrote, byte for byte.
func (e *Engine) RawLogs(ctx context.Context, r run.Record, req sdk.LogsRequest, w io.Writer) error {
	return e.chunks(ctx, r, req, func(c sdk.LogChunk) error {
		_, err := w.Write(c.Data)
		return err
	})
}

func (e *Engine) chunks(ctx context.Context, r run.Record, req sdk.LogsRequest, yield func(sdk.LogChunk) error) error {
	if r.Phase == run.Planned || r.Phase == run.Building {
		return nil // it never got as far as having logs
	}
	c, err := e.connectTo(ctx, r)
	if err != nil {
		return err
	}
	req.RunID, req.Handle = r.ID, r.Handle
	if err := c.orchestrator.Logs(ctx, req, yield); err != nil {
		return fmt.Errorf("logs of run %s: %w", r.ID, err)
	}
	return nil
}

// ListPlatform is the runs that a stack's platform knows, newest first, from
// whichever machine they were started.
func (e *Engine) ListPlatform(ctx context.Context, t Target) ([]run.Record, error) {
	c, err := e.connect(ctx, t)
	if err != nil {
		return nil, err
	}
	var records []run.Record
	for page := ""; ; {
		runs, next, err := c.orchestrator.List(ctx, sdk.ListRequest{Page: page})
		if err != nil {
			return nil, fmt.Errorf("list runs of stack %s: %w", c.stack.Name, err)
		}
		for _, s := range runs {
			created := s.Created
			records = append(records, run.Record{ID: s.RunID, Flow: s.Flow, Stack: c.stack.Name, Phase: run.Submitted,
				State: s.State, Reason: s.Reason, Created: created, Started: &created, Handle: s.Handle, URL: s.URL})
		}
		if page = next; page == "" {
			return records, nil
		}
	}
}
