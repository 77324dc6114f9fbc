package conformance

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/sdk"
)

func step(name string, attempt int, state sdk.State) sdk.Event {
	return sdk.Event{Kind: sdk.EventStep, Step: name, Attempt: attempt, State: state}
}

func run(state sdk.State) sdk.Event { return sdk.Event{Kind: sdk.EventRun, State: state} }

func TestProblems(t *testing.T) {
	done := sdk.Event{Kind: sdk.EventSnapshotDone}
	start := []sdk.Event{run(sdk.StateRunning), step("a", 0, sdk.StatePending), done}
	for _, tc := range []struct {
		name   string
		events []sdk.Event
		want   string // "" is none
	}{
		{"a whole run", append(start[:3:3], step("a", 1, sdk.StateRunning), step("a", 1, sdk.StateSucceeded), run(sdk.StateSucceeded)), ""},
		{"what comes twice", append(start[:3:3], step("a", 1, sdk.StateRunning), step("a", 1, sdk.StateRunning), step("a", 1, sdk.StateFailed), run(sdk.StateFailed)), ""},
		{"a retry", append(start[:3:3], step("a", 1, sdk.StateFailed), step("a", 2, sdk.StatePending), step("a", 2, sdk.StateSucceeded), run(sdk.StateSucceeded)), ""},
		{"a run that has ended", []sdk.Event{run(sdk.StateFailed), step("a", 1, sdk.StateFailed), done}, ""},
		{"backwards", append(start[:3:3], step("a", 1, sdk.StateRunning), step("a", 1, sdk.StateQueued), step("a", 1, sdk.StateFailed), run(sdk.StateFailed)), "queued of attempt 1 after running of attempt 1"},
		{"after the end", append(start[:3:3], step("a", 1, sdk.StateFailed), step("a", 1, sdk.StateSucceeded), run(sdk.StateSucceeded)), "succeeded of attempt 1 after failed"},
		{"again after success", append(start[:3:3], step("a", 1, sdk.StateSucceeded), step("a", 2, sdk.StateSucceeded), run(sdk.StateSucceeded)), "attempt 2 after succeeded"},
		{"an attempt that is over", append(start[:3:3], step("a", 2, sdk.StateRunning), step("a", 1, sdk.StateFailed), step("a", 2, sdk.StateFailed), run(sdk.StateFailed)), "of attempt 1 after running of attempt 2"},
		{"skipped while it runs", append(start[:3:3], step("a", 1, sdk.StateRunning), step("a", 1, sdk.StateSkipped), run(sdk.StateSucceeded)), "skipped of attempt 1 after running"},
		{"after the run's end", append(start[:3:3], run(sdk.StateSucceeded), step("a", 1, sdk.StateSucceeded)), "after the run's final event"},
		{"a step that is left", append(start[:3:3], run(sdk.StateSucceeded)), "step a is left pending"},
		{"no end", append(start[:3:3], step("a", 1, sdk.StateSucceeded)), "not final"},
		{"no snapshot", []sdk.Event{run(sdk.StateSucceeded), step("a", 1, sdk.StateSucceeded)}, "snapshot has no end"},
		{"two snapshots", append(start[:3:3], done, step("a", 1, sdk.StateSucceeded), run(sdk.StateSucceeded)), "ends twice"},
		{"a snapshot without the step", []sdk.Event{run(sdk.StateRunning), done, step("a", 1, sdk.StateSucceeded), run(sdk.StateSucceeded)}, "does not tell of step a"},
		{"a snapshot without the run", []sdk.Event{step("a", 1, sdk.StateSucceeded), done, run(sdk.StateSucceeded)}, "does not tell of the run"},
		{"a step of another run", append(start[:3:3], step("b", 1, sdk.StateRunning), step("a", 1, sdk.StateSucceeded), run(sdk.StateSucceeded)), `"b" is not of this run`},
		{"an unknown state", append(start[:3:3], step("a", 1, "floating"), step("a", 1, sdk.StateSucceeded), run(sdk.StateSucceeded)), "unknown state floating"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := strings.Join((&record{events: tc.events}).problems(sdk.Workflow{Steps: []sdk.Step{{Name: "a"}}}), "; ")
			if tc.want == "" && got != "" || !strings.Contains(got, tc.want) {
				t.Errorf("problems %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEarly(t *testing.T) {
	done := sdk.Event{Kind: sdk.EventSnapshotDone}
	for _, tc := range []struct {
		name   string
		events []sdk.Event
		want   bool
	}{
		{"in order", []sdk.Event{done, step("a", 1, sdk.StateSucceeded), step("b", 1, sdk.StateRunning)}, false},
		{"out of order", []sdk.Event{done, step("a", 1, sdk.StateRunning), step("b", 1, sdk.StateStarting)}, true},
		{"in a snapshot", []sdk.Event{step("b", 1, sdk.StateRunning), step("a", 1, sdk.StateSucceeded), done}, false},
	} {
		if got := (&record{events: tc.events}).early("a", "b"); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
