package orchestrator

import (
	"context"
	"fmt"
	"strings"

	"github.com/stackrun/stack/plugins/local/internal/machine"
	"github.com/stackrun/stack/sdk"
	"github.com/stackrun/stack/sdk/driver"
)

// Plan places every step on this machine, or says what the machine lacks.
func (l *Local) Plan(_ context.Context, w sdk.Workflow, _ bool) (sdk.Plan, []sdk.Diagnostic, error) {
	var plan sdk.Plan
	found := driver.Check(w, "as processes on this machine")
	for _, step := range w.Steps {
		found = append(found, l.lacks(step)...)
		plan.Placements = append(plan.Placements, sdk.Placement{
			Step: step.Name, MachineType: "process", Location: l.machine.Host, Reason: l.reason(step),
		})
		document, err := l.document(w, step)
		if err != nil {
			return sdk.Plan{}, nil, err
		}
		plan.Documents = append(plan.Documents, document)
	}
	return plan, found, nil
}

// reason says what a step gets, and what nobody keeps it from taking.
func (l *Local) reason(step sdk.Step) string {
	text := fmt.Sprintf("processes on this machine (%s)", l.machine)
	var free []string
	r := step.Resources
	for _, asked := range []struct {
		name string
		is   bool
	}{{"cpu", r.CPU > 0}, {"memory", r.MemoryBytes > 0}, {"disk", r.DiskBytes > 0}, {"shm", r.ShmBytes > 0}, {"accelerator", r.Accelerator != nil}} {
		if asked.is {
			free = append(free, asked.name)
		}
	}
	if len(free) > 0 {
		text += "; not limited to the " + strings.Join(free, ", ") + " asked for"
	}
	return text
}

// lacks finds what a step asks for that the machine does not have.
func (l *Local) lacks(step sdk.Step) []sdk.Diagnostic {
	var found []sdk.Diagnostic
	lack := func(summary, suggestion string, elems ...string) {
		found = append(found, sdk.Diagnostic{
			Severity: sdk.SeverityError, Placement: true, Summary: summary, Suggestion: suggestion,
			Detail: "This machine is " + l.machine.String() + ".",
			Path:   sdk.Path{Root: sdk.RootSettings, Step: step.Name, Elems: append([]string{"resources"}, elems...)},
		})
	}
	r, m := step.Resources, l.machine
	if r.CPU > float64(m.Cores) {
		lack(fmt.Sprintf("step %q asks for %g cores, and this machine has %d", step.Name, r.CPU, m.Cores), "ask for less, or use another stack", "cpu")
	}
	if m.MemoryBytes > 0 && r.MemoryBytes > m.MemoryBytes {
		lack(fmt.Sprintf("step %q asks for %s of memory, and this machine has %s", step.Name, machine.Bytes(r.MemoryBytes), machine.Bytes(m.MemoryBytes)), "ask for less, or use another stack", "memory")
	}
	if r.MachineType != "" {
		lack(fmt.Sprintf("step %q asks for machine type %q, and this machine is the only one here", step.Name, r.MachineType), "leave machine_type out for this stack", "machine_type")
	}
	if a := r.Accelerator; a != nil && a.Count > 0 {
		if have := m.Has(a.Name); have < a.Count {
			lack(fmt.Sprintf("step %q asks for %d × %s, and this machine has %s", step.Name, a.Count, a.Name, none(have)),
				"use a stack that has it, or --set steps."+step.Name+".resources.accelerator=cpu", "accelerator")
		}
	}
	return found
}

func none(n int) string {
	if n == 0 {
		return "none"
	}
	return fmt.Sprint(n)
}

// workdir is where a step's process starts.
func workdir(step sdk.Step, root string) string {
	if step.Workdir != "" {
		return step.Workdir
	}
	return root
}
