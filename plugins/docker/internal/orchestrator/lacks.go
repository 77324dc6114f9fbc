package orchestrator

import (
	"fmt"
	"strings"

	"github.com/stackrun/stack/sdk"
)

// leastMemory is the smallest limit that Docker Engine takes: linuxMinMemory of
// its daemon.
const leastMemory = 6 << 20

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
	if r.MemoryBytes > 0 && r.MemoryBytes < leastMemory {
		tell(sdk.SeverityError, false, fmt.Sprintf("step %q asks for %d bytes of memory, and Docker Engine gives a container no less than %s", step.Name, r.MemoryBytes, size(leastMemory)), "ask for more", "memory")
	}
	switch {
	case r.MemoryBytes > 0 && r.ShmBytes > r.MemoryBytes:
		tell(sdk.SeverityError, true, fmt.Sprintf("step %q asks for %s of shared memory, which counts as memory, and for %s of that", step.Name, size(r.ShmBytes), size(r.MemoryBytes)), "ask for more memory, or for less shm", "shm")
	case f.known && f.memory > 0 && r.ShmBytes > f.memory:
		tell(sdk.SeverityError, true, fmt.Sprintf("step %q asks for %s of shared memory, and the engine's machine has %s of memory", step.Name, size(r.ShmBytes), size(f.memory)), "ask for less, or use another stack", "shm")
	}
	if r.DiskBytes > 0 {
		tell(sdk.SeverityError, false, fmt.Sprintf("step %q asks for %s of disk, and Docker Engine cannot keep any for a container, nor limit it", step.Name, size(r.DiskBytes)), "remove disk for this stack, or use another stack", "disk")
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

// lacksNetwork finds a network that the engine does not have. Everything else
// about one is known only when a container joins it.
func (f facts) lacksNetwork(name string, path sdk.Path) []sdk.Diagnostic {
	if f.networks == nil || f.has(name) {
		return nil
	}
	const most = 10
	names := f.networkNames()
	detail := "It has " + strings.Join(names[:min(len(names), most)], ", ")
	if len(names) > most {
		detail += fmt.Sprintf(", and %d more", len(names)-most)
	}
	return []sdk.Diagnostic{{
		Severity: sdk.SeverityError, Summary: fmt.Sprintf("the engine has no network %q", name), Detail: detail + ".",
		Suggestion: "name one that it has, or make it: `docker network create " + name + "`", Path: path,
	}}
}
