package driver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stackrun/stack/sdk"
)

const hostLost = "the process that ran the steps has ended"

// run is a run of this process. One goroutine, drive, decides; each attempt
// has a goroutine of its own that reports to it.
type run struct {
	driver   *Driver
	workflow sdk.Workflow
	graph    graph
	header   header
	dir      string
	lock     *os.File
	hub      *hub
	logs     *logs
	store    artifacts
	done     chan struct{} // closed when nothing of the run is left

	ctx     context.Context // ends when the run is stopped, with a stopped as its cause
	cancel  context.CancelCauseFunc
	kill    context.Context // ends when a stopped run's grace is over
	killNow context.CancelFunc

	mu      sync.Mutex // guards journal and what follows
	journal *journal
	broken  error // the journal can no longer be written

	// What follows is drive's alone.
	states   []sdk.State
	attempts []int // the attempt that runs or ran last
	last     []result
	active   int
	inGroup  map[string]int
	blocked  string // the step whose failure keeps others from starting
	failed   bool
	cut      bool // a stop kept a step from its own end
	results  chan result
	due      chan int // steps whose backoff is over
}

// stopped is why a run ends before its steps have.
type stopped struct {
	state   sdk.State
	reason  sdk.Reason
	message string
	always  bool // also where every step has ended by itself
}

func (s stopped) Error() string { return s.message }

// newRun writes a run's first lines. A run that was submitted before is nil.
func newRun(d *Driver, w sdk.Workflow, g graph, dir string, lock *os.File) (*run, error) {
	path := filepath.Join(dir, "journal.jsonl")
	known := journalReader{path: path}
	if _, err := known.next(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	} else if known.header != nil {
		return nil, nil
	}
	r := &run{
		driver: d, workflow: w, graph: g, dir: dir, lock: lock, hub: newHub(),
		header:   header{RunID: w.RunID, Flow: w.Flow, Labels: w.Labels, Created: time.Now().UTC()},
		store:    artifacts{dir: filepath.Join(d.options.Store, "runs", w.RunID)},
		done:     make(chan struct{}),
		states:   make([]sdk.State, len(w.Steps)),
		attempts: make([]int, len(w.Steps)),
		last:     make([]result, len(w.Steps)),
		inGroup:  map[string]int{},
		results:  make(chan result, len(w.Steps)),
		due:      make(chan int, len(w.Steps)),
	}
	for i, s := range w.Steps {
		r.header.Steps = append(r.header.Steps, s.Name)
		r.states[i] = sdk.StatePending
	}
	r.ctx, r.cancel = context.WithCancelCause(context.Background())
	r.kill, r.killNow = context.WithCancel(context.Background())

	var err error
	if r.logs, err = newLogs(filepath.Join(dir, "logs"), r.hub.wake, r.giveUp); err != nil {
		return nil, err
	}
	if r.journal, err = openJournal(path); err != nil {
		_ = r.logs.close() // the first error is the one to tell
		return nil, err
	}
	if err = markActive(d.options.StateDir, w.RunID); err == nil {
		err = r.journal.append(r.header)
	}
	if err != nil {
		_ = r.logs.close()    // the first error
		_ = r.journal.close() // is the one to tell
		return nil, err
	}
	return r, nil
}

// emit puts events on the disk and tells them.
func (r *run) emit(events ...sdk.Event) {
	lines := make([]any, len(events))
	for i := range events {
		events[i].Time = time.Now().UTC()
		lines[i] = lineOf(events[i])
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken == nil {
		if err := r.journal.append(lines...); err != nil {
			r.broken = err
			go r.giveUp(fmt.Errorf("keep the run's history: %w", err)) // not under the lock
		}
	}
	r.hub.add(events...)
}

func (r *run) emitStep(i int, e sdk.Event) {
	e.Kind, e.Step = sdk.EventStep, r.workflow.Steps[i].Name
	e.Attempt = max(r.attempts[i], 1)
	r.states[i] = e.State
	r.emit(e)
}

// giveUp ends a run that cannot be kept track of any more.
func (r *run) giveUp(err error) {
	r.stop(stopped{state: sdk.StateFailed, message: "cannot go on: " + err.Error() + " (free space, or fix the permissions of the folder)", always: true}, r.driver.options.Grace)
}

// stop asks for the run's end. The first reason stays; the shortest grace
// counts.
func (r *run) stop(why stopped, grace time.Duration) {
	r.cancel(why)
	if grace <= 0 {
		r.killNow()
		return
	}
	timer := time.AfterFunc(grace, r.killNow)
	context.AfterFunc(r.kill, func() { timer.Stop() })
}

// drive runs the steps to their end.
func (r *run) drive() {
	defer close(r.done)
	r.emit(sdk.Event{Kind: sdk.EventRun, State: sdk.StateRunning})
	pending := make([]sdk.Event, len(r.workflow.Steps))
	for i, s := range r.workflow.Steps {
		pending[i] = sdk.Event{Kind: sdk.EventStep, Step: s.Name, Attempt: 1, State: sdk.StatePending}
	}
	r.emit(pending...)

	if limit := r.workflow.Timeout; limit > 0 {
		timer := time.AfterFunc(limit, func() {
			r.stop(stopped{state: sdk.StateFailed, reason: sdk.ReasonTimeout, message: fmt.Sprintf("the run took longer than its timeout of %s", limit)}, r.driver.options.Grace)
		})
		defer timer.Stop()
	}
	go r.watchForCancel()

	for r.advance(); !r.ended(); r.advance() {
		select {
		case res := <-r.results:
			r.settle(res)
		case i := <-r.due:
			r.last[i].waiting = false // startable again, see advance
		case <-r.stopping():
			r.dropWaiting()
		}
	}
	r.finish()
}

// stopping is closed when the run is stopped; nil once that has been dealt with.
func (r *run) stopping() <-chan struct{} {
	for i := range r.states {
		if !r.states[i].Final() && !r.running(i) {
			return r.ctx.Done()
		}
	}
	return nil
}

// running reports whether an attempt of step i is under way.
func (r *run) running(i int) bool {
	return r.states[i] == sdk.StateStarting
}

func (r *run) ended() bool {
	for _, s := range r.states {
		if !s.Final() {
			return false
		}
	}
	return true
}

// finish writes the run's end and lets go of it.
func (r *run) finish() {
	end := sdk.Event{Kind: sdk.EventRun, State: sdk.StateSucceeded}
	var why stopped
	switch {
	case errors.As(context.Cause(r.ctx), &why) && (r.cut || why.always):
		end.State, end.Reason, end.Message = why.state, why.reason, why.message
	case r.failed:
		end.State, end.Reason, end.Message = sdk.StateFailed, r.firstReason(), r.failures()
	}
	r.cancel(nil)
	r.killNow()
	// Closed before the end is told: who has seen the end may remove the folder.
	_ = r.logs.close() // every frame was written
	r.emit(end)
	r.mu.Lock()
	_ = r.journal.close() // append has synced
	broken := r.broken
	r.mu.Unlock()
	if broken == nil {
		unmarkActive(r.driver.options.StateDir, r.header.RunID)
	}
	_ = r.lock.Close() // nothing can go wrong that matters
}
