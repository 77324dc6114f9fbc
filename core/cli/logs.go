package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/engine"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/sdk"
)

// logsCommand is the arguments of `stack logs`.
type logsCommand struct {
	run, step string
	attempt   int
	follow    bool
	tail      int
}

func newLogs(a *app) *cobra.Command {
	var c logsCommand
	cmd := &cobra.Command{
		Use:   "logs RUN",
		Short: "Print what a run's steps wrote",
		Long: `Prints what the steps of a run wrote, as they wrote it. With one step the bytes
are as they were, of its latest attempt or of the one that --attempt names. With
several every attempt is printed, and each line begins with its step's name.`,
		Example: "  stack logs churn-1124-120000-x7k2\n  stack logs churn-1124-120000-x7k2 --step train -f",
		Args:    arguments("RUN"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.run = args[0]
			return a.logs(cmd.Context(), c)
		},
	}
	f := cmd.Flags()
	f.StringVar(&c.step, "step", "", "only this `step`")
	f.IntVar(&c.attempt, "attempt", 0, "with --step: this `attempt`; the latest by default")
	f.BoolVarP(&c.follow, "follow", "f", false, "go on until the run or step has ended")
	f.IntVar(&c.tail, "tail", 0, "only the last `N` lines")
	return cmd
}

func (a *app) logs(ctx context.Context, c logsCommand) error {
	s, r, err := a.sessionOf(c.run)
	if err != nil {
		return err
	}
	defer s.close()
	if c.step != "" && r.Step(c.step) == nil {
		return unknownStep(r, c.step)
	}
	if c.attempt < 0 || c.tail < 0 {
		return diag.List{diag.New(diag.Usage, "--attempt and --tail take numbers from 0")}
	}
	if err := c.checkAttempt(r); err != nil {
		return err
	}
	req := sdk.LogsRequest{Step: c.step, Attempt: c.attempt, Follow: c.follow, Tail: c.tail}
	if c.step != "" && a.flags.output != "json" {
		return s.engine.RawLogs(ctx, r, req, a.Stdout)
	}
	out := jsonView{a.Stdout}
	return s.engine.Logs(ctx, r, req, func(e engine.Event) {
		if a.flags.output == "json" {
			out.Event(e)
			return
		}
		fmt.Fprintf(a.Stdout, "%s | %s\n", e.Step, e.Message)
	})
}

// checkAttempt refuses an attempt that there is not.
func (c logsCommand) checkAttempt(r run.Record) error {
	if c.attempt == 0 {
		return nil
	}
	if c.step == "" {
		return diag.List{diag.New(diag.Usage, "--attempt needs --step").Because("Without --step every attempt of every step is printed.")}
	}
	if had := r.Step(c.step).Attempt; r.State.Final() && c.attempt > had {
		return diag.List{diag.New(diag.Usage, "step %s of run %s has no attempt %d", c.step, r.ID, c.attempt).Because("It had %s.", number(had, "attempt"))}
	}
	return nil
}

// mostNamed is how many variants of a step an error names.
const mostNamed = 10

// unknownStep is a name that no step of the run has; a step with a matrix is
// there as its variants only.
func unknownStep(r run.Record, step string) error {
	var names, variants []string
	for _, s := range r.Steps {
		names = append(names, s.Name)
		if strings.HasPrefix(s.Name, step+"[") {
			variants = append(variants, s.Name)
		}
	}
	d := diag.New(diag.UnknownStep, "run %s has no step %q", r.ID, step).Try(diag.DidYouMean(step, names))
	if all := len(variants); all > 0 {
		more := ""
		if all > mostNamed {
			variants, more = variants[:mostNamed], fmt.Sprintf(" and %d more", all-mostNamed)
		}
		d = d.Because("It has a matrix; its variants are %s%s.", strings.Join(variants, ", "), more).
			Try(fmt.Sprintf("name one: --step '%s'", variants[0]))
	}
	return diag.List{d}
}
