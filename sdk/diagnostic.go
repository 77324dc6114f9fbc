package sdk

import (
	"fmt"
	"time"
)

// Diagnostic is a mistake in configuration that the plugin found. The host
// finds the line that Path was written on.
type Diagnostic struct {
	Severity   Severity
	Code       string // the plugin's own, such as VERTEX003; empty is fine
	Summary    string
	Detail     string
	Suggestion string
	Path       Path
	Placement  bool // no machine fits: exit status 6 rather than 2
}

// Severity is error or warning.
type Severity string

const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Path names a configured value.
type Path struct {
	Root  PathRoot
	Step  string   // with RootStep and RootSettings
	Elems []string // attribute names, map keys and decimal list indexes
}

// PathRoot is where a path starts.
type PathRoot string

const (
	RootStack    PathRoot = "stack"    // the orchestrator's block in stacks.hcl
	RootStep     PathRoot = "step"     // the step's orchestrator settings
	RootSettings PathRoot = "settings" // the step's other settings, such as resources.accelerator
)

// Error is an operation that failed, with what the host needs to know to go on.
type Error struct {
	Origin     ErrorOrigin
	Message    string
	Retryable  bool
	RetryAfter time.Duration
	Hint       string // what the user can do
	Denied     bool   // not signed in, or not allowed: exit status 3
	NotFound   bool   // the run or object does not exist: exit status 4
}

func (e *Error) Error() string { return e.Message }

// ErrorOrigin says whose fault a failed operation is.
type ErrorOrigin string

const (
	OriginUser     ErrorOrigin = "user"
	OriginPlugin   ErrorOrigin = "plugin"
	OriginPlatform ErrorOrigin = "platform"
)

// Errorf makes an *Error of a platform's trouble that may pass.
func Errorf(format string, args ...any) *Error {
	return &Error{Origin: OriginPlatform, Message: fmt.Sprintf(format, args...), Retryable: true}
}
