package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"time"

	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/sdk"
)

// placeOf is where the image of these settings is kept.
func (m *maker) placeOf(s image.Settings) place {
	p := place{tag: s.ImageTag, force: m.in.Force || s.PreventBuildReuse != nil && *s.PreventBuildReuse}
	repository := s.TargetRepository
	uri := strings.TrimSuffix(s.Registry, "/")
	if r := m.resolved.Stack.Registry; r != nil {
		if repository == "" {
			repository = r.DefaultRepository
		}
		if uri == "" {
			uri = r.URI
		}
	}
	if repository == "" {
		repository = m.resolved.Flow.Name
	}
	if uri == "" {
		// No registry: a name that no registry serves, so that nobody looks for
		// the image elsewhere.
		p.local, uri = true, localPrefix
	}
	p.repository = uri + "/" + repository
	return p
}

// localPrefix begins the names of images that stay in the builder's own store.
const localPrefix = "stack.local"

// indexFile is the stat index of one tree, below the project's .stack.
func (m *maker) indexFile(what string) string {
	sum := sha256.Sum256([]byte(what))
	return filepath.Join(m.in.SourceRoot, ".stack", "cache", "index-"+hex.EncodeToString(sum[:8]))
}

// workflow is what would be submitted.
func (m *maker) workflow(p Plan, of map[string]int, configs map[string]sdk.Config) sdk.Workflow {
	f := m.resolved.Flow
	w := sdk.Workflow{Flow: f.Name, FailFast: f.FailFast, Timeout: f.Timeout,
		Labels: map[string]string{"stack.flow": f.Name, "stack.stack": m.resolved.Stack.Name}}
	if m.in.Info.Has(sdk.CapLocalFiles) {
		w.SourceRoot = m.in.SourceRoot
	}
	for _, d := range m.resolved.Steps {
		s := d.Settings
		step := sdk.Step{
			Name: d.Step.Name, Group: d.Step.Group, MaxParallel: d.Step.MaxParallel, Needs: d.Step.Needs, When: d.Step.When,
			Command: d.Step.Command, Inputs: d.Step.Inputs, Outputs: d.Step.Outputs,
			Nodes: max(int(s.Nodes), 1), Timeout: time.Duration(s.Timeout),
			Retry:     sdk.Retry{Max: int(s.Retry.Max), Backoff: time.Duration(s.Retry.Backoff)},
			Resources: resourcesOf(d),
		}
		if at, ok := of[d.Step.Name]; ok {
			im := p.Images[at]
			step.Image = imageRef(im)
			own := im.variables()
			step.Environment = environment(unbuffered(own), d.Step.Environment)
			if im.Action == Use { // nothing is built that could hold it
				step.Environment = environment(unbuffered(own), variables(own), d.Step.Environment)
			}
		} else {
			step.Environment = environment(m.imageEnvironment(d), d.Step.Environment)
		}
		if c := configs[d.Step.Name]; validConfig(c) {
			step.Orchestrator = c
		}
		w.Steps = append(w.Steps, step)
	}
	return w
}

// imageEnvironment is what the image's settings put into the environment of a
// step that runs without an image.
func (m *maker) imageEnvironment(d Decided) []sdk.EnvVar {
	if m.in.Info.Has(sdk.CapImages) {
		return nil
	}
	im, problems := image.Compile(environmentOnly(d.Settings.Image), image.Options{
		SourceRoot: m.in.SourceRoot, Lookup: m.in.Lookup, RangeOf: imageRanges(d),
	})
	m.addOnce(problems)
	return variables(im.Environment())
}

// unbuffered makes Python write its output at once, as people who follow a
// step expect, unless the image's settings say otherwise.
func unbuffered(own map[string]string) []sdk.EnvVar {
	const name = "PYTHONUNBUFFERED"
	if _, said := own[name]; said {
		return nil
	}
	return []sdk.EnvVar{{Name: name, Value: "1"}}
}

func variables(values map[string]string) []sdk.EnvVar {
	var out []sdk.EnvVar
	for name, value := range values {
		out = append(out, sdk.EnvVar{Name: name, Value: value})
	}
	return out
}

// environmentOnly is settings with nothing but environment variables.
func environmentOnly(s image.Settings) image.Settings {
	return image.Settings{Environment: s.Environment, RuntimeEnv: s.RuntimeEnv}
}

// imageRef is an image as the platform is told of it.
func imageRef(im Image) *sdk.Image {
	out := &sdk.Image{Reference: im.Reference}
	if len(im.Platforms) > 0 {
		out.Platform = im.Platforms[0]
	}
	switch {
	case im.Digest != nil && !strings.HasPrefix(*im.Digest, "local:"):
		out.Digest = *im.Digest
	case im.Action == Use && im.LocalID == "" && im.Digest == nil:
		// taken by name, as the user wrote it
	}
	return out
}

func resourcesOf(d Decided) sdk.Resources {
	r := d.Settings.Resources
	out := sdk.Resources{Spot: r.Spotted(), MachineType: r.MachineType}
	if r.CPU != nil {
		out.CPU = float64(*r.CPU)
	}
	if r.Memory != nil {
		out.MemoryBytes = int64(*r.Memory)
	}
	if r.Disk != nil {
		out.DiskBytes = int64(*r.Disk)
	}
	if r.Shm != nil {
		out.ShmBytes = int64(*r.Shm)
	}
	if a := r.Accelerator; a != nil && a.Name != "" {
		out.Accelerator = &sdk.Accelerator{Name: a.Name, Count: a.Count, Topology: a.Topology}
	}
	return out
}

// steps is the workflow's steps as the plan shows them.
func (m *maker) steps(p Plan, of map[string]int) []Step {
	out := []Step{}
	for i, s := range p.Workflow.Steps {
		step := Step{
			Name: s.Name, Needs: append([]string{}, s.Needs...), When: s.When, Command: append([]string{}, s.Command...),
			Environment: map[string]string{}, Secrets: append([]string{}, s.Secrets...), Nodes: s.Nodes,
			Resources: Resources{CPU: s.Resources.CPU, MemoryBytes: s.Resources.MemoryBytes, DiskBytes: s.Resources.DiskBytes,
				ShmBytes: s.Resources.ShmBytes, Spot: s.Resources.Spot, MachineType: s.Resources.MachineType},
			Placement: Placement{Rejected: []Rejected{}},
		}
		for _, v := range s.Environment {
			step.Environment[v.Name] = v.Value
		}
		if a := s.Resources.Accelerator; a != nil {
			step.Resources.Accelerator = &Accelerator{Name: a.Name, Count: a.Count, Topology: a.Topology}
		}
		if at, ok := of[s.Name]; ok {
			name := p.Images[at].Key
			if name == "" {
				name = p.Images[at].Reference
			}
			step.Image = &name
		}
		step.Code = m.code(m.resolved.Steps[i])
		if at, ok := of[s.Name]; ok && p.Images[at].pinned {
			step.Code = m.pinnedCode(p.Images[at])
		}
		out = append(out, step)
	}
	return out
}

// code says how the flow's code reaches a step.
func (m *maker) code(d Decided) Code {
	switch {
	case m.in.Info.Has(sdk.CapLocalFiles) && !m.in.Info.Has(sdk.CapImages):
		return Code{From: "none", Reference: ".", Reason: "the step runs in the source root"}
	case d.Settings.Image.IncludesSource():
		return Code{From: "image", Reason: "the source is the image's last layer"}
	}
	return Code{From: "none", Reason: "the image's settings leave the source out"}
}
