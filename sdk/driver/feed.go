package driver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/stackrun/stack/sdk"
)

// pollEvery is how often a run of another process is looked at.
const pollEvery = 100 * time.Millisecond

// feed is the history of a run as one caller reads it: from memory where this
// process runs it, else from the disk.
type feed struct {
	driver *Driver
	runID  string
	dir    string

	local  *run // nil: another process's
	taken  int
	reader journalReader

	looks  int                  // without news, since the last heartbeat
	states map[string]sdk.Event // the latest of each step
	run    sdk.Event
}

func (d *Driver) feed(runID string, handle sdk.Handle) (*feed, error) {
	if runID == "" {
		runID = string(handle)
	}
	if err := checkRunID(runID); err != nil {
		return nil, err
	}
	f := &feed{driver: d, runID: runID, dir: d.runDir(runID), local: d.running(runID), states: map[string]sdk.Event{}}
	f.reader.path = filepath.Join(f.dir, "journal.jsonl")
	return f, nil
}

func (f *feed) header() header {
	if f.local != nil {
		return f.local.header
	}
	return *f.reader.header
}

// next is what has happened since the last call. A run of another process that
// is gone is ended here.
func (f *feed) next() ([]sdk.Event, error) {
	events, err := f.read()
	if err != nil {
		return nil, err
	}
	if f.local == nil && !f.folded(events).State.Final() {
		lost, err := f.driver.buryIfLost(f.runID)
		if err != nil {
			return nil, err
		}
		if lost {
			more, err := f.read()
			if err != nil {
				return nil, err
			}
			events = append(events, more...)
		}
	}
	for _, e := range events {
		if e.Kind == sdk.EventRun {
			f.run = e
		} else {
			f.states[e.Step] = e
		}
	}
	return events, nil
}

// folded is the run's state after events.
func (f *feed) folded(events []sdk.Event) sdk.Event {
	state := f.run
	for _, e := range events {
		if e.Kind == sdk.EventRun {
			state = e
		}
	}
	return state
}

func (f *feed) read() ([]sdk.Event, error) {
	if f.local != nil {
		events, _ := f.local.hub.since(f.taken)
		f.taken += len(events)
		return events, nil
	}
	events, err := f.reader.next()
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && f.reader.header == nil:
		return nil, notFound(f.runID)
	case err != nil:
		return nil, fmt.Errorf("read run %s: %w", f.runID, err)
	}
	return events, nil
}

func notFound(runID string) error {
	return &sdk.Error{Origin: sdk.OriginUser, NotFound: true, Message: fmt.Sprintf("run %s is not known here", runID)}
}

// ended reports whether a step, or where none is named the run, has ended.
func (f *feed) ended(step string) bool {
	return f.run.State.Final() || step != "" && f.states[step].State.Final()
}

// wait gives what is closed at the next change; nil for another process's run.
func (f *feed) wait() <-chan struct{} {
	if f.local == nil {
		return nil
	}
	_, changed := f.local.hub.since(f.taken)
	return changed
}

// sleep returns when something may have changed, or with ctx's error.
func (f *feed) sleep(ctx context.Context, changed <-chan struct{}) error {
	var poll <-chan time.Time
	if f.local == nil {
		timer := time.NewTimer(pollEvery)
		defer timer.Stop()
		poll = timer.C
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-changed:
	case <-poll:
	}
	return nil
}
