package orchestrator

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// Plan gives the containers as they will be asked for. What the engine lacks
// is known from Configure, or with online set from now.
func (d *Docker) Plan(ctx context.Context, w sdk.Workflow, online bool) (sdk.Plan, []sdk.Diagnostic, error) {
	if d.client == nil {
		return sdk.Plan{}, nil, errNotConfigured
	}
	facts := d.facts
	if online {
		var err error
		if facts, err = askFacts(ctx, d.client); err != nil {
			return sdk.Plan{}, nil, err
		}
	}
	var plan sdk.Plan
	found := driver.Check(w, "as containers on one engine")
	for _, step := range w.Steps {
		own, problems := decodeStep(step.Name, step.Orchestrator)
		found = append(found, problems...)
		found = append(found, facts.lacks(step, own)...)
		plan.Placements = append(plan.Placements, sdk.Placement{
			Step: step.Name, MachineType: "container", Location: first(facts.name, d.client.DaemonHost()), Reason: facts.reason(step),
		})
		document, err := d.document(step, own)
		if err != nil {
			return sdk.Plan{}, nil, err
		}
		plan.Documents = append(plan.Documents, document)
	}
	return plan, found, nil
}

// document is the request that makes a step's container, less what only an
// attempt has: its labels, its run's variables, the paths in its command.
func (d *Docker) document(step sdk.Step, own stepConfig) (sdk.Document, error) {
	s := specOf(step, step.Command, d.config, own)
	for _, v := range step.Environment {
		s.Config.Env = append(s.Config.Env, v.Name+"="+v.Value)
	}
	content, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return sdk.Document{}, fmt.Errorf("describe step %s: %w", step.Name, err)
	}
	return sdk.Document{Name: step.Name, MediaType: "application/json", Content: content}, nil
}

func isTPU(name string) bool { return strings.HasPrefix(name, "tpu") }

// lacks finds what a step asks for that the engine does not have.
func (f facts) lacks(step sdk.Step, own stepConfig) []sdk.Diagnostic {
	var found []sdk.Diagnostic
	tell := func(severity sdk.Severity, placement bool, summary, suggestion string, elem string) {
		found = append(found, sdk.Diagnostic{
			Severity: severity, Placement: placement, Summary: summary, Suggestion: suggestion,
			Path: sdk.Path{Root: sdk.RootSettings, Step: step.Name, Elems: []string{"resources", elem}},
		})
	}
	r := step.Resources
	if f.known && r.CPU > float64(f.cores) {
		tell(sdk.SeverityError, true, fmt.Sprintf("step %q asks for %g cores, and the engine's machine has %d", step.Name, r.CPU, f.cores), "ask for less, or use another stack", "cpu")
	}
	if f.known && f.memory > 0 && r.MemoryBytes > f.memory {
		tell(sdk.SeverityError, true, fmt.Sprintf("step %q asks for %s of memory, and the engine's machine has %s", step.Name, size(r.MemoryBytes), size(f.memory)), "ask for less, or use another stack", "memory")
	}
	if r.MachineType != "" {
		tell(sdk.SeverityError, true, fmt.Sprintf("step %q asks for machine type %q, and an engine has no machine types", step.Name, r.MachineType), "leave machine_type out for this stack", "machine_type")
	}
	if a := r.Accelerator; a != nil && a.Count > 0 {
		switch {
		case isTPU(a.Name):
			tell(sdk.SeverityError, true, fmt.Sprintf("step %q asks for %s, which Docker Engine cannot give to a container", step.Name, a.Name), "use a stack that has TPUs", "accelerator")
		case f.known && !f.gpus:
			tell(sdk.SeverityError, true, fmt.Sprintf("step %q asks for %d × %s, and the engine has no GPUs to give", step.Name, a.Count, a.Name), "install the NVIDIA Container Toolkit on the engine's machine, or use another stack", "accelerator")
		case a.Name != "gpu":
			tell(sdk.SeverityWarning, false, fmt.Sprintf("step %q asks for %s; the engine does not tell the models of its GPUs, and gives any %d", step.Name, a.Name, a.Count), "", "accelerator")
		}
		if n := len(own.GPUs); n > 0 && n != a.Count {
			found = append(found, sdk.Diagnostic{
				Severity: sdk.SeverityError, Summary: fmt.Sprintf("step %q names %d GPUs and asks for %d", step.Name, n, a.Count),
				Path: sdk.Path{Root: sdk.RootStep, Step: step.Name, Elems: []string{"gpus"}},
			})
		}
	}
	return found
}

func (f facts) reason(step sdk.Step) string {
	text := "containers on an engine that did not answer"
	if f.known {
		text = fmt.Sprintf("containers on Docker Engine %s (%s, %d cores, %s)", f.version, f.name, f.cores, size(f.memory))
	}
	if step.Resources.DiskBytes > 0 {
		text += "; not limited to the disk asked for"
	}
	return text
}

// size is a number of bytes in binary units, with at most one decimal.
func size(n int64) string {
	const gib = 1 << 30
	if n >= gib {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/gib), ".0") + " GiB"
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
