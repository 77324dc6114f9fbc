package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/source"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// Input is what Make needs beside the resolved flow.
type Input struct {
	SourceRoot string // absolute
	// NotSource is patterns of files below it that are not the flow's code:
	// what stack itself reads. A dockerignore can take them back.
	NotSource []string
	Lookup    func(name string) (string, bool)
	Force     bool    // build every image even if it exists
	Pinned    *Pinned // a build whose images are used as they are; nil is none

	Orchestrator sdk.Orchestrator // configured
	Info         sdk.Info
	Schema       sdk.Schema
	// Diagnostic places a finding of the plugin in the user's files. steps says
	// where a step's setting was written.
	Diagnostic func(d sdk.Diagnostic, steps func(step string, elems []string) *diag.Range) diag.Diagnostic

	// With CapImages: what there is, and what builds.
	Images  Images
	Builder string // its name
	Dialect image.Dialect
	// Python is what the Python tools of this machine say.
	Python image.Python
	// CheckImage refuses settings of an image that the builder cannot honour.
	CheckImage func(s image.Settings, rangeOf func(path ...string) diag.Range) diag.List
}

// Make plans a resolved flow. The error is a diag.List for mistakes, and any
// other for a registry or plugin that failed. Warnings are in the plan.
func Make(ctx context.Context, r *Resolved, in Input) (Plan, error) {
	m := maker{resolved: r, in: in, list: append(diag.List{}, r.Warnings...), seen: map[string]bool{}, trees: map[string]*source.Tree{}}
	return m.make(ctx)
}

type maker struct {
	resolved *Resolved
	in       Input
	list     diag.List
	seen     map[string]bool         // what addOnce has added
	trees    map[string]*source.Tree // by dockerignore
}

// addOnce takes in problems of one step; settings that steps share would
// otherwise be reported for each of them.
func (m *maker) addOnce(problems diag.List) {
	for _, p := range problems {
		if key := fmt.Sprint(p.Code, p.Range, p.Summary); !m.seen[key] {
			m.seen[key] = true
			m.list = append(m.list, p)
		}
	}
}

func (m *maker) make(ctx context.Context) (Plan, error) {
	p := Plan{SchemaVersion: SchemaVersion, Flow: m.resolved.Flow.Name, Stack: m.resolved.Stack.Name,
		Images: []Image{}, Steps: []Step{}, Documents: []Document{}}
	m.checkCapabilities()
	configs := m.checkOrchestratorSettings()
	var all []described
	switch {
	case m.in.Pinned != nil: // described only to be compared
	case m.in.Info.Has(sdk.CapImages):
		all = m.describe(ctx)
	default:
		m.warnAboutImages()
	}
	if err := m.list.Err(); err != nil {
		return Plan{}, err
	}
	of := map[string]int{}
	if m.in.Pinned != nil {
		p.Images, of = m.pinned(ctx)
	} else if m.in.Info.Has(sdk.CapImages) {
		images, index, err := keyed(ctx, m.in.Images, all)
		if err != nil {
			return Plan{}, err
		}
		m.list = append(m.list, checkTags(images)...)
		if p.Images, err = look(ctx, m.in.Images, images); err != nil {
			return Plan{}, err
		}
		of = index
		for i := range p.Images {
			im := &p.Images[i]
			im.Dockerfile = im.Description.Dockerfile(m.in.Dialect)
			if im.Key != "" {
				im.Builder = m.in.Builder
			}
		}
	} else {
		p.Images = []Image{m.noImage()}
	}
	p.Workflow = m.workflow(p, of, configs)
	p.Steps = m.steps(p, of)
	if err := m.place(ctx, &p); err != nil {
		return Plan{}, err
	}
	if err := m.list.Err(); err != nil {
		return Plan{}, err
	}
	p.Diagnostics = m.list
	return p, nil
}

// Check finds the mistakes of a resolved flow that need neither a registry nor
// a builder to be seen.
func Check(ctx context.Context, r *Resolved, in Input) diag.List {
	m := maker{resolved: r, in: in, list: diag.List{}, seen: map[string]bool{}, trees: map[string]*source.Tree{}}
	m.checkCapabilities()
	configs := m.checkOrchestratorSettings()
	if in.Info.Has(sdk.CapImages) {
		m.describe(ctx)
	} else {
		m.checkImages()
		m.warnAboutImages()
	}
	if m.list.HasErrors() {
		return m.list
	}
	p := Plan{Workflow: m.workflow(Plan{}, map[string]int{}, configs)}
	if err := m.place(ctx, &p); err != nil {
		m.list = append(m.list, diag.FromError(err)...)
	}
	return m.list
}

