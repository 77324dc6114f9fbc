package sdk

import "time"

// Event is one thing that happened to a run. Folding the events of a run in
// order gives its state; an event that comes twice changes nothing.
type Event struct {
	Kind    EventKind
	Step    string // with EventStep
	Attempt int    // with EventStep: from 1
	State   State
	Reason  Reason
	Native  string // the platform's own word for the reason
	Message string // one line for people
	Time    time.Time
	Exit    *int // the process's exit status, once known; 128+n for signal n
}

// EventKind tells events apart.
type EventKind string

const (
	EventRun          EventKind = "run"
	EventStep         EventKind = "step"
	EventSnapshotDone EventKind = "snapshot_done"
	EventHeartbeat    EventKind = "heartbeat" // every 30 s or less while nothing happens
)

// State is how far a run or step is.
type State string

const (
	StatePending   State = "pending"  // waits for its needs
	StateQueued    State = "queued"   // waits for the platform
	StateStarting  State = "starting" // has a place, not yet running
	StateRunning   State = "running"
	StateSucceeded State = "succeeded"
	StateFailed    State = "failed"
	StateCancelled State = "cancelled"
	StateSkipped   State = "skipped" // never started
)

// Final reports whether s is an end.
func (s State) Final() bool {
	switch s {
	case StateSucceeded, StateFailed, StateCancelled, StateSkipped:
		return true
	}
	return false
}

// Reason is why a state is what it is, the same words on every platform.
type Reason string

const (
	ReasonNone       Reason = ""
	ReasonNoCapacity Reason = "no_capacity"
	ReasonQuota      Reason = "quota"
	ReasonImagePull  Reason = "image_pull"
	ReasonOOM        Reason = "oom"
	ReasonPreempted  Reason = "preempted"
	ReasonExitCode   Reason = "exit_code"
	ReasonTimeout    Reason = "timeout"
	ReasonUpstream   Reason = "upstream"    // a need did not end as the step wants it
	ReasonHostLost   Reason = "host_lost"   // the process that ran the steps is gone
	ReasonOutput     Reason = "output"      // a declared output was not made
	ReasonStart      Reason = "start_error" // the command could not be started
)
