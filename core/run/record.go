// Package run keeps the records of runs on this machine: one folder for each
// run below .stack/runs, written before anything is submitted, so that a crash
// at any moment leaves something that says what was being done.
//
// A record is the fold of the events of its run; the platform remains the
// authority. The package knows nothing of plans, builders or plugins.
package run

import (
	"time"

	"github.com/stackrun/stack/sdk"
)

// Record is what is known of a run.
type Record struct {
	SchemaVersion int        `json:"schema_version"`
	ID            string     `json:"run"`
	Flow          string     `json:"flow"`
	Stack         string     `json:"stack"`
	Phase         Phase      `json:"phase"`
	State         sdk.State  `json:"state"`
	Reason        sdk.Reason `json:"reason"`
	Message       string     `json:"message,omitempty"`
	Created       time.Time  `json:"created"`
	Started       *time.Time `json:"started"` // accepted by the platform
	Ended         *time.Time `json:"ended"`
	Code          Code       `json:"code"`
	Steps         []Step     `json:"steps"`

	Orchestrator string     `json:"orchestrator"` // the plugin's name
	Detached     bool       `json:"detached"`     // goes on without this machine
	Handle       sdk.Handle `json:"handle,omitempty"`
	URL          string     `json:"url,omitempty"`
	Build        string     `json:"build,omitempty"` // id of the build that it runs
	Source       Source     `json:"source"`
}

// Phase is how far the making of a run came.
type Phase string

const (
	Planned    Phase = "planned"    // recorded; nothing is built or submitted
	Building   Phase = "building"   // images are being built
	Submitting Phase = "submitting" // handed to the platform; whether it took it is not yet known
	Submitted  Phase = "submitted"  // the platform has it
)

// Code says which code a run used.
type Code struct {
	Commit string `json:"commit"` // of the git checkout, or empty
	Dirty  bool   `json:"dirty"`  // the checkout had changes that the commit lacks
}

// Source says how a run was asked for, so that it can be found and asked for
// again. Values of parameters are kept; values of the environment are not.
type Source struct {
	FlowFile  string   `json:"flow_file"`
	StackFile string   `json:"stack_file,omitempty"`
	Params    []string `json:"params,omitempty"`
	Set       []string `json:"set,omitempty"`
	Vars      []string `json:"vars,omitempty"`
}

// Step is what is known of a step of a run.
type Step struct {
	Name     string     `json:"name"`
	State    sdk.State  `json:"state"`
	Reason   sdk.Reason `json:"reason"`
	ExitCode *int       `json:"exit_code"`
	Attempt  int        `json:"attempt"`
	Message  string     `json:"message,omitempty"`
	Started  *time.Time `json:"started,omitempty"`
	Ended    *time.Time `json:"ended,omitempty"`
}

// SchemaVersion is the version of records that this package writes.
const SchemaVersion = 1

// Step is the step called name, or nil.
func (r *Record) Step(name string) *Step {
	for i := range r.Steps {
		if r.Steps[i].Name == name {
			return &r.Steps[i]
		}
	}
	return nil
}

// Fold returns r with e taken in. Folding an event twice changes nothing, and
// a final state stays.
func (r Record) Fold(e sdk.Event) Record {
	when := e.Time
	switch e.Kind {
	case sdk.EventRun:
		if r.State.Final() {
			return r
		}
		r.State, r.Reason, r.Message = e.State, e.Reason, e.Message
		if r.Started == nil && e.State != sdk.StatePending {
			r.Started = &when
		}
		if e.State.Final() {
			r.Ended = &when
		}
	case sdk.EventStep:
		r.Steps = append([]Step(nil), r.Steps...)
		s := r.Step(e.Step)
		if s == nil {
			r.Steps = append(r.Steps, Step{Name: e.Step})
			s = &r.Steps[len(r.Steps)-1]
		}
		if e.Attempt < s.Attempt || (s.State.Final() && e.Attempt == s.Attempt) {
			return r
		}
		if e.Attempt > s.Attempt {
			*s = Step{Name: e.Step, Attempt: e.Attempt}
		}
		s.State, s.Reason, s.Message, s.ExitCode = e.State, e.Reason, e.Message, e.Exit
		if e.State == sdk.StateRunning && s.Started == nil {
			s.Started = &when
		}
		if e.State.Final() {
			s.Ended = &when
		}
	}
	return r
}

// End returns r ended by this machine rather than by an event of the platform.
// Steps that had not ended are cancelled or skipped.
func (r Record) End(state sdk.State, reason sdk.Reason, message string, now time.Time) Record {
	if r.State.Final() {
		return r
	}
	r.State, r.Reason, r.Message, r.Ended = state, reason, message, &now
	r.Steps = append([]Step(nil), r.Steps...)
	for i := range r.Steps {
		s := &r.Steps[i]
		switch {
		case s.State.Final():
		case s.State == sdk.StateRunning || s.State == sdk.StateStarting:
			s.State, s.Reason, s.Ended = state, reason, &now
		default:
			s.State = sdk.StateSkipped
		}
	}
	return r
}
