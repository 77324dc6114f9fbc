package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
)

// buildNamed is the id of the build that a request, or else its flow, names,
// and where; empty for none.
func buildNamed(r Request, resolved *plan.Resolved) (string, diag.Range) {
	if r.Build != nil {
		return *r.Build, diag.Range{File: "--build"}
	}
	return resolved.Flow.Build, resolved.Flow.BuildAt
}

// noImagesFor refuses a build on a stack that runs steps without images. In a
// flow, which is for many stacks, it is a warning.
func noImagesFor(c *connection, r Request, resolved *plan.Resolved) error {
	id, at := buildNamed(r, resolved)
	if id == "" {
		return nil
	}
	d := diag.At(at, diag.Unsupported, "build %s has no effect on stack %s", id, resolved.Stack.Name).
		Because("Orchestrator %s runs steps without images, in the active environment.", c.info.Name)
	if r.Build != nil {
		return diag.List{d.Try("leave --build away, or run on a stack that runs images")}
	}
	d.Code = diag.SettingIgnored
	resolved.Warnings = append(resolved.Warnings, d.AsWarning())
	return nil
}

// pin finds the build whose images a plan is to use, and makes sure that they
// can be used; nil where images are built.
func (e *Engine) pin(ctx context.Context, p *Planned, opt PlanOptions) (*plan.Pinned, error) {
	id, at := buildNamed(p.request, p.Resolved)
	switch {
	case id == "":
		return nil, nil
	case opt.ToBuild && p.request.PlanFile == "": // a saved plan is done as it is
		p.Resolved.Warnings = append(p.Resolved.Warnings, diag.At(at, diag.SettingIgnored, "build %s has no effect when images are built", id).AsWarning())
		return nil, nil
	case opt.Force:
		return nil, diag.List{diag.At(at, diag.Conflict, "--force builds every image, and build %s is used without building", id).Try("leave one of them away")}
	}
	record, err := e.findBuild(ctx, p, id)
	if err != nil {
		return nil, withRange(err, at)
	}
	pinned := &plan.Pinned{Build: id, At: at}
	if p.request.Build == nil {
		pinned.FlowFile = e.fromRoot(p.request.FlowFile)
	}
	if record.Flow != p.Resolved.Flow.Name {
		p.Resolved.Warnings = append(p.Resolved.Warnings, diag.At(at, diag.SettingIgnored, "build %s is of flow %s, not of %s", id, record.Flow, p.Resolved.Flow.Name).AsWarning())
	}
	var used []build.RecordImage
	used, pinned.Images, err = imagesForSteps(record, p.Resolved, at)
	if err != nil {
		return nil, err
	}
	if err := e.usable(ctx, p, record, used, at); err != nil {
		return nil, err
	}
	p.build = id
	return pinned, nil
}

// checkBuild finds what is wrong with the build that a flow names, as far as it
// shows without a network.
func (e *Engine) checkBuild(r Request, resolved *plan.Resolved) diag.List {
	id, at := buildNamed(r, resolved)
	if id == "" {
		return nil
	}
	record, err := e.records().Load(id)
	if err == nil {
		_, _, err = imagesForSteps(record, resolved, at)
	}
	if err == nil {
		return nil
	}
	list := diag.FromError(withRange(err, at))
	if list[0].Code == diag.BuildNotFound && len(plan.Repositories(resolved)) > 0 {
		list[0] = list[0].AsWarning() // the registry may know it
	}
	return list
}

// imagesForSteps is the images of a build that the steps of a flow have.
func imagesForSteps(record build.Record, resolved *plan.Resolved, at diag.Range) ([]build.RecordImage, []plan.Image, error) {
	var missing []string
	steps := map[string][]string{} // by image
	for _, d := range resolved.Steps {
		im := record.Image(d.Step.Name)
		if im == nil {
			missing = append(missing, d.Step.Name)
			continue
		}
		steps[identityOf(*im)] = append(steps[identityOf(*im)], d.Step.Name)
	}
	if len(missing) > 0 {
		d := diag.At(at, diag.BuildUnusable, "build %s has no image for %s", record.ID, diag.Few(missing)).
			Because("It has images for %s. A build that failed has those that were finished.", cmp.Or(diag.Few(record.Steps()), "no step"))
		return nil, nil, diag.List{d.Try(fmt.Sprintf("build the flow again: `stack build %s --stack %s`", resolved.Flow.File, resolved.Stack.Name))}
	}
	var used []build.RecordImage
	var images []plan.Image
	for _, im := range record.Images {
		if s := steps[identityOf(im)]; len(s) > 0 {
			used, images = append(used, im), append(images, pinnedImage(im, s))
		}
	}
	return used, images, nil
}

func identityOf(im build.RecordImage) string {
	return im.Reference + "\n" + im.Digest + "\n" + im.LocalID
}

