package cli

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
)

func newBuilds(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "builds",
		Short: "List, show, compare and prune builds",
		Long: `A build is all images of one flow on one stack, with an id. Each ` + "`stack build`" + `
and ` + "`stack run`" + ` that builds or finds images makes one.`,
		Example: "  stack builds list",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newBuildsList(a), newBuildsShow(a), newBuildsDiff(a), newBuildsPrune(a))
	return cmd
}

// buildsFilter chooses builds.
type buildsFilter struct{ flow, stack string }

func (f *buildsFilter) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.flow, "flow", "", "builds of this `flow` alone, by its name")
	cmd.Flags().StringVarP(&f.stack, "stack", "s", "", "builds on this `stack` alone")
}

func (f buildsFilter) has(r build.Record) bool {
	return (f.flow == "" || r.Flow == f.flow) && (f.stack == "" || r.Stack == f.stack)
}

func newBuildsList(a *app) *cobra.Command {
	var filter buildsFilter
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List builds, newest first",
		Long: `Lists the builds of the project that the working directory is in, and of projects
below it, newest first, and whether their images still exist. Registries and
builders that give no answer within a few seconds leave that unknown.`,
		Example: "  stack builds list\n  stack builds list --flow churn --stack docker -o json",
		Args:    arguments(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.buildsList(cmd.Context(), filter) },
	}
	filter.add(cmd)
	return cmd
}

// listedBuild is a build as `stack builds list -o json` prints it.
type listedBuild struct {
	Build   string           `json:"build"`
	Flow    string           `json:"flow"`
	Stack   string           `json:"stack"`
	Created time.Time        `json:"created"`
	Images  imageCounts      `json:"images"`
	State   engine.Existence `json:"state"`
}

// imageCounts is how many images of a build came to it in which way.
type imageCounts struct {
	Built  int `json:"built"`
	Reused int `json:"reused"`
	Used   int `json:"used"`
}

func countImages(r build.Record) imageCounts {
	var c imageCounts
	for _, im := range r.Images {
		switch im.Action {
		case build.Built:
			c.Built++
		case build.Used:
			c.Used++
		default:
			c.Reused++
		}
	}
	return c
}

func (c imageCounts) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		word string
	}{{c.Built, "built"}, {c.Reused, "reused"}, {c.Used, "as they are"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.word))
		}
	}
	return dash(strings.Join(parts, ", "))
}

func (a *app) buildsList(ctx context.Context, filter buildsFilter) error {
	roots, err := a.projects(false)
	if err != nil {
		return err
	}
	var records []build.Record
	var states []engine.Existence
	var unasked []error
	for _, root := range roots {
		found, there, why, err := a.buildsIn(ctx, root, filter)
		if err != nil {
			return err
		}
		records, states, unasked = append(records, found...), append(states, there...), append(unasked, why...)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	out := []listedBuild{}
	for i, r := range records {
		out = append(out, listedBuild{r.ID, r.Flow, r.Stack, r.Created, countImages(r), states[i]})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].Created.After(out[j].Created) })
	a.sayUnasked(unasked)
	if a.flags.output == "json" {
		a.printJSON(out)
		return nil
	}
	if len(out) == 0 {
		if filter.flow != "" || filter.stack != "" {
			a.say("no such builds; `stack builds list` lists all")
		} else {
			a.say("no builds yet; `stack build FLOW` makes one")
		}
		return nil
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "BUILD\tFLOW\tSTACK\tCREATED\tIMAGES\tSTATE")
	for _, b := range out {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", b.Build, b.Flow, b.Stack, a.ago(&b.Created), b.Images, b.State)
	}
	return w.Flush()
}

// buildsIn is the chosen builds of one project, and whether they exist.
func (a *app) buildsIn(ctx context.Context, root string, filter buildsFilter) ([]build.Record, []engine.Existence, []error, error) {
	s, err := a.sessionIn(root, nil)
	if err != nil {
		return nil, nil, nil, err
	}
	defer s.close()
	all, warnings := s.engine.Builds()
	a.printDiagnostics(warnings)
	var records []build.Record
	for _, r := range all {
		if filter.has(r) {
			records = append(records, r)
		}
	}
	images, why := s.engine.Existing(ctx, records)
	var states []engine.Existence
	for _, e := range images {
		states = append(states, engine.Together(e))
	}
	return records, states, why, nil
}

// sayUnasked says why it is not known whether images exist.
func (a *app) sayUnasked(why []error) {
	for _, err := range why {
		for _, d := range diag.FromError(err) {
			a.say("whether some images exist is not known: %s", diag.Printable(d.Summary))
		}
	}
}

// sessionOfBuild opens the project that has the build, and loads its record. The
// working directory's project comes first, then every other on this machine.
func (a *app) sessionOfBuild(id string, plugins ...string) (*session, build.Record, error) {
	roots, err := a.projects(true)
	if err != nil {
		return nil, build.Record{}, err
	}
	var first error
	for _, root := range roots {
		s, err := a.sessionIn(root, plugins)
		if err != nil {
			return nil, build.Record{}, err
		}
		r, err := s.engine.LoadBuild(id)
		if err == nil {
			return s, r, nil
		}
		s.close()
		if first == nil {
			first = err
		}
		if diag.FromError(err)[0].Code != diag.BuildNotFound {
			return nil, build.Record{}, err
		}
	}
	return nil, build.Record{}, first
}
