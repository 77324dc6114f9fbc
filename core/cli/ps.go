package cli

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

// psRun is a run as `stack ps -o json` prints it.
type psRun struct {
	Run     string     `json:"run"`
	Flow    string     `json:"flow"`
	Stack   string     `json:"stack"`
	State   sdk.State  `json:"state"`
	Started *time.Time `json:"started"`
	Ended   *time.Time `json:"ended"`
	Reason  sdk.Reason `json:"reason"`
	Message string     `json:"message"`
	URL     string     `json:"url"`
	Build   string     `json:"build"`
	Project string     `json:"project,omitempty"` // with --all: its source root
	Code    run.Code   `json:"code"`
	Steps   []psStep   `json:"steps"`
}

type psStep struct {
	Name     string     `json:"name"`
	State    sdk.State  `json:"state"`
	Reason   sdk.Reason `json:"reason"`
	ExitCode *int       `json:"exit_code"`
	Attempt  int        `json:"attempt"`
}

func asPS(r run.Record) psRun {
	out := psRun{Run: r.ID, Flow: r.Flow, Stack: r.Stack, State: r.State, Started: r.Started, Ended: r.Ended,
		Reason: r.Reason, Message: r.Message, URL: r.URL, Build: r.Build, Code: r.Code, Steps: []psStep{}}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, psStep{s.Name, s.State, s.Reason, s.ExitCode, s.Attempt})
	}
	return out
}

// psCommand is the arguments of `stack ps`.
type psCommand struct {
	stackFlags
	ask bool // the platform of the stack too
	all bool
}

func newPS(a *app) *cobra.Command {
	var c psCommand
	cmd := &cobra.Command{
		Use:   "ps",
		Short: "List runs, newest first",
		Long: `Lists the runs of the project that the working directory is in, and of projects
below it, newest first, and how they ended. A run whose process on this machine
is gone is shown as failed, with reason host_lost. With --stack the platform is
asked too, so that runs started elsewhere are found. With --all the runs of
every project on this machine are listed, and where each project is.`,
		Example: "  stack ps\n  stack ps --stack docker -o json",
		Args:    arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.ask = cmd.Flags().Changed("stack")
			return a.ps(cmd.Context(), c)
		},
	}
	c.add(cmd)
	cmd.Flags().BoolVarP(&c.all, "all", "a", false, "runs of every project on this machine")
	return cmd
}

func (a *app) ps(ctx context.Context, c psCommand) error {
	roots, err := a.projects(c.all)
	if err != nil {
		return err
	}
	var runs []listedRun
	for _, root := range roots {
		found, err := a.recordsIn(ctx, root)
		if err != nil {
			return err
		}
		for _, r := range found {
			runs = append(runs, listedRun{r, root})
		}
	}
	if c.ask {
		elsewhere, err := a.onPlatform(ctx, c)
		if err != nil {
			return err
		}
		runs = merge(runs, elsewhere)
	}
	runs = once(runs)
	sort.SliceStable(runs, func(i, j int) bool { return runs[i].Created.After(runs[j].Created) })
	return a.printRuns(runs, c.all)
}

// listedRun is a run and the source root that it is recorded in, if any.
type listedRun struct {
	run.Record
	root string
}

// once leaves out runs that were found a second time, as where one folder has
// two paths.
func once(runs []listedRun) []listedRun {
	type identity struct {
		id      string
		created int64
	}
	seen := map[identity]bool{}
	var out []listedRun
	for _, r := range runs {
		key := identity{r.ID, r.Created.UnixNano()}
		if !seen[key] {
			seen[key] = true
			out = append(out, r)
		}
	}
	return out
}

// recordsIn is the runs of one project, brought up to date.
func (a *app) recordsIn(ctx context.Context, root string) ([]run.Record, error) {
	s, err := a.sessionIn(root, nil)
	if err != nil {
		return nil, err
	}
	defer s.close()
	records, warnings := s.engine.Runs.List()
	a.printDiagnostics(warnings)
	for i, r := range records {
		fresh, err := s.engine.Refresh(ctx, r)
		if err != nil {
			a.say("warning: run %s: %v", r.ID, err)
			continue
		}
		records[i] = fresh
	}
	return records, nil
}

