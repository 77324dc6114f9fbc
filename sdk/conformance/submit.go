package conformance

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/stackrun/stack/sdk"
)

func testSubmit(t *testing.T, f Factory) {
	t.Run("a second submission finds the first", func(t *testing.T) {
		s := open(t, f)
		w := s.workflow(s.script("train", "echo ran"))
		first := s.submit(w)
		if first.AlreadyExisted {
			t.Error("a new run is said to exist already")
		}
		second := s.submit(w)
		if !second.AlreadyExisted {
			t.Error("a second submission of a run that is under way does not say so")
		}
		s.watch(w, second)
		third := s.submit(w)
		if !third.AlreadyExisted {
			t.Error("a submission of a run that has ended does not say so")
		}
		if out := s.output(w, third, "train"); strings.Count(out, "ran") != 1 {
			t.Errorf("the step ran other than once: %q", out)
		}
	})
	t.Run("submissions at the same time", func(t *testing.T) {
		s := open(t, f)
		w := s.workflow(s.script("train", "echo ran"))
		plan, _, err := s.o.Plan(s.ctx, w, false)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		var fresh int
		var last sdk.Submission
		for range 4 {
			all.Go(func() {
				submission, err := s.o.Submit(s.ctx, w, plan.Private)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Errorf("Submit: %v", err)
					return
				}
				last = submission
				if !submission.AlreadyExisted {
					fresh++
				}
			})
		}
		all.Wait()
		if fresh != 1 {
			t.Errorf("%d of four submissions of one run say that they started it", fresh)
		}
		s.watch(w, last)
		if out := s.output(w, last, "train"); strings.Count(out, "ran") != 1 {
			t.Errorf("the step ran other than once: %q", out)
		}
	})
	t.Run("a run that does not exist", func(t *testing.T) {
		s := open(t, f)
		submission := s.submit(s.workflow(s.script("train", "true")))
		w := s.workflow() // another id
		err := s.o.Watch(s.ctx, sdk.WatchRequest{RunID: w.RunID}, func(sdk.Event) error { return nil })
		wantNotFound(t, "Watch", err)
		err = s.o.Logs(s.ctx, sdk.LogsRequest{RunID: w.RunID}, func(sdk.LogChunk) error { return nil })
		wantNotFound(t, "Logs", err)
		_, err = s.o.Cancel(s.ctx, sdk.CancelRequest{RunID: w.RunID})
		wantNotFound(t, "Cancel", err)
		_ = submission // its run may end with the session
	})
}

func wantNotFound(t *testing.T, call string, err error) {
	t.Helper()
	var e *sdk.Error
	if !errors.As(err, &e) || !e.NotFound {
		t.Errorf("%s of a run that does not exist gives %v, not an *sdk.Error with NotFound", call, err)
	}
}
