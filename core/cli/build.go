package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/sbom"
)

// buildCommand is the arguments of `stack build`.
type buildCommand struct {
	flowFlags
	force, why bool
	sbom       string
}

func newBuild(a *app) *cobra.Command {
	var c buildCommand
	cmd := &cobra.Command{
		Use:   "build FLOW",
		Short: "Build the images of a flow that do not exist yet",
		Long: `Builds every image of the flow that does not exist yet, each key once and
different ones at the same time, and prints their digests. With --why nothing is
built: each image is shown with what would be done and the reason.

With --sbom a list of the packages that each image has, those of its base
included, is made from the image in the registry and attached to it there, as an
OCI referrer. An image that has one of that format keeps it.`,
		Example: "  stack build flow.yaml --stack docker\n  stack build flow.yaml --stack docker --why\n  stack build flow.yaml --stack team --sbom spdx",
		Args:    a.flowArgument(),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.flow = args[0]
			return a.build(cmd.Context(), c)
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVar(&c.force, "force", false, "build every image even if it exists")
	cmd.Flags().BoolVar(&c.why, "why", false, "only say what would be built and why")
	cmd.Flags().StringVar(&c.sbom, "sbom", "", "attach a list of packages to each image, as `spdx|cyclonedx`")
	return cmd
}

func (a *app) build(ctx context.Context, c buildCommand) error {
	if err := c.checkSBOM(); err != nil {
		return err
	}
	s, err := a.openSession(c.flow, c.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	p, err := a.planFor(ctx, s, &c.flowFlags, engine.PlanOptions{Force: c.force, ToBuild: true, Secrets: !c.why})
	if err != nil {
		return err
	}
	if c.sbom != "" {
		if err := s.engine.CheckSBOM(p); err != nil {
			return err
		}
	}
	a.printDiagnostics(p.Plan.Diagnostics)
	if c.why {
		return a.printImages("", p.Plan, nil, a.printJSON)
	}
	if err := a.roots().Add(s.engine.Root); err != nil {
		a.say("warning: this build is found from its own folder only: %v", err)
	}
	view := a.newView(false)
	id, built, err := s.engine.BuildOnly(ctx, p, view.Event)
	var attached []engine.SBOM
	if err == nil && c.sbom != "" {
		attached, err = s.engine.AttachSBOMs(ctx, p, built, sbom.Format(c.sbom), view.Event)
	}
	view.Close()
	if err != nil {
		return err
	}
	if err := p.Unshared(); err != nil {
		a.say("warning: build %s is known on this machine alone: %v", id, err)
	}
	return a.printImages(id, built, attached, a.printLine) // the events stand before it
}

func (c buildCommand) checkSBOM() error {
	switch {
	case c.sbom == "":
		return nil
	case c.why:
		return diag.List{diag.New(diag.Usage, "--why builds nothing, so there is nothing to attach an SBOM to").Try("leave one of --why and --sbom away")}
	}
	return oneOf("--sbom", c.sbom, sbom.Formats()...)
}

// printImages shows what was or would be done about each image.
func (a *app) printImages(id string, p plan.Plan, attached []engine.SBOM, printJSON func(any)) error {
	if a.flags.output == "json" {
		printJSON(struct {
			Build  string        `json:"build"`
			Flow   string        `json:"flow"`
			Stack  string        `json:"stack"`
			Images []plan.Image  `json:"images"`
			SBOMs  []engine.SBOM `json:"sboms,omitzero"`
		}{id, p.Flow, p.Stack, p.Images, attached})
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
		if attached != nil && im.Action == plan.Use {
			fmt.Fprintln(a.Stdout, "       no sbom is attached to what is taken as it is")
		}
		for _, s := range attached {
			if s.Image == im.Reference {
				a.printSBOM(s)
			}
		}
	}
	return nil
}

// printSBOM shows a document that is attached to an image.
func (a *app) printSBOM(s engine.SBOM) {
	how := fmt.Sprintf("attached, %s", number(s.Packages, "package"))
	if s.Existed {
		how = "attached before"
	}
	fmt.Fprintf(a.Stdout, "       sbom %s for %s: %s (%s)\n", s.Format, s.Platform, s.Digest, how)
	for _, name := range s.Unlisted {
		a.say("warning: the SBOM lacks the packages of %s", diag.Printable(name))
	}
}
