package engine

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/run"
)

// records is the folder of builds of this project.
func (e *Engine) records() build.Records {
	return build.Records{Dir: filepath.Join(e.Root, ".stack", "builds")}
}

// BuildImages builds the images of a run that do not exist yet, and makes sure
// that what will be submitted is what was planned.
func (e *Engine) BuildImages(ctx context.Context, s *Started, sink Sink) error {
	s.Record.Phase = run.Building
	if err := e.save(s); err != nil {
		return e.fail(ctx, s, err, sink)
	}
	id, built, err := e.build(ctx, s.planned, s.Record.ID, sink)
	if err == nil {
		s.Record.Build = id
		s.planned.Plan, err = e.replan(ctx, s.planned, built)
	}
	if err != nil {
		return e.fail(ctx, s, err, sink)
	}
	return nil
}

// BuildOnly builds the images of a plan that do not exist yet. It gives the id
// of the build, empty where there was nothing to build or find, and the plan
// with digests.
func (e *Engine) BuildOnly(ctx context.Context, p *Planned, sink Sink) (string, plan.Plan, error) {
	return e.build(ctx, p, "", sink)
}

func (e *Engine) build(ctx context.Context, p *Planned, runID string, sink Sink) (string, plan.Plan, error) {
	if p.images == nil {
		return "", p.Plan, nil
	}
	if p.build != "" {
		return p.build, e.pinnedBuild(p, runID, sink), nil
	}
	if err := p.bases.checkPresent(ctx, p.Plan.Images); err != nil {
		return "", plan.Plan{}, err
	}
	lacking, err := p.images.lackingTags(ctx, p.Plan.Images)
	if err != nil {
		return "", plan.Plan{}, err
	}
	out := p.Plan
	out.Images = rebuilt(p.Plan.Images, lacking)
	secrets, missing := e.buildSecrets(p.Resolved, out.Images)
	if err := missing.Err(); err != nil {
		return "", plan.Plan{}, err
	}
	record := build.Record{ID: build.NewID(e.Now()), Flow: p.Plan.Flow, Stack: p.Plan.Stack, Created: e.Now().UTC()}
	var jobs []build.Job
	var at []int // in out.Images
	for i, im := range out.Images {
		switch im.Action {
		case plan.Build:
			job, err := p.images.job(im, secrets)
			if err != nil {
				return "", plan.Plan{}, err
			}
			if im.Previous != nil {
				job.Previous = im.Previous // the plan asked the team's registry too
			}
			if len(lacking[i]) > 0 {
				job.Reasons = im.Reasons
			}
			jobs, at = append(jobs, job), append(at, i)
		case plan.Reuse:
			if im, err = p.images.tag(ctx, im, lacking[i]); err != nil {
				return "", plan.Plan{}, err
			}
			out.Images[i] = im
			record = record.With(reusedOutcome(im))
			sink(Event{Time: e.Now(), Type: BuildProgress, Run: runID, Image: im.Reference, To: "reuse", Message: strings.Join(im.Reasons, "; ")})
		}
	}
	if len(jobs)+len(record.Images) == 0 {
		return "", out, nil
	}
	p.images.remember()
	record = p.images.described(usedToo(record, out), out)
	outcomes, err := build.Run(ctx, jobs, build.Options{
		Builder: p.images.builder.builder, Registry: p.images.registry, Locks: filepath.Join(e.Root, ".stack", "locks"), Now: e.Now,
		Progress: e.buildProgress(out, runID, sink),
		Finished: func(o build.Outcome) error {
			record = p.images.described(record.With(o), out)
			for _, warning := range o.Warnings {
				sink(Event{Time: e.Now(), Type: BuildProgress, Run: runID, Image: o.Reference, From: "building", To: "building", Message: "warning: " + warning})
			}
			sink(Event{Time: e.Now(), Type: BuildProgress, Run: runID, Image: o.Reference, To: finished(o), Message: strings.Join(o.Reasons, "; ")})
			return e.records().Save(record)
		},
	})
	if err != nil {
		return "", plan.Plan{}, p.bases.explained(ctx, err)
	}
	for i, o := range outcomes {
		im := &out.Images[at[i]]
		im.Action, im.Reasons, im.LocalID = plan.Action(o.Action), o.Reasons, o.LocalID
		if o.Digest != "" {
			digest := o.Digest
			im.Digest = &digest
		}
	}
	if len(jobs) == 0 {
		err = e.records().Save(record)
	}
	p.images.share(ctx, out)
	if len(jobs) > 0 || runID == "" { // not for runs that build nothing: they are to begin at once
		p.unshared = p.images.publish(ctx, record)
	}
	return record.ID, plan.WithDigests(out), err
}

