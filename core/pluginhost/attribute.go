package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/wire"
)

// crashPatience is how long a lost connection waits for the end of the process
// that would explain it.
const crashPatience = 3 * time.Second

// errClosed is a call to a plugin that the host itself has ended.
var errClosed = errors.New("the plugin was stopped")

// attribute makes the error of a call one that a user can place: it names the
// plugin, tells a crash from a platform's trouble, and has the code that
// decides the exit status. The end of the caller's own context stays what it
// is.
func (p *Process) attribute(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	var broken *wire.PanicError
	var failed *sdk.Error
	var failure *diag.Failure
	switch {
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return err
	case errors.Is(err, wire.ErrLost):
		return p.lost(ctx, err)
	case errors.As(err, &broken):
		return diag.Fail(diag.PluginCrashed, fmt.Errorf("%s: %w: %s", p, err, firstPanic(broken.Trace)),
			"Report this to the plugin's author:\n"+shorten(strings.Split(broken.Trace, "\n"), 40))
	case errors.As(err, &failed):
		return diag.Fail(codeOf(failed), fmt.Errorf("%s: %w", p, err), failed.Hint)
	case errors.As(err, &failure):
		return diag.Fail(failure.Code, fmt.Errorf("%s: %w", p, failure.Err), failure.Hint)
	}
	return fmt.Errorf("%s: %w", p, err)
}

// codeOf is the code for an operation that the plugin says has failed.
func codeOf(e *sdk.Error) diag.Code {
	switch {
	case e.Denied:
		return diag.PlatformDenied
	case e.NotFound:
		return diag.RunNotFound
	case e.Origin == sdk.OriginUser:
		return diag.PluginDiag
	case e.Origin == sdk.OriginPlatform:
		return diag.PlatformDown
	}
	return diag.Internal
}

// CrashError is a plugin's process that ended by itself.
type CrashError struct {
	Process string // the plugin, with its version
	Ended   string // such as: exit status 2
	Words   string // the last it wrote, the panic where there was one
}

func (e *CrashError) Error() string {
	text := e.Process + " crashed (" + e.Ended + ")"
	if first, _, _ := strings.Cut(e.Words, "\n"); first != "" {
		text += ": " + first
	}
	return text
}

// lost explains a connection that broke: most often the process has died, and
// says why on its standard error.
func (p *Process) lost(ctx context.Context, err error) error {
	select {
	case <-p.child.exited:
	case <-time.After(crashPatience):
	case <-ctx.Done():
	}
	select {
	case <-p.closed:
		return fmt.Errorf("%s: %w", p, errClosed)
	default:
	}
	select {
	case <-p.child.exited:
		return p.crash()
	default:
		return diag.Fail(diag.PluginCrashed, fmt.Errorf("%s: %w, and its process still runs", p, err),
			"Report this to the plugin's author.")
	}
}

// crash is the failure for a process that has ended.
func (p *Process) crash() error {
	words, isPanic := p.stderr.lastWords()
	crash := &CrashError{Process: p.String(), Ended: p.child.ended(), Words: words}
	hint := "Report this to the plugin's author."
	if words != "" {
		hint = "Report this to the plugin's author:\n" + words
	}
	if !isPanic && strings.HasPrefix(crash.Ended, "signal: killed") {
		hint = "Something killed it; the system does so when memory runs out."
	}
	return diag.Fail(diag.PluginCrashed, crash, hint)
}

func firstPanic(trace string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(trace, "panic: "), "\n")
	return first
}

// explainStart is the failure for a plugin that did not get to its first
// answer. What it wrote to its standard output tells most.
func (p *Process) explainStart(err error, late bool, limit time.Duration) error {
	fail := func(hint, format string, args ...any) error {
		return diag.Fail(diag.PluginProtocol, fmt.Errorf("%s (%s): "+format, append([]any{p, p.Plugin.Path}, args...)...), hint)
	}
	var broken *wire.PanicError
	if errors.As(err, &broken) {
		return p.attribute(context.Background(), err)
	}
	if p.child.ID() == "" {
		return fail("Check that it is built for this system.", "it cannot be started: %w", err)
	}
	exited := p.hasEnded(late)
	line, _, _ := strings.Cut(p.child.stdout.beginning(), "\n")
	parts := strings.Split(strings.TrimSpace(line), "|")
	words, isPanic := p.stderr.lastWords()
	switch {
	case exited && isPanic:
		return p.crash()
	case exited && line == "":
		return fail(words, "it ended (%s) before it said that it is ready", p.child.ended())
	case line == "":
		return fail(words, "it did not say within %s that it is ready", limit)
	case len(parts) < 5:
		return fail("A plugin's first line on its standard output is the handshake; see sdk/serve.",
			"it wrote %s where its handshake belongs", strconv.Quote(cut(line, 80)))
	case parts[0] != "1" || parts[4] != "grpc":
		return fail("Build it with the sdk of this version of stack.", "it speaks another transport (%s)", strconv.Quote(cut(line, 80)))
	case parts[1] != strconv.Itoa(protocolVersion):
		return fail("Use a build of the plugin for this version of stack.",
			"it speaks protocol %s, this stack speaks %d", cut(parts[1], 20), protocolVersion)
	case exited:
		return p.crash()
	case late:
		return fail(words, "it did not answer within %s", limit)
	}
	if attributed := p.attribute(context.Background(), err); isFailure(attributed) {
		return attributed
	}
	return fail("", "%w", err)
}

// hasEnded gives a process that has just closed its output the moment that it
// needs to end.
func (p *Process) hasEnded(late bool) bool {
	patience := time.Second
	if late {
		patience = 0
	}
	select {
	case <-p.child.exited:
		return true
	case <-time.After(patience):
		return false
	}
}

func isFailure(err error) bool {
	var failure *diag.Failure
	return errors.As(err, &failure)
}

func cut(text string, most int) string {
	if len(text) > most {
		return text[:most] + "…"
	}
	return text
}