// checkCapabilities refuses what the orchestrator cannot do at all.
func (m *maker) checkCapabilities() {
	for _, d := range m.resolved.Steps {
		refuse := func(capability sdk.Capability, asked bool, what string, path ...string) {
			if !asked || m.in.Info.Has(capability) {
				return
			}
			m.list = append(m.list, diag.At(rangeIn(d.Tree, path...), diag.Unsupported,
				"orchestrator %s cannot honour %s of step %s", m.in.Info.Name, what, d.Step.Name))
		}
		refuse(sdk.CapMultiNode, d.Settings.Nodes > 1, "nodes", "nodes")
		refuse(sdk.CapSpot, d.Settings.Resources.Spotted(), "spot", "resources", "spot")
	}
}

// checkOrchestratorSettings checks each step's orchestrator settings against
// the plugin's schema, and gives them as the plugin takes them.
func (m *maker) checkOrchestratorSettings() map[string]sdk.Config {
	out := map[string]sdk.Config{}
	for _, d := range m.resolved.Steps {
		config, problems := stackfile.CheckSettings(d.Tree.Get("orchestrator"), m.in.Schema.Step)
		m.list = append(m.list, problems...)
		out[d.Step.Name] = config
	}
	return out
}

// noImage is the entry of plans whose steps run without images.
func (m *maker) noImage() Image {
	im := Image{Action: None, Platforms: []string{}, Steps: []string{},
		Reasons: []string{fmt.Sprintf("orchestrator %s runs steps without images", m.in.Info.Name)}}
	for _, d := range m.resolved.Steps {
		im.Steps = append(im.Steps, d.Step.Name)
	}
	return im
}

// checkImages finds mistakes in the settings of images that are not built here,
// and would be on another stack.
func (m *maker) checkImages() {
	for _, d := range m.resolved.Steps {
		rangeOf := func(path ...string) diag.Range { return rangeIn(d.Tree, append([]string{"image"}, path...)...) }
		m.addOnce(d.Settings.Image.Check(rangeOf))
	}
}

// warnAboutImages lists the settings that only shape an image, which nothing
// is built from here.
func (m *maker) warnAboutImages() {
	seen := map[diag.Range]bool{}
	for _, d := range m.resolved.Steps {
		tree := d.Tree.Get("image")
		if tree == nil {
			continue
		}
		for _, e := range tree.Entries {
			if e.Key == "environment" || e.Key == "runtime_environment" || e.Key == "secret_environment_from" || seen[e.Range] {
				continue
			}
			seen[e.Range] = true
			m.list = append(m.list, diag.At(e.Range, diag.SettingIgnored, "image.%s has no effect on stack %s", e.Key, m.resolved.Stack.Name).
				Because("Orchestrator %s runs steps without images, in the active environment.", m.in.Info.Name).AsWarning())
		}
	}
}

// describe compiles each step's image.
func (m *maker) describe(ctx context.Context) []described {
	var all []described
	for _, d := range m.resolved.Steps {
		rangeOf := imageRanges(d)
		found := diag.List{}
		if m.in.CheckImage != nil {
			found = append(found, m.in.CheckImage(d.Settings.Image, rangeOf)...)
		}
		tree, err := m.tree(ctx, d.Settings.Image)
		if err != nil {
			found = append(found, diag.FromError(err)...)
		}
		im, problems := image.Compile(d.Settings.Image, image.Options{
			SourceRoot: m.in.SourceRoot, Tree: tree, Lookup: m.in.Lookup, Mirrors: m.mirrors(),
			StackRequirements: texts(m.resolved.Stack.Requirements), StackRequirementRanges: ranges(m.resolved.Stack.Requirements),
			StackAptPackages: texts(m.resolved.Stack.AptPackages), Integrations: m.integrations(), Python: m.in.Python, RangeOf: rangeOf,
			Scan: func(o source.Options) (*source.Tree, error) {
				o.Never = m.secretFiles(o.Root)
				o.IndexFile = m.indexFile("context-" + o.Root + o.IgnoreFile)
				return source.Scan(ctx, o)
			},
		})
		if found = append(found, problems...); !found.HasErrors() {
			found = append(found, checkGPU(d, im)...)
		}
		m.addOnce(found)
		at := rangeOf("base_image")
		if d.Settings.Image.Dockerfile != "" {
			at = rangeOf("dockerfile")
		}
		all = append(all, described{step: d.Step.Name, image: im, place: m.placeOf(d.Settings.Image), at: at})
	}
	return all
}

// tree is the source as the image's settings would include it, or nil where
// they leave it out.
func (m *maker) tree(ctx context.Context, s image.Settings) (*source.Tree, error) {
	if !s.IncludesSource() {
		return nil, nil
	}
	ignore := s.Dockerignore
	if ignore != "" && !filepath.IsAbs(ignore) {
		ignore = filepath.Join(m.in.SourceRoot, ignore)
	}
	secrets := m.secretFiles(m.in.SourceRoot)
	which := strings.Join(append([]string{ignore}, secrets...), "\n")
	if tree, ok := m.trees[which]; ok {
		return tree, nil
	}
	tree, err := source.Scan(ctx, source.Options{Root: m.in.SourceRoot, IgnoreFile: ignore, Exclude: m.in.NotSource, Never: secrets, IndexFile: m.indexFile("source-" + which)})
	if err != nil {
		return nil, err
	}
	m.list = append(m.list, tree.Warnings()...)
	m.trees[which] = tree
	return tree, nil
}

