package diag

import (
	"context"
	"errors"
)

// Exit is the exit status of the process.
type Exit int

// The exit statuses of `stack`. Scripts depend on them.
const (
	ExitOK          Exit = 0
	ExitInternal    Exit = 1   // a defect of stack, or a plugin crashed
	ExitUsage       Exit = 2   // wrong command line or configuration
	ExitAuth        Exit = 3   // not allowed, or not signed in
	ExitNotFound    Exit = 4   // a run, a stack, a base image does not exist
	ExitBuild       Exit = 5   // a build failed; builder or registry unavailable
	ExitPlacement   Exit = 6   // no machine can hold a step
	ExitRunFailed   Exit = 7   // the run ended failed
	ExitCancelled   Exit = 8   // the run was cancelled
	ExitTimeout     Exit = 9   // timed out waiting; the run goes on
	ExitStale       Exit = 10  // what a plan or lock depends on has moved
	ExitInterrupted Exit = 130 // Ctrl-C
)

// ExitOf is the exit status that err means: 0 for nil, 130 for an interrupt,
// otherwise that of the first error's code.
func ExitOf(err error) Exit {
	if err == nil {
		return ExitOK
	}
	var list List
	var failure *Failure
	if !errors.As(err, &list) && !errors.As(err, &failure) && errors.Is(err, context.Canceled) {
		return ExitInterrupted
	}
	for _, d := range FromError(err) {
		if d.Severity == Error {
			return d.Code.Exit()
		}
	}
	return ExitInternal
}
