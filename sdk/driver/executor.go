package driver

import (
	"context"
	"io"

	"github.com/stackrun/stack/sdk"
)

// Executor starts single attempts of steps. Its methods are called at the same
// time from several goroutines.
type Executor interface {
	// Start starts an attempt and returns when its command runs. The end of ctx
	// stops a start that takes long, such as a download, and does nothing once
	// Start has returned. An error that is a *Failure says why; any other has
	// the reason start_error.
	Start(ctx context.Context, a Attempt) (Process, error)

	// Sweep stops and removes whatever is left of a run whose process is gone.
	// Nothing being there is fine.
	Sweep(ctx context.Context, runID string) error
}

// Process is an attempt that runs.
type Process interface {
	// Wait returns once the command has ended, all that it wrote has been
	// written to the attempt's Stdout and Stderr, its outputs are in place, and
	// nothing of it is left. It is called once. An error is a failure that is
	// not the command's own, best a *Failure.
	Wait() (Exit, error)

	// Signal passes a signal to the command. That the command has ended
	// already is no error.
	Signal(s Signal) error
}

// Signal is polite or final.
type Signal int

const (
	Terminate Signal = iota // the command may clean up
	Kill                    // the command ends now, and all that it started
)

// Exit is how a command ended.
type Exit struct {
	Code    int        // 128+n for signal n
	Reason  sdk.Reason // why, where it is more than an exit status: oom
	Native  string     // the platform's word for it
	Message string     // one line for people; empty is fine
}

// Failure is an attempt that failed for a reason of its own.
type Failure struct {
	Reason    sdk.Reason
	Native    string
	Permanent bool // another attempt would fail the same way
	Err       error
}

func (f *Failure) Error() string { return f.Err.Error() }
func (f *Failure) Unwrap() error { return f.Err }

// Attempt is one start of one step.
type Attempt struct {
	RunID      string
	Flow       string
	Labels     map[string]string
	SourceRoot string
	Step       sdk.Step
	Number     int // from 1
	Inputs     []Input
	Outputs    []Output
	Scratch    string // an empty folder on this machine, removed after the attempt
	Stdout     io.Writer
	Stderr     io.Writer
}

// Input is what an input consists of on this machine.
type Input struct {
	Name    string
	Many    bool
	Sources []InputSource // one, unless Many
}

// InputSource is a file or folder in the artifact store.
type InputSource struct {
	Entry string // its name in the input's folder, with Many
	Path  string
}

// Output is where an output belongs on this machine. A folder is there
// already, empty; a file's parent is.
type Output struct {
	Name string
	Type sdk.OutputType
	Path string
}