// secretFiles is the files below root that build secrets of any step are read
// from: whatever an ignore file says, they are copied into no step's image.
func (m *maker) secretFiles(root string) []string {
	var all []string
	add := func(secrets []image.BuildSecret) {
		for _, secret := range secrets {
			path := secret.File
			if !filepath.IsAbs(path) {
				path = filepath.Join(m.in.SourceRoot, path)
			}
			rel, err := filepath.Rel(root, path)
			if err == nil && secret.File != "" && filepath.IsLocal(rel) {
				all = append(all, filepath.ToSlash(rel))
			}
		}
	}
	for _, d := range m.resolved.Steps {
		add(d.Settings.Image.BuildSecrets)
		for _, l := range d.Settings.Image.Layers {
			add(l.Secrets)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (m *maker) integrations() map[string]image.Integration {
	all := map[string]image.Integration{}
	for _, i := range m.resolved.Stack.Integrations {
		all[i.Name] = image.Integration{Requirements: texts(i.Requirements), AptPackages: texts(i.AptPackages)}
	}
	return all
}

func (m *maker) mirrors() map[string]string {
	out := map[string]string{}
	for _, mirror := range m.resolved.Stack.RegistryMirrors {
		out[mirror.Registry] = mirror.Mirror
	}
	return out
}

func ranges(values []*settings.Value) []diag.Range {
	var all []diag.Range
	for _, v := range values {
		all = append(all, v.Range)
	}
	return all
}

func texts(values []*settings.Value) []string {
	var out []string
	for _, v := range values {
		out = append(out, v.Text)
	}
	return out
}

// imageRanges finds where the image settings of a step were written.
func imageRanges(d Decided) func(path ...string) diag.Range {
	return func(path ...string) diag.Range { return rangeIn(d.Tree, append([]string{"image"}, path...)...) }
}

// rangeIn is where the value at path was written, or the nearest one around it.
func rangeIn(tree *settings.Value, path ...string) diag.Range {
	return stackfile.RangeIn(tree, path)
}

// place asks the plugin where the steps go, and checks their settings.
func (m *maker) place(ctx context.Context, p *Plan) error {
	steps := map[string]sdk.Config{}
	trees := map[string]*settings.Value{}
	for i, d := range m.resolved.Steps {
		trees[d.Step.Name] = d.Tree
		if c := p.Workflow.Steps[i].Orchestrator; c != nil {
			steps[d.Step.Name] = c
		}
	}
	where := func(step string, elems []string) *diag.Range {
		tree := trees[step]
		if tree == nil {
			return nil
		}
		r := rangeIn(tree, elems...)
		return &r
	}
	placed, found, err := m.in.Orchestrator.Plan(ctx, p.Workflow, false)
	if err != nil {
		return fmt.Errorf("plan on stack %s: %w", p.Stack, err)
	}
	for _, d := range found {
		m.list = append(m.list, m.in.Diagnostic(d, where))
	}
	apply(p, placed)
	return nil
}

// apply takes the plugin's answer into the plan.
func apply(p *Plan, placed sdk.Plan) {
	byStep := map[string]sdk.Placement{}
	for _, pl := range placed.Placements {
		byStep[pl.Step] = pl
	}
	for i := range p.Steps {
		pl := byStep[p.Steps[i].Name]
		out := Placement{MachineType: pl.MachineType, Reason: pl.Reason, Rejected: []Rejected{}}
		for _, r := range pl.Rejected {
			out.Rejected = append(out.Rejected, Rejected(r))
		}
		p.Steps[i].Placement = out
	}
	p.Documents = []Document{}
	for _, d := range placed.Documents {
		p.Documents = append(p.Documents, Document{Name: d.Name, MediaType: d.MediaType, Content: string(d.Content)})
	}
	p.Private = placed.Private
}

// environment is a step's environment beyond what its image has, sorted by
// name, with later pairs winning.
func environment(pairs ...[]sdk.EnvVar) []sdk.EnvVar {
	values := map[string]string{}
	for _, list := range pairs {
		for _, v := range list {
			values[v.Name] = v.Value
		}
	}
	var names []string
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	out := []sdk.EnvVar{}
	for _, name := range names {
		out = append(out, sdk.EnvVar{Name: name, Value: values[name]})
	}
	return out
}

// validConfig reports whether a step's orchestrator settings say anything.
func validConfig(c sdk.Config) bool { return len(c) > 0 && string(c) != "null" && json.Valid(c) }
