package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
)

func newBuildsShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show BUILD",
		Short: "Show every image of a build: what it is made of, and whether it exists",
		Long: `Shows for each image of a build its key, digest, steps, why it was built or reused,
what its key was made of, and its Dockerfile. The registry, or the builder where
the stack has none, is asked whether it still exists.`,
		Example: "  stack builds show build-20260730-101112-abcdefgh\n  stack builds show build-20260730-101112-abcdefgh -o json",
		Args:    arguments("BUILD"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.buildsShow(cmd.Context(), args[0]) },
	}
}

// shownBuild is a build as `stack builds show -o json` prints it.
type shownBuild struct {
	Build   string           `json:"build"`
	Flow    string           `json:"flow"`
	Stack   string           `json:"stack"`
	Created time.Time        `json:"created"`
	State   engine.Existence `json:"state"`
	Images  []shownImage     `json:"images"`
}

// shownImage is an image of a shownBuild.
type shownImage struct {
	Key        string           `json:"key"`
	Reference  string           `json:"reference"`
	Digest     *string          `json:"digest"`
	LocalID    string           `json:"local_id"`
	State      engine.Existence `json:"state"`
	Action     build.Action     `json:"action"`
	Reasons    []string         `json:"reasons"`
	Steps      []string         `json:"steps"`
	Platforms  []string         `json:"platforms"`
	Base       *build.Base      `json:"base"`
	Inputs     []build.Input    `json:"inputs"`
	Dockerfile string           `json:"dockerfile"`
}

func (a *app) buildsShow(ctx context.Context, id string) error {
	s, r, err := a.sessionOfBuild(id)
	if err != nil {
		return err
	}
	defer s.close()
	exist, why := s.engine.Existing(ctx, []build.Record{r})
	if err := ctx.Err(); err != nil {
		return err
	}
	a.sayUnasked(why)
	out := shownBuild{Build: r.ID, Flow: r.Flow, Stack: r.Stack, Created: r.Created, State: engine.Together(exist[0]), Images: []shownImage{}}
	for i, im := range r.Images {
		shown := shownImage{
			Key: im.Key, Reference: im.Reference, LocalID: im.LocalID, State: exist[0][i], Action: im.Action, Reasons: append([]string{}, im.Reasons...),
			Steps: append([]string{}, im.Steps...), Platforms: append([]string{}, im.Platforms...), Base: im.Base, Inputs: build.InputsOf(im.Inputs), Dockerfile: im.Dockerfile,
		}
		if im.Digest != "" {
			shown.Digest = &im.Digest
		}
		out.Images = append(out.Images, shown)
	}
	if a.flags.output == "json" {
		a.printJSON(out)
		return nil
	}
	fmt.Fprintf(a.Stdout, "build %s\nflow %s on stack %s, %s, %s\n", out.Build, out.Flow, out.Stack, a.ago(&out.Created), out.State)
	for _, im := range out.Images {
		a.writeShown(im)
	}
	return nil
}

func (a *app) writeShown(im shownImage) {
	fmt.Fprintf(a.Stdout, "\n  %-6s %s   for %s\n", im.Action, im.Reference, strings.Join(im.Steps, ", "))
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(a.Stdout, "         %-20s %s\n", label, diag.Printable(text))
		}
	}
	line("state", string(im.State))
	line("key", im.Key)
	if im.Digest != nil {
		line("digest", *im.Digest)
	} else {
		line("id", im.LocalID)
	}
	if im.Base != nil {
		line("base", strings.TrimSpace(im.Base.Reference+" "+parenthesis(im.Base.Digest)))
	}
	line("platform", strings.Join(im.Platforms, ", "))
	for _, reason := range im.Reasons {
		line("why", reason)
	}
	for _, in := range im.Inputs {
		if in.Name != "platform" && in.Name != "base_image" { // said above
			line(in.Name, in.Short())
		}
	}
	if im.Dockerfile != "" {
		fmt.Fprint(a.Stdout, indent(im.Dockerfile, "         │ "))
	}
}
