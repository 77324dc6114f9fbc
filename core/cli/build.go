package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/plan"
)

// buildCommand is the arguments of `stack build`.
type buildCommand struct {
	flowFlags
	force, why bool
}

func newBuild(a *app) *cobra.Command {
	var c buildCommand
	cmd := &cobra.Command{
		Use:   "build FLOW",
		Short: "Build the images of a flow that do not exist yet",
		Long: `Builds every image of the flow that does not exist yet, each key once and
different ones at the same time, and prints their digests. With --why nothing is
built: each image is shown with what would be done and the reason.`,
		Example: "  stack build flow.yaml --stack docker\n  stack build flow.yaml --stack docker --why",
		Args:    a.flowArgument(),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.flow = args[0]
			return a.build(cmd.Context(), c)
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&c.force, "force", false, "build every image even if it exists")
	cmd.Flags().BoolVar(&c.why, "why", false, "only say what would be built and why")
	return cmd
}

func (a *app) build(ctx context.Context, c buildCommand) error {
	s, err := a.openSession(c.flow, c.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := a.planFor(ctx, s, &c.flowFlags, engine.PlanOptions{Force: c.force, ToBuild: true})
	if err != nil {
		return err
	}
	a.printDiagnostics(p.Plan.Diagnostics)
	if c.why {
		return a.printImages("", p.Plan, a.printJSON)
	}
	if err := a.roots().Add(s.engine.Root); err != nil {
		a.say("warning: this build is found from its own folder only: %v", err)
	}
	view := a.newView(false)
	id, built, err := s.engine.BuildOnly(ctx, p, view.Event)
	view.Close()
	if err != nil {
		return err
	}
	if err := p.Unshared(); err != nil {
		a.say("warning: build %s is known on this machine alone: %v", id, err)
	}
	return a.printImages(id, built, a.printLine) // the events stand before it
}

// printImages shows what was or would be done about each image.
func (a *app) printImages(id string, p plan.Plan, printJSON func(any)) error {
	if a.flags.output == "json" {
		printJSON(struct {
			Build  string       `json:"build"`
			Flow   string       `json:"flow"`
			Stack  string       `json:"stack"`
			Images []plan.Image `json:"images"`
		}{id, p.Flow, p.Stack, p.Images})
		return nil
	}
	if id != "" {
		fmt.Fprintf(a.Stdout, "build %s\n", id)
	}
	for _, im := range p.Images {
		name := im.Reference
		if name == "" {
			name = "(no image)"
		}
		if im.Digest != nil {
			name += "@" + *im.Digest
		}
		fmt.Fprintf(a.Stdout, "%-6s %s   for %s\n", im.Action, name, strings.Join(im.Steps, ", "))
		for _, reason := range im.Reasons {
			fmt.Fprintf(a.Stdout, "       %s\n", diag.Printable(reason))
		}
	}
	return nil
}