// pinnedImage is an image of a record as a plan has it.
func pinnedImage(im build.RecordImage, steps []string) plan.Image {
	out := plan.Image{
		Key: im.Key, Reference: im.Reference, Action: plan.Reuse, Platforms: append([]string{}, im.Platforms...), Steps: steps,
		Dockerfile: im.Dockerfile, Inputs: im.Inputs, Local: im.Local(), LocalID: im.LocalID, Variables: build.Variables(im.Inputs),
	}
	if im.Action == build.Used {
		out.Action = plan.Use
	}
	if im.Digest != "" {
		out.Digest = &im.Digest
	}
	if im.Base != nil {
		out.Base = &plan.Base{Reference: im.Base.Reference, Digest: im.Base.Digest}
	}
	return out
}

// usable refuses images that the stack cannot run, or that do not exist.
func (e *Engine) usable(ctx context.Context, p *Planned, record build.Record, used []build.RecordImage, at diag.Range) error {
	again := fmt.Sprintf("build the flow again: `stack build %s --stack %s`", p.Resolved.Flow.File, p.Resolved.Stack.Name)
	if registry := p.Resolved.Stack.Registry; registry != nil {
		for _, im := range used {
			if im.Local() && im.Action != build.Used {
				return diag.List{diag.At(at, diag.BuildUnusable, "build %s cannot be used on stack %s", record.ID, p.Resolved.Stack.Name).
					Because("It was made on stack %s, which has no registry: only its builder has the images. This stack takes images from %s.", record.Stack, registry.URI).Try(again)}
			}
		}
	}
	looker := e.lookerIn(p.images, record)
	problems := make([]error, len(used))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(8)
	for i, im := range used {
		group.Go(func() error {
			there, err := looker.look(ctx, im)
			switch {
			case err != nil:
				problems[i] = fmt.Errorf("look for the images of build %s: %w", record.ID, err)
			case !there && im.Local():
				problems[i] = diag.List{diag.At(at, diag.BuildGone, "image %s of build %s is not in builder %s any more", im.Reference, record.ID, p.images.builder.name).
					Because("It was %s. It has been removed, or another one has its name, or the build was made with another engine.", im.StoreID()).Try(again)}
			case !there:
				problems[i] = diag.List{diag.At(at, diag.BuildGone, "image %s of build %s does not exist any more", im.Pinned(), record.ID).Try(again)}
			}
			return nil
		})
	}
	_ = group.Wait() // every problem is told, not the first alone
	var list diag.List
	for _, err := range problems {
		if err != nil && errors.Is(err, context.Canceled) {
			return err
		}
		if err != nil {
			list = append(list, diag.FromError(err)...)
		}
	}
	return list.Err()
}

// pinnedBuild is the plan of images of a build, and says that they are used.
func (e *Engine) pinnedBuild(p *Planned, runID string, sink Sink) plan.Plan {
	for _, im := range p.Plan.Images {
		sink(Event{Time: e.Now(), Type: BuildProgress, Run: runID, Image: im.Reference, To: "reuse", Message: strings.Join(im.Reasons, "; ")})
	}
	return plan.WithDigests(p.Plan)
}

// usedToo is a record with the images that are taken as they are: with them it
// has an image for every step.
func usedToo(record build.Record, p plan.Plan) build.Record {
	for _, im := range p.Images {
		if im.Action == plan.Use {
			o := reusedOutcome(im)
			o.Action = build.Used
			record = record.With(o)
		}
	}
	return record
}

// described is a record with what only the plan knows of its images, and in the
// plan's order.
func (im *images) described(record build.Record, p plan.Plan) build.Record {
	record.Images = slices.Clone(record.Images)
	inPlan := func(r build.RecordImage) int {
		return slices.IndexFunc(p.Images, func(x plan.Image) bool { return x.Key == r.Key && x.Reference == r.Reference })
	}
	slices.SortStableFunc(record.Images, func(a, b build.RecordImage) int { return inPlan(a) - inPlan(b) })
	for i := range record.Images {
		r := &record.Images[i]
		at := inPlan(*r)
		if at < 0 {
			continue
		}
		from := p.Images[at]
		r.Dockerfile, r.Platforms = from.Dockerfile, from.Platforms
		if from.Base != nil {
			r.Base = &build.Base{Reference: from.Base.Reference, Digest: from.Base.Digest}
		}
		r.PlainHTTP = !r.Local() && im.plainHTTP(r.Reference)
	}
	return record
}

// plainHTTP reports whether the stack says so of the registry of a reference.
func (im *images) plainHTTP(reference string) bool {
	r := im.stack.Registry
	if r == nil || !r.PlainHTTP {
		return false
	}
	host, _, _ := strings.Cut(r.URI, "/")
	return strings.HasPrefix(reference, host+"/")
}
