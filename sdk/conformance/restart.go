package conformance

import (
	"testing"

	"github.com/stackrun/stack/sdk"
)

// testRestart tests that a later process knows the runs of an earlier one.
func testRestart(t *testing.T, f Factory) {
	s := open(t, f)
	w := s.workflow(s.script("train", "echo hello"), s.script("bad", "exit 4", "train"))
	submission := s.submit(w)
	s.watch(w, submission)

	s.connect()
	r := s.watch(w, submission)
	if r.last("").State != sdk.StateFailed || r.last("train").State != sdk.StateSucceeded {
		t.Errorf("a later process tells:\n%s", r)
	}
	if e := r.last("bad"); e.State != sdk.StateFailed || e.Reason != sdk.ReasonExitCode || e.Exit == nil || *e.Exit != 4 {
		t.Errorf("a later process tells of the failure %+v", e)
	}
	if out := s.output(w, submission, "train"); out != "hello\n" {
		t.Errorf("a later process reads the log %q", out)
	}
	again, err := s.o.Submit(s.ctx, w, nil)
	if err != nil || !again.AlreadyExisted {
		t.Errorf("a later process submits the run again: %+v, %v", again, err)
	}
	if done, err := s.o.Cancel(s.ctx, sdk.CancelRequest{RunID: w.RunID, Handle: submission.Handle}); err != nil || !done {
		t.Errorf("a later process cancels: already done %v, %v", done, err)
	}
}