func finished(o build.Outcome) string {
	if o.Action == build.Reused {
		return "reuse"
	}
	return "built"
}

func reusedOutcome(im plan.Image) build.Outcome {
	o := build.Outcome{Key: im.Key, Reference: im.Reference, Action: build.Reused, Reasons: im.Reasons, LocalID: im.LocalID, Steps: im.Steps, Inputs: im.Inputs}
	if im.Digest != nil {
		o.Digest = *im.Digest
	}
	return o
}

// job is what there is to do about an image.
func (im *images) job(p plan.Image, secrets map[secretSource][]byte) (build.Job, error) {
	stages, err := p.Description.Stages(im.builder.dialect())
	if err != nil {
		return build.Job{}, fmt.Errorf("render image %s: %w", p.Reference, err)
	}
	r := build.Request{
		Key: p.Key, Destination: p.Reference, ExtraTags: p.ExtraTags, Push: !p.Local, Platforms: p.Platforms, Stages: stages,
		Proxy: im.builder.proxy, CABundle: im.builder.caBundle, NoCache: p.Description.NoCache(),
	}
	for _, s := range p.Description.Secrets() {
		if !slices.ContainsFunc(r.Secrets, func(have build.Secret) bool { return have.Name == s.Name }) {
			r.Secrets = append(r.Secrets, build.Secret{Name: s.Name, Value: secrets[sourceOf(s)]})
		}
	}
	r.Insecure = !p.Local && im.plainHTTP(p.Reference)
	return build.Job{Request: r, Inputs: p.Inputs, Previous: im.records.Previous(im.flow, im.stack.Name, p.Steps), Force: p.Force, Steps: p.Steps}, nil
}

// buildProgress makes events of a builder's progress: one for each part of a
// build that begins, and one for each line of output, not one for each byte.
func (e *Engine) buildProgress(p plan.Plan, runID string, sink Sink) func(build.Progress) {
	names := map[string]string{}
	for _, im := range p.Images {
		names[im.Key] = im.Reference
	}
	last := map[string]string{}
	return func(b build.Progress) {
		text := image.PartName(b.Vertex)
		if strings.HasPrefix(text, "[internal]") {
			return // how the builder reads its own input
		}
		if b.Message != "" && b.Message != b.Vertex && b.State == "running" && b.Total == 0 {
			text = "| " + strings.TrimRight(b.Message, "\r\n")
		}
		if last[b.Key] == text {
			return
		}
		last[b.Key] = text
		sink(Event{Time: b.Time, Type: BuildProgress, Run: runID, Image: names[b.Key], From: "building", To: "building", Message: text})
	}
}

// replan asks the plugin again, now that every digest is known, and refuses
// anything that differs from what was shown in more than the images' names.
func (e *Engine) replan(ctx context.Context, p *Planned, built plan.Plan) (plan.Plan, error) {
	if p.images == nil {
		return built, nil
	}
	placed, found, err := p.connection.orchestrator.Plan(ctx, built.Workflow, false)
	if err != nil {
		return plan.Plan{}, fmt.Errorf("plan on stack %s: %w", built.Stack, err)
	}
	var list diag.List
	for _, d := range found {
		list = append(list, p.connection.diagnostic(d, nil))
	}
	if err := list.Err(); err != nil {
		return plan.Plan{}, err
	}
	again := plan.Placed(built, placed)
	if !reflect.DeepEqual(plan.WithoutImages(p.Plan), plan.WithoutImages(again)) {
		return plan.Plan{}, diag.Fail(diag.PluginProtocol,
			errors.New("the plugin plans something else now than it did before the images were built: "+strings.Join(plan.Differences(p.Plan, again), "; ")),
			"report it to the plugin's author; nothing was submitted")
	}
	return again, nil
}
