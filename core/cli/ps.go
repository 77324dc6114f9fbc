package cli

import (
	"context"
	"fmt"
	"sort"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

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
		Reason: r.Reason, Message: r.Message, URL: r.URL, Code: r.Code, Steps: []psStep{}}
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
asked too, so that runs started elsewhere are found.`,
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
	var records []run.Record
	for _, root := range roots {
		found, err := a.recordsIn(ctx, root)
		if err != nil {
			return err
		}
		records = append(records, found...)
	}
	if c.ask {
		elsewhere, err := a.onPlatform(ctx, c)
		if err != nil {
			return err
		}
		records = merge(records, elsewhere)
	}
	sort.SliceStable(records, func(i, j int) bool { return records[i].Created.After(records[j].Created) })
	return a.printRuns(records)
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

func (a *app) printRuns(records []run.Record) error {
	if a.flags.output == "json" {
		out := []psRun{}
		for _, r := range records {
			out = append(out, asPS(r))
		}
		a.printJSON(out)
		return nil
	}
	if len(records) == 0 {
		a.say("no runs yet; `stack run FLOW` starts one")
		return nil
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "RUN\tFLOW\tSTACK\tSTATE\tSTARTED\tTOOK\tSTEPS\tWHY")
	for _, r := range records {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Flow, r.Stack, r.State,
			a.ago(r.Started), a.took(r), stepCounts(r), why(r))
	}
	return w.Flush()
}

// merge adds the runs that only the platform knows.
func merge(known, elsewhere []run.Record) []run.Record {
	have := map[string]bool{}
	for _, r := range known {
		have[r.ID] = true
	}
	for _, r := range elsewhere {
		if !have[r.ID] {
			known = append(known, r)
		}
	}
	return known
}

func (a *app) ago(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return seconds(a.Now().Sub(*t).Round(time.Second)) + " ago"
}

func (a *app) took(r run.Record) string {
	if r.Started == nil {
		return "-"
	}
	end := a.Now()
	if r.Ended != nil {
		end = *r.Ended
	}
	return seconds(end.Sub(*r.Started))
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

// why is the reason of a run that did not succeed, and the step it lies with.
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
	return string(r.Reason)
}
