package driver

import (
	"context"
	"errors"
	"time"

	"github.com/stackrun/stack/sdk"
)

// heartbeatEvery is how often a quiet stream says that it lives.
const heartbeatEvery = 20 * time.Second

// Watch tells how a run fares, as sdk.Orchestrator says.
func (d *Driver) Watch(ctx context.Context, req sdk.WatchRequest, yield func(sdk.Event) error) error {
	f, err := d.feed(req.RunID, req.Handle)
	if err != nil {
		return err
	}
	changed := f.wait()
	if _, err := f.next(); err != nil {
		return err
	}
	if err := f.snapshot(yield); err != nil || req.SnapshotOnly {
		return err
	}
	for !f.run.State.Final() {
		err := f.sleepUntilHeartbeat(ctx, changed)
		if errors.Is(err, errQuiet) {
			if err := yield(sdk.Event{Kind: sdk.EventHeartbeat, Time: time.Now()}); err != nil {
				return err
			}
		} else if err != nil {
			return err
		}
		changed = f.wait()
		events, err := f.next()
		if err != nil {
			return err
		}
		for _, e := range events {
			if err := yield(e); err != nil {
				return err
			}
		}
	}
	return nil
}

// snapshot yields the latest event of the run and of every step.
func (f *feed) snapshot(yield func(sdk.Event) error) error {
	events := []sdk.Event{f.run}
	for _, step := range f.header().Steps {
		e, ok := f.states[step]
		if !ok { // not told yet
			e = sdk.Event{Kind: sdk.EventStep, Step: step, Attempt: 1, State: sdk.StatePending, Time: f.header().Created}
		}
		events = append(events, e)
	}
	events = append(events, sdk.Event{Kind: sdk.EventSnapshotDone, Time: time.Now()})
	if f.run.State == "" {
		events[0] = sdk.Event{Kind: sdk.EventRun, State: sdk.StatePending, Time: f.header().Created}
	}
	for _, e := range events {
		if err := yield(e); err != nil {
			return err
		}
	}
	return nil
}

var errQuiet = errors.New("nothing happened")

// sleepUntilHeartbeat is sleep that gives errQuiet when it is time to say that
// nothing happens. A run of another process is looked at again and again.
func (f *feed) sleepUntilHeartbeat(ctx context.Context, changed <-chan struct{}) error {
	quiet, cancel := context.WithTimeoutCause(ctx, heartbeatEvery, errQuiet)
	defer cancel()
	if f.local == nil {
		// Polling returns at once when there is news, so that only the number
		// of looks without any counts.
		f.looks++
		if f.looks >= int(heartbeatEvery/pollEvery) {
			f.looks = 0
			return errQuiet
		}
	}
	if err := f.sleep(quiet, changed); err != nil {
		if ctx.Err() == nil {
			return errQuiet
		}
		return ctx.Err()
	}
	return nil
}
