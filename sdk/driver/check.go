package driver

import (
	"fmt"

	"github.com/stackrun/stack/sdk"
)

// Check finds what a driver cannot do for a workflow: secrets, several nodes,
// capacity that can be taken away. place is where steps run, for people.
func Check(w sdk.Workflow, place string) []sdk.Diagnostic {
	var found []sdk.Diagnostic
	refuse := func(step, summary, suggestion string, elems ...string) {
		found = append(found, sdk.Diagnostic{
			Severity: sdk.SeverityError, Summary: summary, Suggestion: suggestion,
			Path: sdk.Path{Root: sdk.RootSettings, Step: step, Elems: elems},
		})
	}
	for _, s := range w.Steps {
		if len(s.Secrets) > 0 {
			refuse(s.Name, fmt.Sprintf("step %q: secrets cannot be given to steps that run %s yet", s.Name, place), "",
				"image", "secret_environment_from")
		}
		if s.Nodes > 1 {
			refuse(s.Name, fmt.Sprintf("step %q asks for %d nodes, but runs %s, which is one", s.Name, s.Nodes, place),
				"use one node, or a stack whose orchestrator has several", "nodes")
		}
		if s.Resources.Spot {
			refuse(s.Name, fmt.Sprintf("step %q asks for spot capacity, which does not exist %s", s.Name, place),
				"leave spot out for this stack", "resources", "spot")
		}
	}
	return found
}
