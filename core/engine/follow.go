package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

// FollowOptions says how a run is followed.
type FollowOptions struct {
	Logs bool // also tell what the steps write
	// Hosted is set where the run lives in a plugin process of ours: when ctx
	// ends the run is cancelled, rather than left to itself.
	Hosted bool
	Host   *run.Host // with Hosted: where other processes ask for a cancel
	// Observer leaves the record to the process that hosts the run.
	Observer bool
	Grace    time.Duration
}

// Follow watches a run until it ends, keeps its record up to date, and tells
// sink what happens. It returns the record as it is then.
//
// When ctx ends first, a hosted run is cancelled and followed to its end, and
// any other is left running; both return ctx's error.
func (e *Engine) Follow(ctx context.Context, o sdk.Orchestrator, r run.Record, opt FollowOptions, sink Sink) (run.Record, error) {
	f := &follower{engine: e, orchestrator: o, options: opt, id: r.ID, handle: r.Handle, record: r, sink: sink}
	return f.follow(ctx)
}

// follower is one call of Follow.
type follower struct {
	engine       *Engine
	orchestrator sdk.Orchestrator
	options      FollowOptions
	id           string
	handle       sdk.Handle

	mu     sync.Mutex // guards what follows, and calls of sink
	record run.Record
	sink   Sink
	early  []Event // lines of steps that have not been told to run
	end    *Event  // how the run ended, told last
	saved  error   // the first failure to write the record
}

func (f *follower) follow(ctx context.Context) (run.Record, error) {
	// A hosted run outlives ctx by the time that its cancelling takes.
	life, end := context.WithCancel(ctx)
	if f.options.Hosted {
		life, end = context.WithCancel(context.WithoutCancel(ctx))
	}
	defer end()

	var helpers sync.WaitGroup
	if f.options.Hosted {
		helpers.Go(func() { f.cancelWhenAsked(ctx, life) })
	}
	logsEnded := make(chan struct{})
	helpers.Go(func() {
		defer close(logsEnded)
		if f.options.Logs {
			f.logs(life)
		}
	})
	err := f.watch(life)
	if err == nil {
		// The logs of an ended run come to their end by themselves. A platform
		// that never ends them does not hold us up.
		select {
		case <-logsEnded:
		case <-time.After(logsGrace):
		}
	}
	end()
	helpers.Wait()
	if err == nil {
		err = f.crash()
	} else if ctx.Err() == nil && f.options.Hosted {
		f.lost(err)
	}
	f.finish()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return f.record, errors.Join(err, f.saved)
}

// crash is the crash of the plugin that a hosted run was lost with, or nil. The
// plugin may have been started again to say how the run stands.
func (f *follower) crash() error {
	crasher, ok := f.orchestrator.(interface{ Crash() error })
	if !ok || !f.options.Hosted || f.record.Reason != sdk.ReasonHostLost {
		return nil
	}
	return crasher.Crash()
}

// logsGrace is how long the logs of a run may go on after it ended.
const logsGrace = 5 * time.Second

// watch folds events until the run ends. A stream that is lost is taken up
// again; what a snapshot repeats changes nothing.
func (f *follower) watch(ctx context.Context) error {
	wait := 200 * time.Millisecond
	for failures := 0; ; failures++ {
		req := sdk.WatchRequest{RunID: f.id, Handle: f.handle}
		err := f.orchestrator.Watch(ctx, req, func(e sdk.Event) error {
			failures, wait = 0, 200*time.Millisecond
			f.take(e)
			return nil
		})
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case f.state().Final():
			return nil
		case err == nil:
			err = fmt.Errorf("watch run %s: the plugin ended the stream before the run had ended", f.id)
		}
		if !retryable(err) || failures >= 10 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
		wait = min(2*wait, 15*time.Second)
	}
}

// retryable reports whether asking again may help.
func retryable(err error) bool {
	var failure *diag.Failure
	if errors.As(err, &failure) {
		return failure.Code == diag.PlatformDown
	}
	var platform *sdk.Error
	return !errors.As(err, &platform) || platform.Retryable
}

func (f *follower) state() sdk.State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.record.State
}

// take folds an event, saves the record if it changed, and tells the change.
func (f *follower) take(e sdk.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.record
	f.record = f.record.Fold(e)
	out := Event{Time: e.Time, Run: f.record.ID, Reason: string(e.Reason), Message: e.Message}
	switch e.Kind {
	case sdk.EventRun:
		if before.State == f.record.State && (before.Started != nil || f.record.Started == nil) {
			return
		}
		out.Type, out.From, out.To = RunStatus, string(before.State), string(f.record.State)
	case sdk.EventStep:
		now := f.record.Step(e.Step)
		old := before.Step(e.Step)
		if old == nil {
			old = &run.Step{}
		}
		if now == nil || old.State == now.State && (old.Attempt == now.Attempt || now.State == sdk.StatePending) {
			return
		}
		out.Type, out.Step, out.From, out.To = StepStatus, e.Step, string(old.State), string(now.State)
		out.Attempt, out.Exit = now.Attempt, now.ExitCode
	default:
		return
	}
	f.save()
	f.tell(out)
}

func (f *follower) save() {
	if f.options.Observer {
		return
	}
	if err := f.engine.Runs.Save(f.record); err != nil && f.saved == nil {
		f.saved = err
	}
}

// lost ends the record of a hosted run whose plugin is gone.
func (f *follower) lost(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.record.State
	f.record = f.record.End(sdk.StateFailed, sdk.ReasonHostLost, err.Error(), f.engine.Now())
	f.save()
	f.tell(Event{Time: f.engine.Now(), Type: RunStatus, Run: f.record.ID, From: string(before),
		To: string(f.record.State), Reason: string(f.record.Reason), Message: err.Error()})
}

// cancelWhenAsked cancels the run when ctx ends or another process asks, and
// returns when life ends.
func (f *follower) cancelWhenAsked(ctx, life context.Context) {
	req := sdk.CancelRequest{RunID: f.id, Handle: f.handle, Grace: f.options.Grace}
	asked := make(chan time.Duration, 1)
	if f.options.Host != nil {
		go func() {
			if grace, ok := f.options.Host.CancelRequested(life); ok {
				asked <- grace
			}
		}()
	}
	select {
	case <-life.Done():
		return
	case <-ctx.Done():
	case grace := <-asked:
		if grace > 0 {
			req.Grace = grace
		}
	}
	if _, err := f.orchestrator.Cancel(life, req); err != nil && life.Err() == nil {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.sink(Event{Time: f.engine.Now(), Type: RunStatus, Run: f.record.ID, From: string(f.record.State),
			To: string(f.record.State), Message: "cannot be cancelled: " + err.Error()})
	}
}
