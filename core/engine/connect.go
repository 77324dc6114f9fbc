package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// Target names a stack.
type Target struct {
	Stack     string   // empty: STACK_STACK, then the file's default_stack
	StackFile string   // empty: looked for from the flow's folder upwards
	FlowFile  string   // empty: the working directory's stacks
	Vars      []string // name=value
}

// LoadStacks reads the stacks of t.
func (e *Engine) LoadStacks(t Target) (*stackfile.File, diag.List) {
	from := e.Dir
	if t.FlowFile != "" {
		from = filepath.Dir(e.absolute(t.FlowFile))
	}
	return stackfile.Load(stackfile.Options{Path: t.StackFile, From: from, WorkDir: e.Dir, Vars: t.Vars, LookupEnv: e.LookupEnv})
}

// StackOf resolves the stack that t names. The list may hold warnings even
// when there is a stack.
func (e *Engine) StackOf(t Target) (*stackfile.Stack, diag.List) {
	file, list := e.LoadStacks(t)
	if file == nil || list.HasErrors() {
		return nil, list
	}
	name := t.Stack
	if name == "" {
		name, _ = e.LookupEnv("STACK_STACK")
	}
	if name == "" {
		var problems diag.List
		name, problems = file.DefaultStack()
		list = append(list, problems...)
	}
	if list.HasErrors() {
		return nil, list
	}
	stack, problems := file.Stack(name)
	list = append(list, problems...)
	if list.HasErrors() {
		return nil, list
	}
	return stack, list
}

// connection is a stack's orchestrator, started and configured.
type connection struct {
	orchestrator sdk.Orchestrator
	info         sdk.Info
	schema       sdk.Schema
	identity     sdk.Identity
	stack        *stackfile.Stack
	warnings     diag.List
}

// connect starts the orchestrator plugin of a stack and configures it.
func (e *Engine) connect(ctx context.Context, t Target) (*connection, error) {
	stack, list := e.StackOf(t)
	if list.HasErrors() {
		return nil, list
	}
	return e.connectStack(ctx, stack, list)
}

func (e *Engine) connectStack(ctx context.Context, stack *stackfile.Stack, list diag.List) (*connection, error) {
	if list = append(list, notBuilt(stack)...); list.HasErrors() {
		return nil, list
	}
	c := &connection{stack: stack}
	var err error
	name := stack.Orchestrator.Type
	if c.orchestrator, err = e.Plugins.Orchestrator(ctx, name); err != nil {
		return nil, withRange(err, stack.Orchestrator.Range)
	}
	if c.info, err = c.orchestrator.Handshake(ctx, sdk.Host{Version: e.Version}); err != nil {
		return nil, err
	}
	if c.schema, err = c.orchestrator.Schema(ctx); err != nil {
		return nil, err
	}
	if err := checkRequired(stack, c.info); err != nil {
		return nil, err
	}
	config, problems := stackfile.CheckComponent(stack.Orchestrator, c.schema.Stack)
	if list = append(list, problems...); list.HasErrors() {
		return nil, list
	}
	identity, found, err := c.orchestrator.Configure(ctx, e.configuration(c, config))
	if err != nil {
		return nil, fmt.Errorf("configure stack %s: %w", stack.Name, err)
	}
	for _, d := range found {
		list = append(list, c.diagnostic(d, nil))
	}
	if list.HasErrors() {
		return nil, list
	}
	c.identity, c.warnings = identity, list
	return c, nil
}

// stateDir is the folder of an orchestrator's own. It is made for the first run
// and not before: a folder .stack marks a source root, and must not come to be
// wherever somebody looks around.
func (e *Engine) stateDir(orchestrator string) string {
	return filepath.Join(e.Root, ".stack", "state", orchestrator)
}

// configuration is what the plugin is told of this project.
func (e *Engine) configuration(c *connection, config json.RawMessage) sdk.Configuration {
	out := sdk.Configuration{Stack: config, StateDir: e.stateDir(c.stack.Orchestrator.Type), ArtifactStore: "file://" + filepath.ToSlash(filepath.Join(e.Root, ".stack", "store"))}
	if c.stack.Store != nil {
		out.ArtifactStore = c.stack.Store.URL
	}
	if c.info.Has(sdk.CapHostEnvironment) {
		out.Environment = map[string]string{}
		for _, pair := range e.Environ {
			if name, value, ok := strings.Cut(pair, "="); ok {
				out.Environment[name] = value
			}
		}
	}
	return out
}

// diagnostic is a plugin's finding with the place in the user's files. steps
// says where a step's settings were written; nil knows of no steps.
func (c *connection) diagnostic(d sdk.Diagnostic, steps func(step string, elems []string) *diag.Range) diag.Diagnostic {
	out := diag.Diagnostic{Severity: diag.Error, Code: diag.Code(d.Code), Summary: d.Summary, Detail: d.Detail, Suggestion: d.Suggestion}
	if d.Severity == sdk.SeverityWarning {
		out.Severity = diag.Warning
	}
	switch {
	case d.Placement:
		out.Code = diag.Placement
	case out.Code == "":
		out.Code = diag.PluginDiag
	}
	elems := d.Path.Elems
	switch d.Path.Root {
	case sdk.RootStack:
		r := stackfile.RangeOf(c.stack.Orchestrator, elems)
		out.Range = &r
	case sdk.RootStep:
		elems = append([]string{"orchestrator"}, elems...)
		fallthrough
	case sdk.RootSettings:
		if steps != nil {
			out.Range = steps(d.Path.Step, elems)
		}
		elems = append([]string{"steps", d.Path.Step}, elems...)
	default:
		return out
	}
	// A value that was not written has no place of its own: name it as well.
	if where := strings.Join(elems, "."); where != "" && !strings.Contains(out.Summary, where) {
		out.Detail = strings.TrimSpace(out.Detail + "\nSetting: " + where)
	}
	return out
}

// withRange puts r on the diagnostics of err that have no place.
func withRange(err error, r diag.Range) error {
	list := diag.FromError(err)
	for i := range list {
		if list[i].Range == nil && r.File != "" {
			list[i].Range = &r
		}
	}
	return list
}

func (e *Engine) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(e.Dir, path)
}

// LookupEnv reads the caller's environment.
func (e *Engine) LookupEnv(name string) (string, bool) {
	for i := len(e.Environ) - 1; i >= 0; i-- {
		if key, value, ok := strings.Cut(e.Environ[i], "="); ok && key == name {
			return value, true
		}
	}
	return "", false
}
