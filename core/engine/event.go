package engine

import "time"

// Event is one thing that happened while a flow was built and run. Its JSON is
// what `stack run -o json` prints, one object a line.
type Event struct {
	Time    time.Time `json:"ts"`
	Type    EventType `json:"type"`
	Run     string    `json:"run"`
	Step    string    `json:"step"`
	From    string    `json:"from"` // the state before
	To      string    `json:"to"`   // the state now
	Reason  string    `json:"reason"`
	Message string    `json:"message"`

	Image   string `json:"image,omitempty"`   // with BuildProgress: the image's reference
	Attempt int    `json:"attempt,omitempty"` // with StepStatus and Log: from 1
	Exit    *int   `json:"exit_code,omitempty"`
}

// EventType tells events apart.
type EventType string

const (
	BuildProgress EventType = "build.progress"
	StepStatus    EventType = "step.status"
	RunStatus     EventType = "run.status"
	Log           EventType = "log" // Message is one line of a step's output, as it was
)

// Sink takes events as they happen. It is called from one goroutine at a time.
type Sink func(Event)