// onPlatform is the runs that a stack's platform knows.
func (a *app) onPlatform(ctx context.Context, c psCommand) ([]run.Record, error) {
	s, err := a.openSession(a.Dir, c.plugins...)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.engine.ListPlatform(ctx, c.request())
}

func (a *app) printRuns(runs []listedRun, projects bool) error {
	if a.flags.output == "json" {
		out := []psRun{}
		for _, r := range runs {
			p := asPS(r.Record)
			if projects {
				p.Project = r.root
			}
			out = append(out, p)
		}
		a.printJSON(out)
		return nil
	}
	if len(runs) == 0 {
		a.say("no runs yet; `stack run FLOW` starts one")
		return nil
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	project := func(string) string { return "" }
	if projects {
		project = func(text string) string { return text + "\t" }
	}
	fmt.Fprintf(w, "RUN\tFLOW\tSTACK\t%sSTATE\tSTARTED\tTOOK\tSTEPS\tWHY\n", project("PROJECT"))
	for _, r := range runs {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s%s\t%s\t%s\t%s\t%s\n", r.ID, r.Flow, r.Stack, project(dash(a.fromHome(r.root))), r.State,
			a.ago(begun(r.Record)), a.took(r.Record), stepCounts(r.Record), why(r.Record))
	}
	return w.Flush()
}

// fromHome is a path as people write it: with ~ for their home.
func (a *app) fromHome(path string) string {
	home := a.env("HOME")
	if rest, ok := strings.CutPrefix(path, home+"/"); ok && home != "" {
		return "~/" + rest
	}
	return path
}

// merge adds the runs that only the platform knows.
func merge(known []listedRun, elsewhere []run.Record) []listedRun {
	have := map[string]bool{}
	for _, r := range known {
		have[r.ID] = true
	}
	for _, r := range elsewhere {
		if !have[r.ID] {
			known = append(known, listedRun{Record: r})
		}
	}
	return known
}

// begun is when the platform accepted a run; for one that did not get there,
// when it was asked for.
func begun(r run.Record) *time.Time {
	if r.Started == nil && !r.Created.IsZero() {
		return &r.Created
	}
	return r.Started
}

func (a *app) ago(t *time.Time) string {
	if t == nil {
		return "-"
	}
	d := max(a.Now().Sub(*t), 0)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds ago", int(d.Seconds()))
	case d >= 48*time.Hour:
		return fmt.Sprintf("%dd%02dh ago", int(d.Hours())/24, int(d.Hours())%24)
	}
	return seconds(d) + " ago"
}

func (a *app) took(r run.Record) string {
	from := begun(r)
	if from == nil {
		return "-"
	}
	end := a.Now()
	if r.Ended != nil {
		end = *r.Ended
	}
	return seconds(end.Sub(*from))
}

// stepCounts is such as 3/4 for a run of four steps of which three succeeded.
func stepCounts(r run.Record) string {
	done := 0
	for _, s := range r.Steps {
		if s.State == sdk.StateSucceeded {
			done++
		}
	}
	return fmt.Sprintf("%d/%d", done, len(r.Steps))
}

// widestWhy is where the message of a run is cut.
const widestWhy = 60

// why is the reason of a run that did not succeed, and the step it lies with;
// where it lies with no step, such as a failed build, what the run says.
func why(r run.Record) string {
	if r.State == sdk.StateSucceeded || !r.State.Final() {
		return ""
	}
	for _, s := range r.Steps {
		if s.State == sdk.StateFailed && s.Reason != sdk.ReasonUpstream && s.Reason != sdk.ReasonHostLost {
			text := fmt.Sprintf("%s: %s", s.Name, s.Reason)
			if s.ExitCode != nil && s.Reason == sdk.ReasonExitCode {
				text += fmt.Sprintf(" %d", *s.ExitCode)
			}
			return text
		}
	}
	message, _, _ := strings.Cut(r.Message, "\n")
	if message == "" || message == string(r.State) {
		return string(r.Reason)
	}
	message = cut(diag.Printable(message), widestWhy)
	if r.Reason != sdk.ReasonNone {
		message = string(r.Reason) + ": " + message
	}
	return message
}
