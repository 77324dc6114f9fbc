package driver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/stackrun/stack/sdk"
)

// sweepTime is how long a lost run's leftovers may take to go.
const sweepTime = 20 * time.Second

// Runs that have not ended have a file in the folder .active, so that the lost
// ones among thousands are found at once.
func activePath(stateDir, runID string) string { return filepath.Join(stateDir, ".active", runID) }

func markActive(stateDir, runID string) error {
	path := activePath(stateDir, runID)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, nil, 0o644)
}

func unmarkActive(stateDir, runID string) {
	_ = os.Remove(activePath(stateDir, runID)) // one too many costs a look
}

// Recover ends the runs whose process is gone and sweeps what they left.
func (d *Driver) Recover() error {
	entries, err := os.ReadDir(filepath.Join(d.options.StateDir, ".active"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("find lost runs: %w", err)
	}
	var problems []error
	for _, entry := range entries {
		if checkRunID(entry.Name()) != nil || d.running(entry.Name()) != nil {
			continue
		}
		if _, err := d.buryIfLost(entry.Name()); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// buryIfLost ends a run whose process is gone: its journal says so afterwards,
// and nothing of it runs. It reports whether the journal changed.
func (d *Driver) buryIfLost(runID string) (bool, error) {
	dir := d.runDir(runID)
	lock, owned, err := own(filepath.Join(dir, "owner"))
	if errors.Is(err, fs.ErrNotExist) {
		unmarkActive(d.options.StateDir, runID)
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look after run %s: %w", runID, err)
	}
	if !owned {
		return false, nil
	}
	defer lock.Close()
	path := filepath.Join(dir, "journal.jsonl")
	reader := journalReader{path: path}
	events, err := reader.next() // read under the lock: it may have ended by now
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("look after run %s: %w", runID, err)
	}
	if reader.header == nil {
		unmarkActive(d.options.StateDir, runID) // it never got as far as starting
		return false, nil
	}
	for _, e := range events {
		if e.Kind == sdk.EventRun && e.State.Final() {
			unmarkActive(d.options.StateDir, runID)
			return true, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), sweepTime)
	defer cancel()
	if err := d.executor.Sweep(ctx, runID); err != nil {
		return false, fmt.Errorf("clean up after run %s, whose process has ended: %w", runID, err)
	}
	j, err := openJournal(path)
	if err != nil {
		return false, diskError(fmt.Errorf("end run %s: %w", runID, err))
	}
	defer func() { _ = j.close() }() // every append is synced
	if err := j.append(lostLines(*reader.header, events)...); err != nil {
		return false, diskError(fmt.Errorf("end run %s: %w", runID, err))
	}
	_ = os.RemoveAll(filepath.Join(dir, "work")) // a leftover does no harm
	unmarkActive(d.options.StateDir, runID)
	return true, nil
}

// lostLines end the steps that had not ended, and the run.
func lostLines(h header, events []sdk.Event) []any {
	latest := map[string]sdk.Event{}
	for _, e := range events {
		latest[e.Step] = e
	}
	var lines []any
	for _, step := range h.Steps {
		last := latest[step]
		l := line{Step: step, Attempt: max(last.Attempt, 1), State: sdk.StateFailed, Reason: sdk.ReasonHostLost, Message: hostLost, Time: time.Now().UTC()}
		switch last.State {
		case sdk.StateSucceeded, sdk.StateFailed, sdk.StateCancelled, sdk.StateSkipped:
			continue
		case "", sdk.StatePending:
			l.State = sdk.StateSkipped
		}
		lines = append(lines, l)
	}
	return append(lines, line{State: sdk.StateFailed, Reason: sdk.ReasonHostLost, Message: hostLost, Time: time.Now().UTC()})
}

// cancelFile asks the process of a run to stop it.
type cancelFile struct {
	Grace time.Duration `json:"grace_ns"`
}

func requestCancel(dir string, grace time.Duration) error {
	data, err := json.Marshal(cancelFile{Grace: grace})
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "cancel")
	if err := os.WriteFile(path+".new", data, 0o644); err != nil {
		return diskError(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return diskError(err)
	}
	return nil
}

// watchForCancel stops the run when another process asks.
func (r *run) watchForCancel() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	path := filepath.Join(r.dir, "cancel")
	for {
		select {
		case <-r.done:
			return
		case <-tick.C:
		}
		data, err := os.ReadFile(path)
		if err != nil {
			continue // not asked
		}
		_ = os.Remove(path) // asked again would change nothing
		var request cancelFile
		if json.Unmarshal(data, &request) != nil {
			request.Grace = r.driver.options.Grace
		}
		r.stop(stopped{state: sdk.StateCancelled, message: "cancelled"}, request.Grace)
	}
}
