package plan

import (
	"context"
	"fmt"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

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
