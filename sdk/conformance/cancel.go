package conformance

import (
	"testing"
	"time"

	"github.com/stackrun/stack/sdk"
)

func testCancel(t *testing.T, f Factory) {
	for _, tc := range []struct {
		name, script string
		says         string // in the step's log
	}{
		{"a step that ends by itself", "sleep 300", ""},
		{"a step that cleans up", `trap 'echo cleaned up; exit 0' TERM; sleep 300 & echo ready; wait`, "ready\ncleaned up\n"},
		{"a step that does not listen", `trap '' TERM INT; while :; do sleep 1; done`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := open(t, f)
			w := s.workflow(
				s.script("train", tc.script),
				s.script("report", "true", "train"),
				s.script("never", "true", "report"))
			w.Steps[1].When = sdk.WhenSuccess
			submission := s.submit(w)
			s.watchUntil(w, submission, "the step ran", running("train"))
			if tc.says != "" { // the trap is set
				s.untilLogged(w, submission, "train", "ready")
			}
			request := sdk.CancelRequest{RunID: w.RunID, Handle: submission.Handle, Grace: 2 * time.Second}
			begin := time.Now()
			done, err := s.o.Cancel(s.ctx, request)
			if err != nil || done {
				t.Fatalf("Cancel of a run under way: already done %v, %v", done, err)
			}
			if _, err := s.o.Cancel(s.ctx, request); err != nil {
				t.Errorf("a second Cancel: %v", err)
			}
			r := s.watch(w, submission)
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("it took %s", took)
			}
			if state := r.last("").State; state != sdk.StateCancelled {
				t.Errorf("the run ended %s\n%s", state, r)
			}
			if state := r.last("train").State; state != sdk.StateCancelled {
				t.Errorf("the step ended %s", state)
			}
			if out := s.output(w, submission, "train"); out != tc.says {
				t.Errorf("the step wrote %q, want %q", out, tc.says)
			}
			for _, name := range []string{"report", "never"} {
				if state := r.last(name).State; state != sdk.StateSkipped && state != sdk.StateCancelled {
					t.Errorf("%s ended %s", name, state)
				}
			}
			if done, err := s.o.Cancel(s.ctx, request); err != nil || !done {
				t.Errorf("Cancel of a run that has ended: already done %v, %v", done, err)
			}
		})
	}
	t.Run("a run that has succeeded stays so", func(t *testing.T) {
		s := open(t, f)
		w := s.workflow(s.script("train", "true"))
		submission := s.submit(w)
		s.watch(w, submission)
		if done, err := s.o.Cancel(s.ctx, sdk.CancelRequest{RunID: w.RunID, Handle: submission.Handle}); err != nil || !done {
			t.Errorf("already done %v, %v", done, err)
		}
		if state := s.watch(w, submission).last("").State; state != sdk.StateSucceeded {
			t.Errorf("the run is %s now", state)
		}
	})
}
