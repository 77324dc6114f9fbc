package cli

import (
	"bufio"
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
)

// keptByDefault is how many builds of a flow and stack stay where nothing else
// is said.
const keptByDefault = 10

// buildsPrune is the arguments of `stack builds prune`.
type buildsPrune struct {
	buildsFilter
	keep      int
	olderThan time.Duration
	used      bool
	dryRun    bool
}

func newBuildsPrune(a *app) *cobra.Command {
	var c buildsPrune
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Remove the records of old builds",
		Long: fmt.Sprintf(`Removes records of builds of the project that the working directory is in: those
beyond the newest --keep of each flow and stack that are older than --older-than.
Without either the newest %d stay. The latest build of each flow and stack always
stays, and so does one that a recorded run used or a flow names, unless --used is
given. What would be removed is listed, and on a terminal it asks; elsewhere it
needs --yes.

Images are left alone: to collect them is the registry's, or the engine's.`, keptByDefault),
		Example: `  stack builds prune --dry-run
  stack builds prune --keep 5 --older-than 720h -y`,
		Args: arguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notNegative("--older-than", c.olderThan); err != nil {
				return err
			}
			keep := cmd.Flags().Changed("keep")
			if keep && c.keep < 1 {
				return diag.List{diag.New(diag.Usage, "--keep cannot be %d", c.keep).Because("The latest build always stays, so it is 1 at least.")}
			}
			if !keep && cmd.Flags().Changed("older-than") {
				c.keep = 1
			}
			return a.buildsPrune(cmd.Context(), c)
		},
	}
	c.add(cmd)
	f := cmd.Flags()
	f.IntVar(&c.keep, "keep", keptByDefault, "the newest `N` of each flow and stack stay; 1 with --older-than")
	f.DurationVar(&c.olderThan, "older-than", 0, "builds younger than this `time` stay, such as 720h")
	f.BoolVar(&c.used, "used", false, "remove builds that runs used or flows name, too")
	f.BoolVar(&c.dryRun, "dry-run", false, "only say what would be removed")
	return cmd
}

// prunedBuild is a build as `stack builds prune -o json` prints it.
type prunedBuild struct {
	Build   string    `json:"build"`
	Flow    string    `json:"flow"`
	Stack   string    `json:"stack"`
	Created time.Time `json:"created"`
	Reason  string    `json:"reason,omitempty"` // why it stays
}

func pruned(r build.Record, why string) prunedBuild {
	return prunedBuild{r.ID, r.Flow, r.Stack, r.Created, why}
}

func (a *app) buildsPrune(ctx context.Context, c buildsPrune) error {
	s, err := a.openSession(a.Dir)
	if err != nil {
		return err
	}
	defer s.close()
	records, warnings := s.engine.Builds()
	keep := build.Keep{Newest: c.keep, OlderThan: c.olderThan, Now: a.Now()}
	if !c.used {
		uses, unread := s.engine.BuildUses()
		warnings = append(warnings, unread...)
		keep.Used = func(id string) string { return uses[id] }
	}
	a.printDiagnostics(warnings)
	var chosen []build.Record
	for _, r := range records {
		if c.has(r) {
			chosen = append(chosen, r)
		}
	}
	gone, kept := build.Prunable(chosen, keep)
	if may, err := a.mayPrune(ctx, gone, kept, c); !may {
		return err
	}
	if !c.dryRun {
		for _, r := range gone {
			if err := s.engine.RemoveBuild(r.ID); err != nil {
				return err
			}
		}
	}
	a.printPruned(gone, kept, c)
	return nil
}

// mayPrune shows what would go and asks.
func (a *app) mayPrune(ctx context.Context, gone []build.Record, kept []build.Kept, c buildsPrune) (bool, error) {
	if len(gone) == 0 || c.dryRun || a.flags.yes {
		return true, nil
	}
	if a.flags.output == "json" || !isTerminal(a.Stdin) || !isTerminal(a.Stderr) {
		return false, diag.List{diag.New(diag.Usage, "nobody can be asked whether to remove %s", number(len(gone), "build")).
			Try("give --yes to remove them, or --dry-run to see them")}
	}
	a.printPruned(gone, kept, buildsPrune{dryRun: true})
	fmt.Fprintf(a.Stderr, "remove %s? [y/N] ", number(len(gone), "build"))
	answer := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.Stdin).ReadString('\n') // the end of input is no
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		return false, ctx.Err()
	case text := <-answer:
		if text == "y" || text == "yes" {
			return true, nil
		}
	}
	a.say("nothing was removed")
	return false, nil
}

func (a *app) printPruned(gone []build.Record, kept []build.Kept, c buildsPrune) {
	if a.flags.output == "json" {
		removed, stay := []prunedBuild{}, []prunedBuild{}
		for _, r := range gone {
			removed = append(removed, pruned(r, ""))
		}
		for _, k := range kept {
			stay = append(stay, pruned(k.Record, k.Why))
		}
		a.printJSON(struct {
			Removed []prunedBuild `json:"removed"`
			Kept    []prunedBuild `json:"kept"`
			DryRun  bool          `json:"dry_run"`
		}{removed, stay, c.dryRun})
		return
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	word := "removed"
	if c.dryRun {
		word = "remove"
	}
	for _, r := range gone {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t\n", word, r.ID, r.Flow, r.Stack, a.ago(&r.Created))
	}
	for _, k := range kept {
		fmt.Fprintf(w, "keep\t%s\t%s\t%s\t%s\t%s\n", k.Record.ID, k.Record.Flow, k.Record.Stack, a.ago(&k.Record.Created), k.Why)
	}
	_ = w.Flush() // as every other print to standard output
	if len(gone) == 0 {
		a.say("no builds to remove")
	}
}
