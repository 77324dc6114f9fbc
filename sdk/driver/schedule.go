package driver

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stackrun/stack/sdk"
)

// advance starts and skips all that can be, until nothing changes.
func (r *run) advance() {
	if r.ctx.Err() != nil {
		r.dropWaiting()
		return
	}
	for changed := true; changed; {
		changed = false
		for i := range r.workflow.Steps {
			switch r.states[i] {
			case sdk.StatePending:
				v, why := r.graph.judge(i, r.states, r.blocked)
				switch {
				case v == skips:
					r.emitStep(i, sdk.Event{State: sdk.StateSkipped, Reason: sdk.ReasonUpstream, Message: why})
					changed = true
				case v == starts && r.hasRoom(i):
					r.start(i)
				case v == starts:
					r.emitStep(i, sdk.Event{State: sdk.StateQueued, Message: "waits for its turn"})
				}
			case sdk.StateQueued:
				changed = r.retryOrStart(i) || changed
			}
		}
	}
}

// retryOrStart deals with a step that waits for room or for its next attempt,
// and reports whether it has ended.
func (r *run) retryOrStart(i int) bool {
	if r.isBlocked(r.workflow.Steps[i]) {
		if r.attempts[i] == 0 {
			r.emitStep(i, sdk.Event{State: sdk.StateSkipped, Reason: sdk.ReasonUpstream,
				Message: fmt.Sprintf("step %s failed, and the flow fails fast", r.blocked)})
		} else {
			r.fail(i, r.last[i], "; not tried again: the flow fails fast")
		}
		return true
	}
	if !r.last[i].waiting && r.hasRoom(i) {
		r.start(i)
	}
	return false
}

func (r *run) hasRoom(i int) bool {
	if limit := r.driver.options.MaxParallel; limit > 0 && r.active >= limit {
		return false
	}
	step := r.workflow.Steps[i]
	return step.MaxParallel <= 0 || r.inGroup[step.Group] < step.MaxParallel
}

func (r *run) start(i int) {
	step := r.workflow.Steps[i]
	r.attempts[i]++
	r.active++
	r.inGroup[step.Group]++
	r.emitStep(i, sdk.Event{State: sdk.StateStarting})
	number := r.attempts[i]
	go func() { r.results <- r.attempt(i, step, number) }()
}

// settle takes the end of an attempt.
func (r *run) settle(res result) {
	i := res.step
	step := r.workflow.Steps[i]
	r.active--
	r.inGroup[step.Group]--
	switch {
	case res.succeeded():
		r.emitStep(i, sdk.Event{State: sdk.StateSucceeded, Exit: res.exit})
	case res.cut:
		r.emitStep(i, r.stoppedEvent(res))
	case r.attempts[i] <= step.Retry.Max && !res.permanent && !r.isBlocked(step) && r.ctx.Err() == nil:
		wait := backoff(step.Retry.Backoff, r.attempts[i])
		res.waiting = true
		r.last[i] = res
		r.states[i] = sdk.StateQueued
		r.emit(sdk.Event{Kind: sdk.EventStep, Step: step.Name, Attempt: r.attempts[i] + 1, State: sdk.StateQueued,
			Reason: res.reason, Native: res.native, Exit: res.exit,
			Message: fmt.Sprintf("attempt %d of %d failed (%s); again in %s", r.attempts[i], step.Retry.Max+1, res.message, wait)})
		time.AfterFunc(wait, func() { r.due <- i })
	default:
		r.fail(i, res, "")
	}
}

func (r *run) isBlocked(step sdk.Step) bool {
	return r.blocked != "" && step.When != sdk.WhenAlways && step.When != sdk.WhenFailed
}

// fail ends a step.
func (r *run) fail(i int, res result, also string) {
	r.failed = true
	r.last[i] = res
	if r.workflow.FailFast && r.blocked == "" {
		r.blocked = r.workflow.Steps[i].Name
	}
	r.emitStep(i, sdk.Event{State: sdk.StateFailed, Reason: res.reason, Native: res.native, Exit: res.exit, Message: res.message + also})
}

// backoff is how long to wait after attempt n, from 1. It doubles, up to a day.
func backoff(first time.Duration, n int) time.Duration {
	const most = 24 * time.Hour
	for ; n > 1 && first > 0 && first < most; n-- {
		first *= 2
	}
	return min(first, most)
}

// stoppedEvent is the end of a step whose run was stopped.
func (r *run) stoppedEvent(res result) sdk.Event {
	var why stopped
	errors.As(context.Cause(r.ctx), &why)
	r.cut = true
	return sdk.Event{State: why.state, Reason: why.reason, Exit: res.exit, Message: why.message}
}

// dropWaiting ends the steps of a stopped run that do not run.
func (r *run) dropWaiting() {
	for i, state := range r.states {
		switch {
		case state.Final() || r.running(i):
		case r.attempts[i] > 0: // between two attempts
			r.emitStep(i, r.stoppedEvent(r.last[i]))
		default:
			e := r.stoppedEvent(result{})
			e.State = sdk.StateSkipped
			r.emitStep(i, e)
		}
	}
}

// failures names the steps that failed.
func (r *run) failures() string {
	var names []string
	for i, s := range r.states {
		if s == sdk.StateFailed {
			names = append(names, r.workflow.Steps[i].Name)
		}
	}
	if len(names) > 5 {
		names = append(names[:5], fmt.Sprintf("and %d more", len(names)-5))
	}
	return "failed: " + strings.Join(names, ", ")
}

// firstReason is the reason of the first step, in the flow's order, that failed.
func (r *run) firstReason() sdk.Reason {
	for i, s := range r.states {
		if s == sdk.StateFailed {
			return r.last[i].reason
		}
	}
	return sdk.ReasonNone
}
