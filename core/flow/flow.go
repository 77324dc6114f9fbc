package flow

import (
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// Flow is a flow.yaml without mistakes. It is never changed once parsed.
type Flow struct {
	File     string
	Version  int
	Name     string
	Params   []Param       // in the order written
	FailFast bool          // a failure keeps further steps from starting
	Timeout  time.Duration // of the whole run; 0 is none
	Build    string        // id of a build whose images are used; empty is none
	BuildAt  diag.Range    // where it was written
	Steps    []Step        // in the order written
	// Settings is what the flow says for all steps, or nil. Expressions are
	// still in it; Node.FlowSettings has them filled in.
	Settings *settings.Value
}

// Step is a step as written: not yet multiplied by its matrix, with its
// expressions as text.
type Step struct {
	Name    string
	Range   diag.Range
	Needs   []string // written and implied ones, each once
	Inputs  []Input  // written ones, then those that expressions imply
	Outputs []sdk.Output
	Run     string   // a shell script; empty: Command
	Command []string // an argument list; empty: Run
	When    sdk.When
	Matrix  []Axis
	// MaxParallel is how many variants may run at once; 0 is no limit.
	MaxParallel int
	// Settings is what the step says itself, or nil.
	Settings *settings.Value

	commands []*settings.Value // where each argument was written
	edges    []edge
}

// Input is an output of another step.
type Input struct {
	Name         string
	Step, Output string
}

// Axis is one key of a matrix.
type Axis struct {
	Name   string
	Values []AxisValue
}

// AxisValue is one value of an axis, as it was written.
type AxisValue struct {
	Text string
	Type settings.ScalarType
}

// edge is a need and where it comes from.
type edge struct {
	to    string
	place diag.Range
}
