package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
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
	m := maker{resolved: r, in: in, list: append(diag.List{}, r.Warnings...), seen: map[string]bool{}, trees: map[string]*source.Tree{}, secrets: secretFiles(r, in.SourceRoot)}
	return m.make(ctx)
}

type maker struct {
	resolved *Resolved
	in       Input
	list     diag.List
	seen     map[string]bool         // what addOnce has added
	trees    map[string]*source.Tree // by dockerignore
	secrets  map[string]string       // secrets by the files that they are read from, which are no source
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
		m.list = append(m.list, m.checkTags(images)...)
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
	m := maker{resolved: r, in: in, list: diag.List{}, seen: map[string]bool{}, trees: map[string]*source.Tree{}, secrets: secretFiles(r, in.SourceRoot)}
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
