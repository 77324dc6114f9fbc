package engine

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
)

// Request is a flow to be planned or run.
type Request struct {
	Target                   // FlowFile is required
	Params   []string        // name=value
	Set      []string        // path=value
	Build    *string         // id of a build whose images are used; empty: none, whatever the flow says; nil: as the flow says
	PlanFile string          // of a plan that is saved or run; it is no source
	Settings *settings.Value // layer Configure, of library users; nil is none
}

// largestFlow is the size from which on a file is surely not a flow.
const largestFlow = 32 << 20

// Resolve reads the flow and its stack and decides every setting. The error is
// a diag.List with everything that is wrong.
func (e *Engine) Resolve(ctx context.Context, r Request) (*plan.Resolved, error) {
	resolved, list := e.resolve(ctx, r)
	if err := list.Err(); err != nil {
		return nil, err
	}
	resolved.Warnings = list
	return resolved, nil
}

func (e *Engine) resolve(ctx context.Context, r Request) (*plan.Resolved, diag.List) {
	data, problem := e.readFlow(r.FlowFile)
	if problem != nil {
		return nil, diag.List{*problem}
	}
	stack, list := e.StackOf(r.Target)
	if stack != nil {
		builder := ""
		if stack.ImageBuilder != nil {
			builder = stack.ImageBuilder.Type
		}
		e.Plugins.Start(ctx, stack.Orchestrator.Type, builder)
	}
	layers, problems := e.layers(r)
	list = append(list, problems...)
	f, problems := flow.Parse(r.FlowFile, data)
	list = append(problems, list...)
	if f == nil || stack == nil || list.HasErrors() {
		return nil, list
	}
	resolved, problems := plan.Resolve(f, stack, layers, r.Params)
	return resolved, append(list, problems...)
}

func (e *Engine) readFlow(name string) ([]byte, *diag.Diagnostic) {
	path := e.absolute(name)
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		d := diag.New(diag.FileUnreadable, "%s is a folder", name).Try(fmt.Sprintf("name the flow's file: %s", filepath.Join(name, "flow.yaml")))
		return nil, &d
	}
	if err == nil && info.Size() > largestFlow {
		d := diag.New(diag.FileUnreadable, "%s has %d bytes; a flow has %d at most", name, info.Size(), largestFlow)
		return nil, &d
	}
	data, err := os.ReadFile(path)
	if err == nil {
		if _, problem := plan.Load(name, data); problem == nil {
			d := diag.New(diag.Usage, "%s is a saved plan, not a flow", name).Try(fmt.Sprintf("`stack run %s` does what it says", name))
			return nil, &d
		}
		return data, nil
	}
	code := diag.FileUnreadable
	if os.IsNotExist(err) {
		code = diag.FileNotFound
	}
	d := diag.New(code, "flow %s cannot be read: %v", name, err).Try("`stack init` writes a flow.yaml to begin with")
	return nil, &d
}

// layers is every layer that is not in the flow or the stack.
func (e *Engine) layers(r Request) (plan.Layers, diag.List) {
	var out plan.Layers
	var list, problems diag.List
	out.CommandLine, list = settings.FromSet(r.Set)
	out.Environment, problems = settings.FromEnvironment(e.Environ, flow.SettingsKeys())
	list = append(list, problems...)
	out.Configure = r.Settings
	path := filepath.Join(e.Root, "pyproject.toml")
	if data, err := os.ReadFile(path); err == nil {
		out.Pyproject, problems = settings.ParsePyproject(e.shown(path), data)
		list = append(list, problems...)
	} else if !os.IsNotExist(err) {
		list = append(list, diag.New(diag.FileUnreadable, "pyproject.toml cannot be read: %v", err))
	}
	return out, list
}

// shown is path as the user would name it from the working directory.
func (e *Engine) shown(path string) string {
	if rel, err := filepath.Rel(e.Dir, path); err == nil && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return path
}

// Portable is r with paths relative to the source root, for a saved plan.
func (e *Engine) Portable(p *Planned) plan.Request {
	r := p.request
	return plan.Request{
		Root:     e.Root,
		FlowFile: e.fromRoot(r.FlowFile), StackFile: e.fromRoot(r.StackFile), Stack: p.Plan.Stack,
		Params: r.Params, Set: r.Set, Vars: r.Vars, Build: r.Build,
	}
}

// Again is a saved plan's request in this working directory.
func (e *Engine) Again(r plan.Request) Request {
	return Request{Target: Target{Stack: r.Stack, StackFile: e.toDir(r.StackFile), FlowFile: e.toDir(r.FlowFile), Vars: r.Vars}, Params: r.Params, Set: r.Set, Build: r.Build}
}

func (e *Engine) fromRoot(path string) string {
	if path == "" {
		return ""
	}
	if rel, err := filepath.Rel(e.Root, e.absolute(path)); err == nil {
		return filepath.ToSlash(rel)
	}
	return path
}

func (e *Engine) toDir(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return e.shown(filepath.Join(e.Root, filepath.FromSlash(path)))
}
