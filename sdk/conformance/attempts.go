package conformance

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

func testAttempts(t *testing.T, f Factory) {
	t.Run("retry", func(t *testing.T) {
		s := open(t, f)
		step := s.script("train", "echo trying; exit 9")
		step.Retry = sdk.Retry{Max: 2, Backoff: 10 * time.Millisecond}
		w := s.workflow(step)
		submission := s.submit(w)
		r := s.watch(w, submission)
		// An attempt that ended before the watch began is in the logs alone.
		var want []int
		for attempt := r.begins("train"); attempt <= 3; attempt++ {
			want = append(want, attempt)
		}
		if got := r.attempts("train"); !reflect.DeepEqual(got, want) {
			t.Errorf("attempts %v ran, want 1, 2 and 3, of which the watch began with %v\n%s", got, want, r)
		}
		if e := r.last("train"); e.State != sdk.StateFailed || e.Attempt != 3 || e.Exit == nil || *e.Exit != 9 {
			t.Errorf("the end is told as %+v", e)
		}
		for attempt := 1; attempt <= 3; attempt++ {
			out := join(s.logs(w, submission, sdk.LogsRequest{Step: "train", Attempt: attempt}), false)
			if out != "trying\n" {
				t.Errorf("attempt %d wrote %q", attempt, out)
			}
		}
		if out := s.output(w, submission, "train"); out != "trying\n" {
			t.Errorf("without an attempt named, the latest is read, not %q", out)
		}
	})
	t.Run("no retry after success", func(t *testing.T) {
		s := open(t, f)
		step := s.script("train", "true")
		step.Retry = sdk.Retry{Max: 3, Backoff: time.Millisecond}
		r := s.run(s.workflow(step))
		if got := r.attempts("train"); len(got) > 1 {
			t.Errorf("attempts %v ran", got)
		}
	})
	t.Run("the timeout of an attempt", func(t *testing.T) {
		s := open(t, f)
		step := s.script("train", "sleep 300")
		step.Timeout = time.Second
		step.Retry = sdk.Retry{Max: 1, Backoff: time.Millisecond}
		r := s.run(s.workflow(step))
		if e := r.last("train"); e.State != sdk.StateFailed || e.Reason != sdk.ReasonTimeout || e.Attempt != 2 {
			t.Errorf("the end is told as %+v\n%s", e, r)
		}
	})
	t.Run("a signal", func(t *testing.T) {
		s := open(t, f)
		r := s.run(s.workflow(s.script("train", "sh -c 'kill -KILL $$'; exit $?")))
		if e := r.last("train"); e.State != sdk.StateFailed || e.Exit == nil || *e.Exit != 137 {
			t.Errorf("the end is told as %+v", e)
		}
	})
	t.Run("a command that does not exist", func(t *testing.T) {
		s := open(t, f)
		step := s.script("train", "")
		step.Command = []string{"/no/such/command", "--flag"}
		r := s.run(s.workflow(step))
		e := r.last("train")
		if e.State != sdk.StateFailed || e.Reason != sdk.ReasonStart || !strings.Contains(e.Message, "/no/such/command") {
			t.Errorf("the end is told as %+v", e)
		}
	})
}
