package conformance

import (
	"errors"
	"fmt"
	"strings"

	"github.com/stackrun/stack/sdk"
)

// errEnough ends a stream from within.
var errEnough = errors.New("enough has been seen")

// record is the events of one Watch, in the order in which they came.
type record struct {
	events []sdk.Event
}

// String is a line for each event.
func (r *record) String() string {
	var b strings.Builder
	for _, e := range r.events {
		fmt.Fprintf(&b, "  %-13s %-12s attempt %d %-9s %s", e.Kind, e.Step, e.Attempt, e.State, e.Reason)
		if e.Exit != nil {
			fmt.Fprintf(&b, " exit %d", *e.Exit)
		}
		fmt.Fprintf(&b, " %s\n", e.Message)
	}
	return b.String()
}

// last is the final event of the run, or of a step, which is empty when there
// was none.
func (r *record) last(step string) sdk.Event {
	var last sdk.Event
	for _, e := range r.events {
		if step == "" && e.Kind == sdk.EventRun || step != "" && e.Kind == sdk.EventStep && e.Step == step {
			last = e
		}
	}
	return last
}

// problems is what is wrong with the events of a run that was watched to its
// end: the rules of sdk.Orchestrator.Watch.
func (r *record) problems(w sdk.Workflow) []string {
	var found []string
	problem := func(format string, args ...any) { found = append(found, fmt.Sprintf(format, args...)) }

	known := map[string]bool{}
	for _, step := range w.Steps {
		known[step.Name] = true
	}
	inSnapshot := map[string]bool{}
	latest := map[string]sdk.Event{}
	done, ended := false, false
	for _, e := range r.events {
		if ended && e.Kind != sdk.EventHeartbeat {
			// The end of a snapshot follows the final event of a run that has
			// ended before it was watched.
			if done || e.Kind == sdk.EventRun {
				problem("%s event of %q comes after the run's final event", e.Kind, e.Step)
			}
		}
		switch e.Kind {
		case sdk.EventSnapshotDone:
			if done {
				problem("the snapshot ends twice")
			}
			done = true
			if !inSnapshot[""] {
				problem("the snapshot does not tell of the run")
			}
			for name := range known {
				if !inSnapshot[name] {
					problem("the snapshot does not tell of step %s", name)
				}
			}
		case sdk.EventRun:
			inSnapshot[""] = true
			ended = e.State.Final()
		case sdk.EventStep:
			inSnapshot[e.Step] = true
			if !known[e.Step] {
				problem("step %q is not of this run", e.Step)
			}
			if before, ok := latest[e.Step]; ok {
				if p := illegal(before, e); p != "" {
					problem("step %s: %s", e.Step, p)
				}
			}
			latest[e.Step] = e
		}
	}
	if !done {
		problem("the snapshot has no end")
	}
	if !ended {
		problem("the last event of the run is not final")
	}
	for name := range known {
		if !latest[name].State.Final() {
			problem("step %s is left %s", name, latest[name].State)
		}
	}
	return found
}

// illegal says why next may not follow before, or "".
func illegal(before, next sdk.Event) string {
	rank := map[sdk.State]int{
		sdk.StatePending: 1, sdk.StateQueued: 2, sdk.StateStarting: 3, sdk.StateRunning: 4,
		sdk.StateSucceeded: 5, sdk.StateFailed: 5, sdk.StateCancelled: 5, sdk.StateSkipped: 5,
	}
	move := fmt.Sprintf("%s of attempt %d after %s of attempt %d", next.State, next.Attempt, before.State, before.Attempt)
	switch {
	case rank[next.State] == 0:
		return "unknown state " + string(next.State)
	case next.Attempt < before.Attempt:
		return move
	case next.Attempt > before.Attempt:
		if before.State == sdk.StateSucceeded || before.State == sdk.StateSkipped {
			return move
		}
		return ""
	case before.State.Final() && next.State != before.State:
		return move
	case rank[next.State] < rank[before.State]:
		return move
	case next.State == sdk.StateSkipped && rank[before.State] > rank[sdk.StateStarting] && before.State != sdk.StateSkipped:
		return move
	}
	return ""
}

// most is how many of the steps ran at the same time, at most.
func (r *record) most(steps map[string]bool) int {
	now := map[string]bool{}
	most := 0
	for _, e := range r.events {
		if e.Kind != sdk.EventStep || !steps[e.Step] {
			continue
		}
		if e.State == sdk.StateRunning || e.State == sdk.StateStarting {
			now[e.Step] = true
		} else {
			delete(now, e.Step)
		}
		most = max(most, len(now))
	}
	return most
}

// early reports whether a step was seen to run while its need had not ended.
// A snapshot counts as a whole, since it tells of steps in any order.
func (r *record) early(need, step string) bool {
	state := map[string]sdk.State{}
	complete := false
	for _, e := range r.events {
		switch e.Kind {
		case sdk.EventStep:
			state[e.Step] = e.State
		case sdk.EventSnapshotDone:
			complete = true
		}
		runs := state[step] == sdk.StateRunning || state[step] == sdk.StateStarting
		if complete && runs && !state[need].Final() {
			return true
		}
	}
	return false
}

// begins is the first attempt of a step that could be seen to run: the one that
// the snapshot tells of, or the next where that one has ended.
func (r *record) begins(step string) int {
	first := 1
	for _, e := range r.events {
		switch {
		case e.Kind == sdk.EventSnapshotDone:
			return first
		case e.Kind == sdk.EventStep && e.Step == step && e.Attempt > 0:
			first = e.Attempt
			if e.State.Final() {
				first++
			}
		}
	}
	return first
}

// attempts is the numbers of the attempts of a step that ran.
func (r *record) attempts(step string) []int {
	var numbers []int
	for _, e := range r.events {
		if e.Kind == sdk.EventStep && e.Step == step && e.State == sdk.StateRunning &&
			(len(numbers) == 0 || numbers[len(numbers)-1] != e.Attempt) {
			numbers = append(numbers, e.Attempt)
		}
	}
	return numbers
}
