package conformance

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

func testWatch(t *testing.T, f Factory) {
	s := open(t, f)
	w := s.workflow(
		s.script("prepare", "true"),
		s.script("train", "sleep 1", "prepare"),
		s.script("report", "true", "train"))
	submission := s.submit(w)

	t.Run("yield can end it", func(t *testing.T) {
		s.t = t
		s.watchUntil(w, submission, "the first event", func(sdk.Event) bool { return true })
	})
	t.Run("the caller can end it", func(t *testing.T) {
		ctx, cancel := context.WithCancel(s.ctx)
		begin := time.Now()
		err := s.o.Watch(ctx, sdk.WatchRequest{RunID: w.RunID, Handle: submission.Handle}, func(e sdk.Event) error {
			if e.Kind == sdk.EventSnapshotDone {
				cancel()
				begin = time.Now()
			}
			return nil
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("it ends with %v", err)
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("it took %s to end", took)
		}
	})
	t.Run("several at once, none of which ends the run", func(t *testing.T) {
		s.t = t
		others := make(chan error, 2)
		for range cap(others) {
			go func() {
				others <- s.o.Watch(s.ctx, sdk.WatchRequest{RunID: w.RunID, Handle: submission.Handle}, func(sdk.Event) error { return nil })
			}()
		}
		if state := s.watch(w, submission).last("").State; state != sdk.StateSucceeded {
			t.Errorf("the run ended %s", state)
		}
		for range cap(others) {
			if err := <-others; err != nil {
				t.Errorf("Watch: %v", err)
			}
		}
	})
	t.Run("a run that has ended", func(t *testing.T) {
		s.t = t
		r := s.watch(w, submission)
		for _, step := range w.Steps {
			e := r.last(step.Name)
			if e.State != sdk.StateSucceeded || e.Attempt != 1 || e.Exit == nil || *e.Exit != 0 {
				t.Errorf("the snapshot says of %s: %+v", step.Name, e)
			}
			if e.Time.IsZero() {
				t.Errorf("the event of %s has no time", step.Name)
			}
		}
	})
	t.Run("a snapshot alone", func(t *testing.T) {
		w := s.workflow(s.script("train", "sleep 2"))
		s.t = t
		submission := s.submit(w)
		seen := map[string]bool{}
		var last sdk.Event
		err := s.o.Watch(s.ctx, sdk.WatchRequest{RunID: w.RunID, Handle: submission.Handle, SnapshotOnly: true}, func(e sdk.Event) error {
			seen[string(e.Kind)] = true
			last = e
			return nil
		})
		if err != nil || last.Kind != sdk.EventSnapshotDone || !seen["run"] || !seen["step"] {
			t.Errorf("it gives %v, ends with %s: %v", seen, last.Kind, err)
		}
		s.watch(w, submission)
	})
}
