package engine

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/plan"
)

// Existence says whether the images of a build can still be had.
type Existence string

const (
	Present Existence = "present"
	Missing Existence = "missing"
	Unknown Existence = "unknown" // whoever has it cannot be asked
)

// lookTime bounds how long registries and builders are asked about builds that
// are only looked at.
const lookTime = 5 * time.Second

// Builds is the builds of this project, newest first. Records that cannot be
// read are warnings.
func (e *Engine) Builds() ([]build.Record, diag.List) { return e.records().List() }

// LoadBuild is one build of this project. An unknown id is BuildNotFound.
func (e *Engine) LoadBuild(id string) (build.Record, error) { return e.records().Load(id) }

// Existing asks whether the images of builds exist, each once and all side by
// side, and gives an answer for every image of every build. What cannot be
// asked in a few seconds is Unknown; why says so, once for each registry and builder.
func (e *Engine) Existing(ctx context.Context, records []build.Record) (all [][]Existence, why []error) {
	ctx, stop := context.WithTimeout(ctx, lookTime)
	defer stop()
	stores := &stores{engine: e, known: map[string]*storeOf{}}
	registry := e.Registry(plainHosts(records...))
	lookers := map[string]*looker{}
	var mu sync.Mutex
	said := map[string]bool{}
	var group errgroup.Group
	group.SetLimit(16)
	all = make([][]Existence, len(records))
	for i, r := range records {
		all[i] = make([]Existence, len(r.Images))
		l := lookers[r.Stack]
		if l == nil {
			l = &looker{registry: registry, store: stores.of, stack: r.Stack, known: map[string]*looked{}}
			lookers[r.Stack] = l
		}
		for j, im := range r.Images {
			group.Go(func() error {
				there, err := l.look(ctx, im)
				switch {
				case err != nil:
					all[i][j] = Unknown
					mu.Lock()
					defer mu.Unlock()
					who := host(im.Reference)
					if im.Local() {
						who = "stack " + r.Stack
					}
					if !said[who] {
						said[who] = true
						why = append(why, err)
					}
				case there:
					all[i][j] = Present
				default:
					all[i][j] = Missing
				}
				return nil
			})
		}
	}
	_ = group.Wait() // nothing in it fails
	return all, why
}

// Together is the existence of a build with images of these.
func Together(images []Existence) Existence {
	switch {
	case slices.Contains(images, Missing):
		return Missing
	case len(images) == 0 || slices.Contains(images, Unknown):
		return Unknown
	}
	return Present
}

// stores is the builders of stacks, for images that no registry has.
type stores struct {
	engine *Engine
	mu     sync.Mutex
	known  map[string]*storeOf
}

type storeOf struct {
	once    sync.Once
	builder build.Builder
	err     error
}

func (s *stores) of(ctx context.Context, stack string) (build.Builder, error) {
	s.mu.Lock()
	k := s.known[stack]
	if k == nil {
		k = &storeOf{}
		s.known[stack] = k
	}
	s.mu.Unlock()
	k.once.Do(func() {
		st, list := s.engine.StackOf(Target{Stack: stack, FlowFile: filepath.Join(s.engine.Root, "flow.yaml")})
		if k.err = list.Err(); k.err != nil {
			return
		}
		b, err := s.engine.builderOf(ctx, st)
		if err != nil {
			k.err = err
			return
		}
		if _, k.err = b.builder.Ready(ctx); k.err == nil {
			k.builder = b.builder
		}
	})
	return k.builder, k.err
}

// StepChange is how the image of one step differs between two builds.
type StepChange struct {
	Step    string    `json:"step"`
	Change  string    `json:"change"` // same, changed, added or removed
	From    *ImageRef `json:"from"`   // null where it was added
	To      *ImageRef `json:"to"`     // null where it was removed
	Reasons []string  `json:"reasons"`
}

// ImageRef names an image of a build.
type ImageRef struct {
	Key       string `json:"key"`
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
}

// DiffBuilds says for each step how its image differs, in the order of b's steps
// and then of those that only a has.
func DiffBuilds(a, b build.Record) []StepChange {
	out := []StepChange{}
	for _, step := range b.Steps() {
		is := b.Image(step)
		c := StepChange{Step: step, Change: "added", To: refOf(*is), Reasons: []string{}}
		if was := a.Image(step); was != nil {
			c.Change, c.From = "same", refOf(*was)
			if reasons := plan.Changes(pinnedImage(*was, nil), pinnedImage(*is, nil)); len(reasons) > 0 {
				c.Change, c.Reasons = "changed", reasons
			}
		}
		out = append(out, c)
	}
	for _, step := range a.Steps() {
		if b.Image(step) == nil {
			out = append(out, StepChange{Step: step, Change: "removed", From: refOf(*a.Image(step)), Reasons: []string{}})
		}
	}
	return out
}

func refOf(im build.RecordImage) *ImageRef { return &ImageRef{im.Key, im.Reference, im.Digest} }

// AsBuild is the images that a plan would use, as if they were a build without
// an id.
func (p *Planned) AsBuild() build.Record {
	r := build.Record{Flow: p.Plan.Flow, Stack: p.Plan.Stack}
	for _, im := range p.Plan.Images {
		if im.Action != plan.None {
			o := reusedOutcome(im)
			o.Action = build.Action(im.Action)
			r = r.With(o)
		}
	}
	return r
}

// BuildUses says for each build why something still needs it: a run that is
// recorded, or a flow that names it. The flows are those of the runs and the
// project's own.
func (e *Engine) BuildUses() (map[string]string, diag.List) {
	runs, warnings := e.Runs.List()
	uses := map[string]string{}
	flows := []string{filepath.Join(e.Root, "flow.yaml")}
	for _, r := range runs { // newest first
		if r.Build != "" && uses[r.Build] == "" {
			uses[r.Build] = "run " + r.ID + " used it"
		}
		if !slices.Contains(flows, r.Source.FlowFile) {
			flows = append(flows, r.Source.FlowFile)
		}
	}
	for _, file := range flows {
		data, problem := e.readFlow(file)
		if problem != nil {
			continue // moved or removed since
		}
		if f, _ := flow.Parse(file, data); f != nil && f.Build != "" {
			uses[f.Build] = e.shown(file) + " names it"
		}
	}
	return uses, warnings
}

// RemoveBuild removes the record of a build. Its images stay where they are.
func (e *Engine) RemoveBuild(id string) error {
	if err := e.records().Remove(id); err != nil {
		return fmt.Errorf("prune builds: %w", err)
	}
	return nil
}
