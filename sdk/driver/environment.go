package driver

import (
	"strconv"

	"github.com/stackrun/stack/sdk"
)

// Paths says where an attempt finds its inputs and outputs.
type Paths struct {
	Input  func(name string) string
	Output func(name string) string
}

// Command is the step's argv with paths filled in.
func (a Attempt) Command(p Paths) []string {
	argv := make([]string, len(a.Step.Command))
	for i, word := range a.Step.Command {
		argv[i] = sdk.Expand(word, a.Step, p.Input, p.Output)
	}
	return argv
}

// Environment is the step's variables in the order to be set: those of the
// step, then the ones that every step has.
func (a Attempt) Environment(p Paths) []sdk.EnvVar {
	out := make([]sdk.EnvVar, 0, len(a.Step.Environment)+8)
	for _, v := range a.Step.Environment {
		out = append(out, sdk.EnvVar{Name: v.Name, Value: sdk.Expand(v.Value, a.Step, p.Input, p.Output)})
	}
	out = append(out,
		sdk.EnvVar{Name: "STACK_RUN_ID", Value: a.RunID},
		sdk.EnvVar{Name: "STACK_FLOW", Value: a.Flow},
		sdk.EnvVar{Name: "STACK_STEP", Value: a.Step.Name},
		sdk.EnvVar{Name: "STACK_ATTEMPT", Value: strconv.Itoa(a.Number)},
	)
	for _, in := range a.Step.Inputs {
		out = append(out, sdk.EnvVar{Name: "STACK_INPUT_" + sdk.Variable(in.Name), Value: p.Input(in.Name)})
	}
	for _, o := range a.Step.Outputs {
		out = append(out, sdk.EnvVar{Name: "STACK_OUTPUT_" + sdk.Variable(o.Name), Value: p.Output(o.Name)})
	}
	return out
}
