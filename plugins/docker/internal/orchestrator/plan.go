package orchestrator

import (
	"context"
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
	found = append(found, facts.lacksNetwork(d.config.Network, sdk.Path{Root: sdk.RootStack, Elems: []string{"network"}})...)
	for _, step := range w.Steps {
		own, problems := decodeStep(step.Name, step.Orchestrator)
		found = append(found, problems...)
		found = append(found, facts.lacks(step, own)...)
		found = append(found, facts.lacksNetwork(own.Network, sdk.Path{Root: sdk.RootStep, Step: step.Name, Elems: []string{"network"}})...)
		plan.Placements = append(plan.Placements, sdk.Placement{
			Step: step.Name, MachineType: "container", Location: first(facts.name, d.client.DaemonHost()), Reason: facts.reason(),
		})
		document, err := d.document(w, step, own)
		if err != nil {
			return sdk.Plan{}, nil, err
		}
		plan.Documents = append(plan.Documents, document)
	}
	return plan, found, nil
}

func isTPU(name string) bool { return strings.HasPrefix(name, "tpu") }

func (f facts) reason() string {
	if !f.known {
		return "containers on an engine that did not answer"
	}
	return fmt.Sprintf("containers on Docker Engine %s (%s, %d cores, %s)", f.version, f.name, f.cores, size(f.memory))
}

// size is a number of bytes in binary units, with at most one decimal.
func size(n int64) string {
	const gib = 1 << 30
	if n >= gib {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/gib), ".0") + " GiB"
	}
	return fmt.Sprintf("%d MiB", n>>20)
}
