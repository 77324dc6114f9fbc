package cli

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
)

func newBuildsDiff(a *app) *cobra.Command {
	var flags flowFlags
	cmd := &cobra.Command{
		Use:   "diff BUILD OTHER",
		Short: "Show step by step how two builds differ, or a build and a flow as it is now",
		Long: `Compares the images of two builds, step by step: which inputs of their keys
changed, came or went. OTHER is a build, or a flow, which is planned on the
build's stack (or on --stack) and compared as it is now. The other flags are for
a flow. Differences are no failure: the exit status is 0.`,
		Example: `  stack builds diff build-20260730-101112-abcdefgh build-20260731-090000-ijklmnop
  stack builds diff build-20260730-101112-abcdefgh flow.yaml -p epochs=5`,
		Args: arguments("BUILD", "OTHER"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.buildsDiff(cmd.Context(), args[0], args[1], flags)
		},
	}
	flags.add(cmd)
	return cmd
}

// diffSide is one side of a comparison.
type diffSide struct {
	Build string `json:"build"` // empty for a flow as it is now
	Flow  string `json:"flow"`
	Stack string `json:"stack"`
}

func sideOf(r build.Record) diffSide { return diffSide{r.ID, r.Flow, r.Stack} }

func (s diffSide) String() string {
	if s.Build == "" {
		return fmt.Sprintf("flow %s as it is now, on stack %s", s.Flow, s.Stack)
	}
	return fmt.Sprintf("%s (flow %s on stack %s)", s.Build, s.Flow, s.Stack)
}

func (a *app) buildsDiff(ctx context.Context, from, to string, flags flowFlags) error {
	s, was, err := a.sessionOfBuild(from, flags.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	is, err := a.otherSide(ctx, was, to, flags)
	if err != nil {
		return err
	}
	steps := engine.DiffBuilds(was, is)
	if a.flags.output == "json" {
		a.printJSON(struct {
			From  diffSide            `json:"from"`
			To    diffSide            `json:"to"`
			Steps []engine.StepChange `json:"steps"`
		}{sideOf(was), sideOf(is), steps})
		return nil
	}
	fmt.Fprintf(a.Stdout, "from %s\nto   %s\n\n", sideOf(was), sideOf(is))
	for _, c := range steps {
		fmt.Fprintf(a.Stdout, "%-8s %s\n", c.Change, c.Step)
		for _, reason := range c.Reasons {
			fmt.Fprintf(a.Stdout, "         %s\n", diag.Printable(reason))
		}
	}
	return nil
}

// otherSide is a build, or the images of a flow as it is now.
func (a *app) otherSide(ctx context.Context, was build.Record, to string, flags flowFlags) (build.Record, error) {
	other, r, err := a.sessionOfBuild(to)
	if err == nil {
		other.close()
		if len(flags.params)+len(flags.set)+len(flags.vars) > 0 || flags.stack != "" || flags.file != "" {
			return r, diag.List{diag.New(diag.Usage, "builds are compared as they are: -p, --set, --var, --stack and --file are for a flow")}
		}
		return r, nil
	}
	if _, statErr := os.Stat(a.path(to)); statErr != nil && !looksLikeFile(to) {
		return r, err
	}
	s, err := a.openSession(to, flags.plugins...)
	if err != nil {
		return r, err
	}
	defer s.close()
	flags.flow = to
	request := flags.request()
	if request.Stack == "" {
		request.Stack = was.Stack
	}
	p, err := s.engine.Plan(ctx, request, engine.PlanOptions{ToBuild: true})
	if err != nil {
		return r, err
	}
	a.printDiagnostics(p.Plan.Diagnostics)
	return p.AsBuild(), nil
}

// looksLikeFile tells a misspelt file from a misspelt build.
func looksLikeFile(name string) bool { return strings.ContainsAny(name, "./") }
