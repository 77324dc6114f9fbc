// Package cli is the command line of stack: it reads arguments, runs the
// engine, and shows what comes of it. There is one file for each command, in
// which a command is parsed into a struct and the struct is run.
//
// Data (JSON, scripts for shells, logs) goes to standard output; everything
// said to people goes to standard error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/stackrun/stack/core/diag"
)

// Program is everything that the command line takes from the world.
type Program struct {
	Args       []string // without the program's own name
	Environ    []string
	Dir        string // working directory, absolute
	Executable string // path of the running binary; plugins are beside it
	Version    string
	Stdin      io.Reader
	Stdout     io.Writer
	Stderr     io.Writer
	Now        func() time.Time
}

// FromOS is the Program of this process.
func FromOS(version string) Program {
	p := Program{
		Args: os.Args[1:], Environ: os.Environ(), Version: version,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, Now: time.Now,
	}
	// A folder or binary that was deleted under us shows when it is needed.
	p.Dir, _ = os.Getwd()
	p.Executable, _ = os.Executable()
	return p
}

// Signals is a context that the first interrupt or termination signal cancels.
// After that signals act as the system has it, so that a second one ends the
// process at once; plugins then stop what they started.
func Signals() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// Main runs the command line and gives the exit status of the process.
func Main(ctx context.Context, p Program) int {
	app := &app{Program: p}
	root := newRoot(app)
	root.SetArgs(p.Args)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil {
		// Whatever an interrupt made fail, the interrupt is the reason; and an
		// interrupted command never succeeds.
		if err != nil && diag.ExitOf(err) != diag.ExitInterrupted {
			app.report(err)
		}
		return int(diag.ExitInterrupted)
	}
	var status exitStatus
	if errors.As(err, &status) {
		return int(status)
	}
	if err != nil {
		app.report(err)
	}
	return int(diag.ExitOf(err))
}

// exitStatus ends the process with a status after everything has been said.
type exitStatus diag.Exit

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// app is a Program with the flags that all commands share.
type app struct {
	Program
	flags commonFlags
}

// report shows err: as a line `{"diagnostics":[…]}` on standard output with -o json,
// else as text on standard error.
func (a *app) report(err error) {
	list := diag.FromError(err)
	if a.flags.output == "json" {
		a.printLine(map[string]any{"diagnostics": list}) // events may stand before it
		return
	}
	a.printDiagnostics(list)
}

func (a *app) printDiagnostics(list diag.List) {
	diag.Printer{W: a.Stderr, Color: a.color(a.Stderr), ReadFile: a.readFile}.Print(list)
}

// color reports whether w is a terminal on which colour is wanted.
func (a *app) color(w io.Writer) bool {
	return !a.flags.noColor && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb" && isTerminal(w)
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
