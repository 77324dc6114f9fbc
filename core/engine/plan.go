package engine

import (
	"context"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// Planned is a plan with the connections that it was made over.
type Planned struct {
	Plan     plan.Plan
	Resolved *plan.Resolved
	// Locked is what PlanOptions.Lock did; nil without it, and where the
	// orchestrator runs no images.
	Locked *Locked

	request    Request
	connection *connection
	images     *images // nil where the orchestrator runs no images
	bases      *bases  // likewise
	build      string  // the build whose images are used; empty where they are built
	unshared   error   // why the registry does not have the record of a build
}

// Unshared is why the build that was made is known on this machine alone; nil
// where it is not, or where there is no registry.
func (p *Planned) Unshared() error { return p.unshared }

// PlanOptions changes how a plan is made.
type PlanOptions struct {
	Force   bool // build every image even if it exists
	Lock    bool // resolve every base afresh, and write the lock
	ToBuild bool // plan what is to be built, whatever build the flow names
	Secrets bool // a secret that a build needs and nobody has is an error, as it would be once it builds
}

// Plan resolves a request and plans it. Nothing is built or submitted. The
// error is a diag.List for mistakes in what the user wrote.
func (e *Engine) Plan(ctx context.Context, r Request, opt PlanOptions) (*Planned, error) {
	resolved, err := e.Resolve(ctx, r)
	if err != nil {
		return nil, err
	}
	return e.planResolved(ctx, r, resolved, opt)
}

func (e *Engine) planResolved(ctx context.Context, r Request, resolved *plan.Resolved, opt PlanOptions) (*Planned, error) {
	c, err := e.connectStack(ctx, resolved.Stack, nil)
	if err != nil {
		return nil, err
	}
	resolved.Warnings = append(resolved.Warnings, c.warnings...)
	p := &Planned{Resolved: resolved, request: r, connection: c}
	in := plan.Input{
		SourceRoot: e.Root, NotSource: e.notSource(r, resolved.Stack), Lookup: e.LookupEnv, Force: opt.Force, Python: e.python(ctx),
		Orchestrator: c.orchestrator, Info: c.info, Schema: c.schema, Diagnostic: c.diagnostic,
	}
	if c.info.Has(sdk.CapImages) {
		if p.images, err = e.imagesOf(ctx, resolved); err != nil {
			return nil, err
		}
		if in.Pinned, err = e.pin(ctx, p, opt); err != nil {
			return nil, err
		}
		in.Images, in.Builder, in.Dialect, in.CheckImage = p.images, p.images.builder.name, p.images.builder.dialect(), p.images.builder.check
		p.Plan, err = e.planImages(ctx, p, in, opt.Lock)
	} else {
		if err := noImagesFor(c, r, resolved); err != nil {
			return nil, err
		}
		p.Plan, err = plan.Make(ctx, resolved, in)
	}
	if err != nil {
		return nil, err
	}
	_, missing := e.buildSecrets(p.Resolved, p.Plan.Images)
	if opt.Secrets && len(missing) > 0 {
		return nil, missing
	}
	for _, d := range missing { // a plan needs no values, only its build does
		p.Plan.Diagnostics = append(p.Plan.Diagnostics, d.AsWarning())
	}
	return p, nil
}

// notSource is patterns of the files below the source root that say where and
// how things run, and are no part of what runs: the stacks, with addresses and
// proxies that belong in no image, and a saved plan or a lock, which would change
// the source by being written.
func (e *Engine) notSource(r Request, stack *stackfile.Stack) []string {
	files := []string{r.StackFile, r.PlanFile, e.lockPath(stack)}
	if stack.Dir != "" {
		files = append(files, filepath.Join(stack.Dir, stackfile.FileName))
	}
	var out []string
	for _, file := range files {
		if rel, ok := e.belowRoot(file); ok {
			out = append(out, patternSpecials.ReplaceAllString(rel, `\\$0`))
		}
	}
	if rel, ok := e.belowRoot(filepath.Join(stack.Dir, "x")); ok && stack.Dir != "" {
		out = append(out, path.Join(patternSpecials.ReplaceAllString(path.Dir(rel), `\\$0`), "*.stackvars.hcl"))
	}
	return out
}

// patternSpecials is what means more than itself in a dockerignore pattern.
var patternSpecials = regexp.MustCompile(`[*?\[\]\\!#]`)

// belowRoot is a file's path from the source root, if it is below it.
func (e *Engine) belowRoot(file string) (string, bool) {
	if file == "" {
		return "", false
	}
	rel, err := filepath.Rel(e.Root, e.absolute(file))
	return filepath.ToSlash(rel), err == nil && !strings.HasPrefix(rel, "..")
}

// Validate resolves a request and checks it against its plugins, without a
// network. The Resolved is nil if the list has errors that prevent it.
func (e *Engine) Validate(ctx context.Context, r Request) (*plan.Resolved, diag.List, error) {
	resolved, list := e.resolve(ctx, r)
	if resolved == nil {
		return nil, list, nil
	}
	c, err := e.connectStack(ctx, resolved.Stack, nil)
	if err != nil {
		found := diag.FromError(err)
		if found.HasErrors() && found[0].Code != diag.Internal {
			return resolved, append(list, found...), nil
		}
		return nil, nil, err
	}
	list = append(list, c.warnings...)
	if c.info.Has(sdk.CapImages) {
		list = append(list, e.checkLock(resolved.Stack)...)
		list = append(list, e.checkBuild(r, resolved)...)
	}
	list = append(list, plan.Check(ctx, resolved, plan.Input{
		SourceRoot: e.Root, NotSource: e.notSource(r, resolved.Stack), Lookup: e.LookupEnv, Orchestrator: c.orchestrator, Info: c.info, Schema: c.schema, Diagnostic: c.diagnostic,
		Dialect: image.BuildKit(), Python: e.python(ctx),
	})...)
	return resolved, list, nil
}

// CheckStack checks a stack against the schemas of its plugins.
func (e *Engine) CheckStack(ctx context.Context, t Target) (diag.List, error) {
	stack, list := e.StackOf(t)
	if list.HasErrors() {
		return list, nil
	}
	c, err := e.connectStack(ctx, stack, list)
	if err != nil {
		return nil, err
	}
	list = c.warnings
	if c.info.Has(sdk.CapImages) {
		b, err := e.builderOf(ctx, stack)
		if err != nil {
			return nil, err
		}
		list = append(list, b.warnings...)
	}
	return list, nil
}
