package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/stackrun/stack/sdk"
)

// result is how an attempt ended.
type result struct {
	step      int
	exit      *int
	reason    sdk.Reason // none: it succeeded
	native    string
	message   string
	permanent bool
	waiting   bool // for its backoff
	cut       bool // the run was stopped, and the attempt with it
}

func (r result) succeeded() bool { return r.reason == sdk.ReasonNone && !r.cut }

// killTime is how long a killed attempt may take to be gone.
const killTime = 30 * time.Second

// attempt runs one attempt from its start to its end.
func (r *run) attempt(i int, step sdk.Step, number int) result {
	res := result{step: i}
	fail := func(reason sdk.Reason, err error) result {
		res.reason, res.message = reason, err.Error()
		var f *Failure
		if errors.As(err, &f) {
			res.native, res.permanent = f.Native, f.Permanent
			if f.Reason != "" {
				res.reason = f.Reason
			}
		}
		return res
	}
	ctx := r.ctx
	if step.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, step.Timeout)
		defer cancel()
	}
	a, release, err := r.prepare(i, step, number)
	if err != nil {
		return fail(sdk.ReasonStart, err)
	}
	defer release()
	process, err := r.driver.executor.Start(ctx, a)
	if err != nil {
		res.cut = r.ctx.Err() != nil
		if ctx.Err() != nil && !res.cut {
			return fail(sdk.ReasonTimeout, fmt.Errorf("did not start within its timeout of %s", step.Timeout))
		}
		return fail(sdk.ReasonStart, err)
	}
	r.emit(sdk.Event{Kind: sdk.EventStep, Step: step.Name, Attempt: number, State: sdk.StateRunning})
	exit, interrupted, err := r.await(ctx, process)
	res.cut = interrupted && r.ctx.Err() != nil
	var f *Failure
	switch {
	case res.cut:
		res.exit = exitOf(exit, err)
		return fail(sdk.ReasonNone, r.ctx.Err())
	case interrupted:
		res.exit = exitOf(exit, err)
		return fail(sdk.ReasonTimeout, fmt.Errorf("took longer than its timeout of %s", step.Timeout))
	case errors.As(err, &f) && f.Reason == sdk.ReasonOutput:
		res.exit = &exit.Code
		return fail(sdk.ReasonOutput, err)
	case err != nil:
		return fail(sdk.ReasonStart, err)
	}
	res.exit = &exit.Code
	if exit.Code != 0 || exit.Reason != "" {
		res.native, res.message = exit.Native, exit.Message
		if res.reason = exit.Reason; res.reason == "" {
			res.reason = sdk.ReasonExitCode
		}
		if res.message == "" {
			res.message = exitMessage(exit.Code)
		}
		return res
	}
	if err := r.store.check(a.Outputs); err != nil {
		return fail(sdk.ReasonOutput, err)
	}
	return res
}

func exitOf(e Exit, err error) *int {
	if err != nil {
		return nil
	}
	return &e.Code
}

func exitMessage(code int) string {
	if code > 128 && code < 128+65 {
		return fmt.Sprintf("exit status %d (signal %d)", code, code-128)
	}
	return fmt.Sprintf("exit status %d", code)
}

// prepare makes all that an attempt needs on this machine.
func (r *run) prepare(i int, step sdk.Step, number int) (a Attempt, release func(), err error) {
	a = Attempt{
		RunID: r.header.RunID, Flow: r.header.Flow, Labels: r.header.Labels,
		SourceRoot: r.workflow.SourceRoot, Step: step, Number: number,
		Scratch: filepath.Join(r.dir, "work", fmt.Sprintf("%s.%d", SafeName(step.Name), number)),
	}
	if a.Inputs, err = r.store.inputs(step); err != nil {
		return a, nil, err
	}
	if a.Outputs, err = r.store.prepare(step); err != nil {
		return a, nil, err
	}
	if err := os.MkdirAll(a.Scratch, 0o700); err != nil {
		return a, nil, err
	}
	log, err := r.logs.attempt(i, step.Name, number)
	if err != nil {
		return a, nil, err
	}
	a.Stdout, a.Stderr = log.stream(false), log.stream(true)
	return a, func() {
		_ = log.close()             // every frame was written
		_ = os.RemoveAll(a.Scratch) // a leftover does no harm
	}, nil
}

// await waits for a process, and ends it when ctx does, which is interrupted.
func (r *run) await(ctx context.Context, p Process) (_ Exit, interrupted bool, _ error) {
	type end struct {
		exit Exit
		err  error
	}
	ended := make(chan end, 1)
	go func() {
		exit, err := p.Wait()
		ended <- end{exit, err}
	}()
	select {
	case e := <-ended:
		return e.exit, false, e.err
	case <-ctx.Done():
	}
	if r.kill.Err() == nil {
		if err := p.Signal(Terminate); err != nil {
			return Exit{}, true, fmt.Errorf("stop: %w", err)
		}
		var own <-chan time.Time // the run's grace, or that of the attempt alone
		if r.ctx.Err() == nil {
			timer := time.NewTimer(r.driver.options.Grace)
			defer timer.Stop()
			own = timer.C
		}
		select {
		case e := <-ended:
			return e.exit, true, e.err
		case <-r.kill.Done():
		case <-own:
		}
	}
	if err := p.Signal(Kill); err != nil {
		return Exit{}, true, fmt.Errorf("kill: %w", err)
	}
	timer := time.NewTimer(killTime)
	defer timer.Stop()
	select {
	case e := <-ended:
		return e.exit, true, e.err
	case <-timer.C:
		return Exit{}, true, fmt.Errorf("has not ended %s after it was killed", killTime)
	}
}
