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
	return engine.Request{Target: t, Params: f.params, Set: f.set}
}
