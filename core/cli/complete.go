package cli

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/run"
	"github.com/stackrun/stack/core/sbom"
)

// What shells offer when Tab is pressed. Nothing here starts a plugin or uses a
// network, and nothing fails: what cannot be read offers nothing.

// offer is one function of cobra's for a flag or an argument.
type offer = func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective)

// complete adds to a command, and to those below it, what can be offered for
// its flags and arguments.
func (a *app) complete(cmd *cobra.Command) {
	for flag, o := range map[string]offer{
		"output": fixed("text", "json"), "progress": fixed("auto", "plain", "none"), "sbom": fixed(sbom.Formats()...), "stack": a.offerStacks,
		"param": a.offerParams, "step": a.offerSteps, "file": files("hcl"), "out": files("json"), "build": a.offerBuilds,
	} {
		if cmd.LocalFlags().Lookup(flag) != nil {
			// It fails where the flag is missing or has one already.
			_ = cmd.RegisterFlagCompletionFunc(flag, o)
		}
	}
	_, arguments, _ := strings.Cut(cmd.Use, " ")
	switch arguments {
	case "FLOW", "FLOW [PATH]":
		cmd.ValidArgsFunction = first(files("yaml", "yml", "json"))
	case "BUILD":
		cmd.ValidArgsFunction = first(a.offerBuilds)
	case "BUILD OTHER":
		cmd.ValidArgsFunction = a.offerBuilds
	case "RUN":
		cmd.ValidArgsFunction = first(a.offerRuns)
	case "NAME":
		cmd.ValidArgsFunction = first(a.offerStacks)
	}
	for _, below := range cmd.Commands() {
		a.complete(below)
	}
}

// first offers o for the first argument and nothing for others.
func first(o offer) offer {
	return func(cmd *cobra.Command, args []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return o(cmd, args, begun)
	}
}

func fixed(words ...string) offer {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

func files(extensions ...string) offer {
	return func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return extensions, cobra.ShellCompDirectiveFilterFileExt
	}
}

// offerStacks is the stacks that can be run on, of the flow's or the working
// directory's stacks file.
func (a *app) offerStacks(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	where := stackFlags{file: flagText(cmd, "file")}
	target := where.request()
	if strings.Contains(cmd.Use, "FLOW") && len(args) > 0 {
		target.FlowFile = args[0]
	}
	s, err := a.openSession(a.Dir)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	defer s.close()
	file, list := s.engine.LoadStacks(target)
	if file == nil || list.HasErrors() {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	stacks, _ := file.ListStacks() // mistakes are told when it is used
	for _, st := range stacks {
		if !st.Abstract {
			out = append(out, cobra.CompletionWithDesc(st.Name, st.Description))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// mostOffered is how many runs are offered; more help nobody.
const mostOffered = 100

// offerRuns is the ids of runs of the project here and of those below, by name:
// the records are not read.
func (a *app) offerRuns(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
	roots, err := a.projects(false)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for _, root := range roots {
		entries, _ := os.ReadDir(filepath.Join(root, ".stack", "runs")) // none is no runs
		for _, e := range entries {
			if e.IsDir() && run.CheckID(e.Name()) == nil && len(out) < mostOffered {
				out = append(out, e.Name())
			}
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// offerBuilds is the ids of builds of the project here and of those below, the
// newest first, by name: the records are not read.
func (a *app) offerBuilds(cmd *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	roots, err := a.projects(false)
	if err != nil || len(args) > 1 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for _, root := range roots {
		for _, id := range slices.Backward(build.Records{Dir: filepath.Join(root, ".stack", "builds")}.IDs()) {
			if len(out) < mostOffered {
				out = append(out, id)
			}
		}
	}
	if cmd.Name() == "diff" && len(args) == 1 {
		return out, cobra.ShellCompDirectiveDefault | cobra.ShellCompDirectiveKeepOrder // or a flow
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}

// offerSteps is the steps of the run that the command names.
func (a *app) offerSteps(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	roots, err := a.projects(false)
	if err != nil || len(args) == 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var out []cobra.Completion
	for _, root := range roots {
		store := run.Store{Dir: filepath.Join(root, ".stack", "runs")}
		if _, err := os.Stat(filepath.Join(store.Path(args[0]), "record.json")); err != nil || run.CheckID(args[0]) != nil {
			continue
		}
		r, err := store.Load(args[0])
		if err != nil {
			continue
		}
		for _, s := range r.Steps {
			out = append(out, s.Name)
		}
		break
	}
	return out, cobra.ShellCompDirectiveNoFileComp
}

// offerParams is the parameters of the flow that the command names.
func (a *app) offerParams(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	none := cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	if len(args) == 0 {
		return nil, none
	}
	info, err := os.Stat(a.path(args[0]))
	if err != nil || !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return nil, none
	}
	data, err := a.readFile(args[0])
	if err != nil || looksLikePlan(data) {
		return nil, none
	}
	f, _ := flow.Parse(args[0], data) // with mistakes in it there is none
	if f == nil {
		return nil, none
	}
	var out []cobra.Completion
	for _, p := range f.Params {
		out = append(out, p.Name+"=")
	}
	return out, none
}

// flagText is a flag's value so far, or empty.
func flagText(cmd *cobra.Command, name string) string {
	if f := cmd.Flags().Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
