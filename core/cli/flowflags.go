package cli

import (
	"github.com/spf13/cobra"

	"github.com/stackrun/stack/core/engine"
)

// stackFlags choose a stack.
type stackFlags struct {
	stack, file string
	vars        []string
	plugins     []string
}

func (f *stackFlags) add(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVarP(&f.stack, "stack", "s", "", "the `stack` to use; STACK_STACK or default_stack otherwise")
	f.addFile(cmd)
}

// addFile adds the flags of commands that are about all stacks of a file.
func (f *stackFlags) addFile(cmd *cobra.Command) {
	s := cmd.Flags()
	s.StringVar(&f.file, "file", "", "the stacks `file`; stacks.hcl of the flow's folder or one above it otherwise")
	s.StringArrayVar(&f.vars, "var", nil, "set a variable of the stacks file: `name=value`")
	s.StringArrayVar(&f.plugins, "plugin", nil, "use this plugin: `name=path`")
}

func (f stackFlags) request() engine.Target {
	return engine.Target{Stack: f.stack, StackFile: f.file, Vars: f.vars}
}

// flowFlags say which flow, with which settings, on which stack.
type flowFlags struct {
	stackFlags
	flow   string
	params []string
	set    []string
	build  *string // nil where the flag is not given, or the command has none
}

func (f *flowFlags) add(cmd *cobra.Command) {
	f.stackFlags.add(cmd)
	s := cmd.Flags()
	s.StringArrayVarP(&f.params, "param", "p", nil, "set a parameter of the flow: `name=value`")
	s.StringArrayVar(&f.set, "set", nil, "override a setting: `path=value`, such as steps.train.resources.accelerator=l4; the value is YAML")
}

func (f flowFlags) request() engine.Request {
	t := f.stackFlags.request()
	t.FlowFile = f.flow
	return engine.Request{Target: t, Params: f.params, Set: f.set, Build: f.build}
}

// addBuild adds the flag of commands that can use the images of a build.
func (f *flowFlags) addBuild(cmd *cobra.Command) {
	cmd.Flags().Var(&textOrNil{&f.build}, "build", "use the images of the build `ID` as they are; empty: build them, whatever the flow names")
}

// textOrNil is a flag that tells an empty text from none.
type textOrNil struct{ to **string }

func (t *textOrNil) Set(text string) error { *t.to = &text; return nil }
func (t *textOrNil) Type() string          { return "ID" }
func (t *textOrNil) String() string {
	if t.to == nil || *t.to == nil {
		return ""
	}
	return **t.to
}
