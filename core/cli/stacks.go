package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/diag"
)

func newStacks(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "stacks",
		Short:   "List, show and check the stacks of stacks.hcl",
		Example: "  stack stacks list",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStacksList(a), newStacksShow(a), newStacksCheck(a))
	return cmd
}

func newStacksList(a *app) *cobra.Command {
	var where stackFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List the stacks", Args: arguments(),
		Example: "  stack stacks list\n  stack stacks list -o json",
		RunE:    func(*cobra.Command, []string) error { return a.stacksList(where) },
	}
	where.addFile(cmd)
	return cmd
}

// listedStack is a stack as `stack stacks list -o json` prints it.
type listedStack struct {
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Orchestrator string   `json:"orchestrator"`
	ImageBuilder string   `json:"image_builder"`
	Abstract     bool     `json:"abstract"`
	Default      bool     `json:"default"`
	Builtin      bool     `json:"builtin"`
	Inherits     []string `json:"inherits"`
	File         string   `json:"file"`
	Line         int      `json:"line"`
}

func (a *app) stacksList(where stackFlags) error {
	s, err := a.openSession(a.Dir)
	if err != nil {
		return err
	}
	defer s.close()
	file, list := s.engine.LoadStacks(where.request())
	if err := list.Err(); err != nil {
		return err
	}
	stacks, problems := file.ListStacks()
	if err := problems.Err(); err != nil {
		return err
	}
	a.printDiagnostics(append(list, problems...))
	out := []listedStack{}
	for _, st := range stacks {
		l := listedStack{Name: st.Name, Description: st.Description, Abstract: st.Abstract, Default: st.Default,
			Builtin: st.Builtin, Inherits: append([]string{}, st.Inherits...), File: st.Range.File, Line: st.Range.Line}
		for _, c := range st.Components {
			switch c.Kind {
			case "orchestrator":
				l.Orchestrator = c.Type
			case "image_builder":
				l.ImageBuilder = c.Type
			}
		}
		out = append(out, l)
	}
	if a.flags.output == "json" {
		a.printJSON(out)
		return nil
	}
	w := tabwriter.NewWriter(a.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "STACK\tORCHESTRATOR\tBUILDER\tINHERITS\tNOTES")
	for _, l := range out {
		var notes []string
		for _, n := range []struct {
			is   bool
			text string
		}{{l.Default, "default"}, {l.Abstract, "abstract"}, {l.Builtin, "built in"}} {
			if n.is {
				notes = append(notes, n.text)
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", l.Name, dash(l.Orchestrator), dash(l.ImageBuilder), dash(strings.Join(l.Inherits, ", ")), strings.Join(notes, ", "))
	}
	return w.Flush()
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func newStacksShow(a *app) *cobra.Command {
	var where stackFlags
	cmd := &cobra.Command{
		Use: "show NAME", Short: "Show a stack with everything that it inherits", Args: arguments("NAME"),
		Example: "  stack stacks show docker",
		RunE: func(_ *cobra.Command, args []string) error {
			where.stack = args[0]
			return a.stacksShow(where)
		},
	}
	where.addFile(cmd)
	return cmd
}

func (a *app) stacksShow(where stackFlags) error {
	s, err := a.openSession(a.Dir)
	if err != nil {
		return err
	}
	defer s.close()
	st, list := s.engine.StackOf(where.request())
	if err := list.Err(); err != nil {
		return err
	}
	a.printDiagnostics(list)
	out := map[string]any{"name": st.Name, "file": st.Range.File, "line": st.Range.Line}
	for _, c := range st.Components() {
		block := map[string]any{"settings": st.Shown(c)}
		if c.Type != "" {
			block["type"] = c.Type
		}
		out[c.Kind] = block
	}
	defaults := []any{}
	for _, d := range st.Defaults {
		defaults = append(defaults, st.Redact(d, nil).Plain())
	}
	out["defaults"] = defaults
	if a.flags.output == "json" {
		a.printJSON(out)
		return nil
	}
	fmt.Fprintf(a.Stdout, "stack %s   %s\n", st.Name, st.Range)
	for _, c := range st.Components() {
		data, err := json.Marshal(st.Shown(c))
		if err != nil {
			return err
		}
		fmt.Fprintf(a.Stdout, "  %-24s %s   %s\n", c.String(), data, c.Range)
	}
	for _, d := range st.Defaults {
		data, err := json.Marshal(st.Redact(d, nil).Plain())
		if err != nil {
			return err
		}
		fmt.Fprintf(a.Stdout, "  %-24s %s   %s\n", "defaults", data, d.Range)
	}
	return nil
}

func newStacksCheck(a *app) *cobra.Command {
	var where stackFlags
	cmd := &cobra.Command{
		Use: "check NAME", Short: "Check a stack against the schemas of its plugins", Args: arguments("NAME"),
		Long: `Checks every block of the stack, against the schema that its own plugin or
builder declares. Uses no network beyond what the plugin needs to look at its
configuration.`,
		Example: "  stack stacks check docker",
		RunE: func(cmd *cobra.Command, args []string) error {
			where.stack = args[0]
			return a.stacksCheck(cmd.Context(), where)
		},
	}
	where.addFile(cmd)
	return cmd
}

func (a *app) stacksCheck(ctx context.Context, where stackFlags) error {
	s, err := a.openSession(a.Dir, where.plugins...)
	if err != nil {
		return err
	}
	defer s.close()
	list, err := s.engine.CheckStack(ctx, where.request())
	if err != nil {
		return err
	}
	if err := list.Err(); err != nil {
		return err
	}
	if a.flags.output == "json" {
		if list == nil {
			list = diag.List{}
		}
		a.printJSON(map[string]any{"diagnostics": list})
		return nil
	}
	a.printDiagnostics(list)
	fmt.Fprintf(a.Stdout, "stack %s is valid\n", where.stack)
	return nil
}
