// Package diag holds diagnostics: what is wrong with something that the user
// wrote, where it is written, and a way out.
//
// Two kinds of trouble are kept apart everywhere in this module. A mistake in
// the user's input is a Diagnostic: it has a code, is gathered with the others
// of its file, and is shown with the line it is on. An operation that failed
// (a registry is down, a disk is full) is an error, made a *Failure where it
// is known what the user can do about it. Both carry a code of the table in
// codes.go, and the code decides the exit status of the process.
//
// diag is a leaf: it imports nothing of this module.
package diag

import (
	"errors"
	"fmt"
	"strings"
)

// Severity says whether a diagnostic stops the work.
type Severity string

const (
	Error   Severity = "error"   // the work is not begun
	Warning Severity = "warning" // the work goes on
	Info    Severity = "info"    // worth knowing, nothing to fix
)

// Range is a stretch of text in a file that the user wrote. Lines and columns
// count from 1; columns count characters (runes), not bytes. An end of zero
// means that only the start is known. File is as the user would name it:
// relative to the working directory where it is below it. For a value that is
// not from a file it names the source, such as "environment variable
// STACK_IMAGE" or "--set", with Line zero.
type Range struct {
	File      string `json:"file"`
	Line      int    `json:"line"`
	Column    int    `json:"column"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`
}

// String is "file:line:column", or the file alone where no line is known.
func (r Range) String() string {
	if r.Line == 0 {
		return r.File
	}
	return fmt.Sprintf("%s:%d:%d", r.File, r.Line, r.Column)
}

// Diagnostic is one finding about the user's input.
type Diagnostic struct {
	Severity   Severity `json:"severity"`
	Code       Code     `json:"code"`
	Summary    string   `json:"summary"`    // one line, lower case, no full stop
	Detail     string   `json:"detail"`     // what is allowed, and why
	Suggestion string   `json:"suggestion"` // the way out, such as: did you mean "accelerator"?
	Range      *Range   `json:"range"`
}

// At makes an error diagnostic at r.
func At(r Range, code Code, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Error, Code: code, Summary: fmt.Sprintf(format, args...), Range: &r}
}

// New makes an error diagnostic without a place.
func New(code Code, format string, args ...any) Diagnostic {
	return Diagnostic{Severity: Error, Code: code, Summary: fmt.Sprintf(format, args...)}
}

// Because returns d with a detail.
func (d Diagnostic) Because(format string, args ...any) Diagnostic {
	d.Detail = fmt.Sprintf(format, args...)
	return d
}

// Try returns d with a suggestion; an empty one leaves it without.
func (d Diagnostic) Try(suggestion string) Diagnostic {
	d.Suggestion = suggestion
	return d
}

// AsWarning returns d as a warning.
func (d Diagnostic) AsWarning() Diagnostic {
	d.Severity = Warning
	return d
}

// List is diagnostics in the order in which they were found. A List with an
// error in it is used as an error value through Err.
type List []Diagnostic

// HasErrors reports whether any diagnostic of the list stops the work.
func (l List) HasErrors() bool {
	for _, d := range l {
		if d.Severity == Error {
			return true
		}
	}
	return false
}

// Err returns l as an error when it has errors, else nil. The error keeps the
// warnings too, so that nothing found is lost.
func (l List) Err() error {
	if !l.HasErrors() {
		return nil
	}
	return l
}

// Error is every error of the list, a line each; it is what a program that
// does not know about diagnostics shows.
func (l List) Error() string {
	var lines []string
	for _, d := range l {
		if d.Severity != Error {
			continue
		}
		line := d.Summary
		if d.Range != nil {
			line = d.Range.String() + ": " + line
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Failure is an operation that failed, with a code and what to do about it.
type Failure struct {
	Code Code
	Err  error  // names the object and the action
	Hint string // a way out, or empty
}

// Fail wraps err, an operation that failed, with a code and a way out.
func Fail(code Code, err error, hint string) *Failure {
	return &Failure{Code: code, Err: err, Hint: hint}
}

func (f *Failure) Error() string { return f.Err.Error() }

func (f *Failure) Unwrap() error { return f.Err }

// FromError makes err a list: itself where it is one, the Failure's code and
// hint where it has one, and an internal error otherwise. nil gives nil.
func FromError(err error) List {
	if err == nil {
		return nil
	}
	var list List
	if errors.As(err, &list) {
		return list
	}
	// The first line says what failed; what follows, such as the end of a
	// build's log, belongs below it.
	summary, detail, _ := strings.Cut(err.Error(), "\n")
	d := Diagnostic{Severity: Error, Code: Internal, Summary: summary, Detail: detail}
	var f *Failure
	if errors.As(err, &f) {
		d.Code, d.Suggestion = f.Code, f.Hint
	}
	return List{d}
}
