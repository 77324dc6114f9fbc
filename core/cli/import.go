package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/migration"
	"github.com/stackrun/stack/core/requirement"
	"github.com/stackrun/stack/core/run"
)

// importOptions is what `stack import` is asked.
type importOptions struct {
	system, config string
	out, name      string
	force          bool
}

func newImport(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Write a flow.yaml from another system's configuration",
		Long: `Reads what was written for another system and writes the flow.yaml that says the
same, with a report of every setting: carried over, carried over with another
meaning, not carried over and why, and what is left to do.`,
		Example: "  stack import zenml config.yaml",
		Args:    importArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usage(cmd, "SYSTEM is missing: zenml or kitaru")
		},
	}
	cmd.AddCommand(
		a.newImportOf("zenml", "Write a flow.yaml from a run configuration of ZenML",
			`CONFIG is the YAML file that a pipeline of ZenML is run with: settings, steps,
parameters. The steps' code is not in it, so each step is written with a command
that fails until you replace it; the flow can be planned and built at once.`,
			"  stack import zenml config.yaml\n  stack import zenml configs/train.yaml -O flow.yaml --name churn"),
		a.newImportOf("kitaru", "Write a flow.yaml from a configuration of Kitaru",
			`CONFIG is a pyproject.toml with [tool.kitaru], or a YAML or JSON file with what
KITARU_IMAGE takes. The flow gets one step, with a command that fails until you
replace it; it can be planned and built at once.`,
			"  stack import kitaru pyproject.toml\n  stack import kitaru image.json -O flow.yaml"))
	return cmd
}

// importArguments refuses systems that nothing is read of.
func importArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 && (args[0] == "flyte" || args[0] == "flytekit" || args[0] == "kinetic") {
		return diag.List{diag.New(diag.Usage, "there is nothing of %s to read: its images are written in Python", args[0]).
			Try("docs/from-" + strings.TrimSuffix(args[0], "kit") + ".md has each call and what it is called here")}
	}
	if len(args) == 0 {
		return nil
	}
	d := diag.New(diag.Usage, "stack cannot read what was written for %q", args[0]).Try(diag.DidYouMean(args[0], []string{"zenml", "kitaru"}))
	if d.Suggestion == "" {
		d = d.Try("it can read what was written for zenml or kitaru, such as `stack import zenml config.yaml`")
	}
	return diag.List{d}
}

// newImportOf is `stack import SYSTEM`.
func (a *app) newImportOf(system, short, long, example string) *cobra.Command {
	o := importOptions{system: system}
	cmd := &cobra.Command{
		Use: system + " CONFIG", Short: short, Long: long, Example: example,
		Args: arguments("CONFIG"),
		RunE: func(_ *cobra.Command, args []string) error {
			o.config = args[0]
			return a.importFlow(o)
		},
	}
	cmd.Flags().StringVarP(&o.out, "out", "O", "flow.yaml", "write the flow to this `file`, which must be new")
	cmd.Flags().StringVar(&o.name, "name", "", "name of the flow; from CONFIG by default")
	cmd.Flags().BoolVar(&o.force, "force", false, "replace the file if it exists")
	return cmd
}

// importFlow reads a configuration, writes the flow and says what became of it.
func (a *app) importFlow(o importOptions) error {
	if err := a.mayHoldFlow(o); err != nil {
		return err
	}
	data, err := a.readFile(o.config)
	if errors.Is(err, fs.ErrNotExist) {
		return diag.Fail(diag.FileNotFound, fmt.Errorf("%s does not exist", o.config), "")
	}
	if err != nil {
		return diag.Fail(diag.FileUnreadable, fmt.Errorf("read %s: %w", o.config, err), "")
	}
	read := map[string]func(string, []byte, migration.Options) (migration.Result, diag.List){"zenml": migration.ZenML, "kitaru": migration.Kitaru}[o.system]
	result, list := read(o.config, data, migration.Options{
		Name:    o.name,
		Default: defaultName(a.path(o.config)),
		Command: "stack import " + o.system + " " + o.config,
		Out:     o.out,
	})
	if err := list.Err(); err != nil {
		return err
	}
	if err := run.WriteFile(a.path(o.out), result.Flow); err != nil {
		return diag.Fail(diag.DiskFull, fmt.Errorf("write %s: %w", o.out, err), "")
	}
	if requirement.Redacted(string(data)) != string(data) && strings.HasPrefix(a.path(o.config), filepath.Dir(a.path(o.out))+string(filepath.Separator)) {
		result.Notes = append(result.Notes, migration.Note{Kind: migration.ToDo,
			Detail: o.config + " still holds credentials, and what lies beside the flow is copied into images: delete it, or name it in .dockerignore"})
	}
	if a.flags.output == "json" {
		a.printJSON(importJSON(o, result, list))
		return nil
	}
	a.printDiagnostics(list)
	writeReport(a.Stdout, result)
	a.say("wrote %s", a.shown(a.path(o.out)))
	return nil
}

// mayHoldFlow refuses to write over a file that is there.
func (a *app) mayHoldFlow(o importOptions) error {
	info, err := os.Stat(a.path(o.out))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return diag.Fail(diag.FileUnreadable, fmt.Errorf("look at %s: %w", o.out, err), "name another file with -O")
	case info.IsDir():
		return diag.List{diag.New(diag.Usage, "%s is a folder", o.out).Try("name a file with -O")}
	case !o.force:
		return diag.List{diag.New(diag.Usage, "%s exists already", o.out).Try("name another file with -O, or add --force to replace it")}
	}
	return nil
}

// defaultName is what a flow is named after: its configuration's file, or the
// folder of one whose name says nothing.
func defaultName(path string) string {
	stem := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	switch stem {
	case "", "config", "configuration", "pyproject", "run", "pipeline", "image", "kitaru", "zenml":
		return filepath.Base(filepath.Dir(path))
	}
	return stem
}
