package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/stackrun/stack/core/diag"
)

// commonFlags are the flags that every command has.
type commonFlags struct {
	output   string // text or json
	progress string // auto, plain or none
	noColor  bool
	yes      bool
}

const rootHelp = `stack runs one flow on any accelerator you have.

A flow (flow.yaml) is a graph of containerised steps. A stack (stacks.hcl) says
where they run and where their images are kept. stack resolves the settings,
builds the images that are missing, and submits the flow once.

  stack init                            begin a project
  stack plan flow.yaml --stack docker   show exactly what would run, and why
  stack run  flow.yaml --stack docker   run it
  stack ps                              what ran, and how it ended

Exit status: 0 fine, 1 internal, 2 usage or configuration, 3 authentication,
4 not found, 5 build or registry, 6 cannot be placed, 7 run failed,
8 cancelled, 9 timed out waiting, 10 stale plan, 130 interrupted.`

// Commands is the command tree, for those who look at it rather than run it.
func Commands(p Program) *cobra.Command { return newRoot(&app{Program: p}) }

// newRoot is the whole command tree.
func newRoot(a *app) *cobra.Command {
	version := false
	root := &cobra.Command{
		Use:           "stack",
		Short:         "Run one flow on any accelerator you have",
		Long:          rootHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noArguments,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return a.flags.check()
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if version {
				return a.version()
			}
			return cmd.Help()
		},
	}
	root.Flags().BoolVar(&version, "version", false, "print the version")
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetIn(a.Stdin)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if asksForJSON(a.Args) { // after the mistake, so not read yet
			a.flags.output = "json"
		}
		return flagError(cmd, err)
	})
	root.CompletionOptions.DisableDefaultCmd = true
	f := root.PersistentFlags()
	f.StringVarP(&a.flags.output, "output", "o", "text", "print results as `text|json`; JSON goes to standard output alone")
	f.StringVar(&a.flags.progress, "progress", "auto", "show progress as `auto|plain|none`; none still says a run's id and end")
	f.BoolVar(&a.flags.noColor, "no-color", false, "use no colour")
	f.BoolVarP(&a.flags.yes, "yes", "y", false, "answer yes to what a command asks before it removes something")
	root.AddGroup(
		&cobra.Group{ID: "flow", Title: "Flows:"},
		&cobra.Group{ID: "run", Title: "Runs:"},
		&cobra.Group{ID: "stack", Title: "Stacks and this machine:"})
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("flow", newInit(a), newImport(a), newValidate(a), newPlan(a), newExplain(a), newBuild(a), newBuilds(a), newRun(a))
	add("run", newPS(a), newWatch(a), newLogs(a), newCancel(a))
	add("stack", newStacks(a), newDoctor(a), newSchema(a), newCompletion(a), newVersion(a))
	a.complete(root)
	return root
}

func (f commonFlags) check() error {
	if err := oneOf("--output", f.output, "text", "json"); err != nil {
		return err
	}
	return oneOf("--progress", f.progress, "auto", "plain", "none")
}

// oneOf refuses a flag's value that is not allowed.
func oneOf(flag, value string, allowed ...string) error {
	for _, a := range allowed {
		if value == a {
			return nil
		}
	}
	return diag.List{diag.New(diag.Usage, "%s cannot be %q", flag, value).
		Because("Allowed: %s.", strings.Join(allowed, ", ")).Try(diag.DidYouMean(value, allowed))}
}

// notNegative refuses a time that cannot be waited for.
func notNegative(flag string, d time.Duration) error {
	if d < 0 {
		return diag.List{diag.New(diag.Usage, "%s cannot be %s", flag, d).Because("Times go from 0s on.")}
	}
	return nil
}

// usage is a wrong command line.
func usage(cmd *cobra.Command, format string, args ...any) error {
	return diag.List{diag.New(diag.Usage, format, args...).Try(fmt.Sprintf("see `%s --help`", cmd.CommandPath()))}
}

// asksForJSON reports whether -o json is anywhere among the arguments.
func asksForJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "--":
			return false
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			if i+1 < len(args) && args[i+1] == "json" {
				return true
			}
		}
	}
	return false
}

func flagError(cmd *cobra.Command, err error) error {
	d := diag.New(diag.Usage, "%s", err.Error()).Try(fmt.Sprintf("see `%s --help`", cmd.CommandPath()))
	if name, ok := strings.CutPrefix(err.Error(), "unknown flag: --"); ok {
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
		if near := diag.Nearest(name, names); near != "" {
			d = d.Try(fmt.Sprintf("did you mean \"--%s\"?", near))
		}
	}
	return diag.List{d}
}

// arguments is a check for the exact number of arguments, by their names.
func arguments(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return usage(cmd, "%s is missing", names[len(args)])
		}
		if len(args) > len(names) {
			return usage(cmd, "unexpected argument %q", args[len(names)])
		}
		return nil
	}
}

// flowArgument is a check for FLOW alone, which says where one is.
func (a *app) flowArgument() cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			if _, err := os.Stat(a.path("flow.yaml")); err == nil {
				return diag.List{diag.New(diag.Usage, "FLOW is missing").Try(fmt.Sprintf("flow.yaml is here: `%s flow.yaml`", cmd.CommandPath()))}
			}
		}
		return arguments("FLOW")(cmd, args)
	}
}

// noArguments refuses arguments; at the root they are a misspelt command.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return usage(cmd, "unexpected argument %q", args[0])
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	d := diag.New(diag.Usage, "unknown command %q", args[0]).Try(diag.DidYouMean(args[0], names))
	if later, ok := laterCommands()[args[0]]; ok && cmd.Parent() == nil {
		d = diag.New(diag.NotBuiltYet, "command %q is not in this version", args[0]).Try(later)
	}
	return diag.List{d}
}

// laterCommands is commands that documents about stack name and that this
// version does not have, with what serves until then.
func laterCommands() map[string]string {
	return map[string]string{
		"build-image":  "prebuilt bases come with mode prebuilt; use mode bundled",
		"retry":        "run the flow again: images are reused",
		"open":         "`stack ps -o json` has the address of a run",
		"outputs":      "outputs are below .stack/store/runs/RUN",
		"plugins":      "put stack-orchestrator-NAME beside the stack binary, or pass --plugin NAME=PATH",
		"schedules":    "use cron with `stack run`",
		"accelerators": "docs/resources.md lists the accelerators",
		"fmt":          "write the file by hand",
	}
}
