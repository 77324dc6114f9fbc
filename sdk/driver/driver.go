package driver

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stackrun/stack/sdk"
)

// Options is what a driver works with.
type Options struct {
	StateDir    string        // where runs are kept, a folder each
	Store       string        // the artifact store's folder, see StoreDir
	MaxParallel int           // attempts at the same time; 0 is no limit
	Grace       time.Duration // from the polite signal to the final one; 0: 10 s
}

// DefaultGrace is the time that a command has to end by itself.
const DefaultGrace = 10 * time.Second

// Driver runs workflows by means of an Executor. Its methods are those of
// sdk.Orchestrator, for a plugin to pass on to.
type Driver struct {
	executor Executor
	options  Options

	mu     sync.Mutex
	runs   map[string]*run // those of this process, ended ones too
	closed bool
}

// New makes a driver. It touches nothing.
func New(executor Executor, o Options) *Driver {
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	return &Driver{executor: executor, options: o, runs: map[string]*run{}}
}

func (d *Driver) runDir(id string) string { return filepath.Join(d.options.StateDir, id) }

func (d *Driver) running(id string) *run {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.runs[id]
}

// Submit starts a run in this process, or finds that it was submitted before.
func (d *Driver) Submit(ctx context.Context, w sdk.Workflow) (sdk.Submission, error) {
	found := sdk.Submission{Handle: sdk.Handle(w.RunID), AlreadyExisted: true}
	if err := checkRunID(w.RunID); err != nil {
		return sdk.Submission{}, err
	}
	g, err := newGraph(w.Steps)
	if err != nil {
		return sdk.Submission{}, &sdk.Error{Origin: sdk.OriginUser, Message: fmt.Sprintf("submit %s: %v", w.Flow, err)}
	}
	if err := ctx.Err(); err != nil {
		return sdk.Submission{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return sdk.Submission{}, errors.New("submit: the plugin is ending")
	}
	if d.runs[w.RunID] != nil {
		return found, nil
	}
	r, err := d.create(w, g)
	switch {
	case err != nil:
		return sdk.Submission{}, diskError(fmt.Errorf("keep run %s: %w", w.RunID, err))
	case r == nil:
		return found, nil
	}
	d.runs[w.RunID] = r
	go r.drive()
	return sdk.Submission{Handle: sdk.Handle(w.RunID)}, nil
}

// create makes a run's folder and takes its lock. A run that is another
// process's, or was submitted before, is nil.
func (d *Driver) create(w sdk.Workflow, g graph) (*run, error) {
	dir := d.runDir(w.RunID)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, owned, err := own(filepath.Join(dir, "owner"))
	if err != nil || !owned {
		return nil, err
	}
	r, err := newRun(d, w, g, dir, lock)
	if err != nil || r == nil {
		lock.Close()
		return nil, err
	}
	return r, nil
}

// diskError tells the user what to do about a folder that cannot be written.
func diskError(err error) error {
	return &sdk.Error{Origin: sdk.OriginUser, Message: err.Error(), Hint: "Free space, or fix the permissions of the folder."}
}

// Cancel asks for a run's end. One of another process is asked by a file.
func (d *Driver) Cancel(_ context.Context, req sdk.CancelRequest) (alreadyDone bool, err error) {
	f, err := d.feed(req.RunID, req.Handle)
	if err != nil {
		return false, err
	}
	if len(req.Steps) > 0 {
		return false, &sdk.Error{Origin: sdk.OriginUser, Message: "single steps cannot be cancelled here"}
	}
	if _, err := f.next(); err != nil {
		return false, err
	}
	if f.run.State.Final() {
		return true, nil
	}
	grace := req.Grace
	if grace <= 0 {
		grace = d.options.Grace
	}
	if f.local != nil {
		f.local.stop(stopped{state: sdk.StateCancelled, message: "cancelled"}, grace)
		return false, nil
	}
	return false, requestCancel(f.dir, grace)
}

// Close ends the runs of this process at once; they failed with the reason
// host_lost. It returns when nothing of them runs, or with ctx's error.
func (d *Driver) Close(ctx context.Context) error {
	d.mu.Lock()
	d.closed = true
	runs := make([]*run, 0, len(d.runs))
	for _, r := range d.runs {
		runs = append(runs, r)
	}
	d.mu.Unlock()
	for _, r := range runs {
		r.stop(stopped{state: sdk.StateFailed, reason: sdk.ReasonHostLost, message: hostLost}, 0)
	}
	for _, r := range runs {
		select {
		case <-r.done:
		case <-ctx.Done():
			return fmt.Errorf("end run %s: %w", r.header.RunID, ctx.Err())
		}
	}
	return nil
}
