package flow

import (
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// Graph is a flow's concrete steps.
type Graph struct {
	Params []ParamValue
	Steps  []Node // every step after those it needs
}

// Node is a concrete step: a step, or one variant of a matrix.
type Node struct {
	Name  string // train, or train[lr=0.1,depth=3]
	Group string // train
	Range diag.Range
	// MaxParallel is how many of the group may run at once; 0 is no limit.
	MaxParallel int
	Needs       []string
	When        sdk.When
	Inputs      []sdk.Input
	Outputs     []sdk.Output
	// Command has sdk.InputReference and sdk.OutputReference where paths go.
	Command []string
	// Environment is STACK_PARAM_x and STACK_MATRIX_x. Paths are added where
	// the step runs.
	Environment []sdk.EnvVar
	Matrix      []MatrixValue
	// Settings and FlowSettings are two layers: what the step says and what
	// the flow says for all, with expressions filled in; nil is nothing.
	Settings     *settings.Value
	FlowSettings *settings.Value
}

// MatrixValue is the value of one axis.
type MatrixValue struct {
	Name, Text string
	Type       settings.ScalarType
}

// Expand fills in parameters, of which overrides ("name=value") change some,
// and multiplies matrix steps. The Graph is nil when the list has errors.
func Expand(f *Flow, overrides []string) (*Graph, diag.List) {
	params, list := f.ParseParams(overrides)
	if list.HasErrors() {
		return nil, list
	}
	sorted, circle := order(f.Steps)
	if circle != nil { // only a Flow that Parse did not make
		return nil, append(list, diag.New(diag.Cycle, "steps need each other in a circle: %s", strings.Join(circle, " → ")))
	}
	variants := map[string][]variant{}
	for i := range f.Steps {
		variants[f.Steps[i].Name] = f.Steps[i].multiply()
	}
	shared, problems := filler{params: params}.tree(f.Settings, nil)
	list = append(list, problems...)
	g := &Graph{Params: params}
	for _, i := range sorted {
		nodes, problems := f.Steps[i].nodes(params, variants)
		list = append(list, problems...)
		for _, n := range nodes {
			n.FlowSettings = shared
			g.Steps = append(g.Steps, n)
		}
	}
	if list.HasErrors() {
		return nil, list
	}
	return g, list
}

// nodes is the concrete steps of s.
func (s *Step) nodes(params []ParamValue, variants map[string][]variant) ([]Node, diag.List) {
	var list diag.List
	needs := []string{}
	for _, need := range s.Needs {
		for _, v := range variants[need] {
			needs = append(needs, v.name)
		}
	}
	inputs := []sdk.Input{}
	for _, in := range s.Inputs {
		out := sdk.Input{Name: in.Name}
		for _, v := range variants[in.Step] {
			out.Many = out.Many || len(v.values) > 0
			out.Sources = append(out.Sources, sdk.Source{Step: v.name, Output: in.Output, Entry: v.entry})
		}
		inputs = append(inputs, out)
	}
	var nodes []Node
	for _, v := range variants[s.Name] {
		fill := filler{params: params, matrix: v.values, step: s}
		n := Node{Name: v.name, Group: s.Name, Range: s.Range, MaxParallel: s.MaxParallel, When: s.When, Matrix: v.values,
			// Nodes are values of their own: one may be changed without others.
			Needs: slices.Clone(needs), Inputs: slices.Clone(inputs), Outputs: slices.Clone(s.Outputs), Environment: fill.environment()}
		var problems diag.List
		n.Command, problems = fill.command()
		list = append(list, problems...)
		n.Settings, problems = fill.tree(s.Settings, nil)
		list = append(list, problems...)
		nodes = append(nodes, n)
	}
	return nodes, list
}

// variant is one combination of a step's matrix.
type variant struct {
	name   string
	entry  string // in the folder of an input
	values []MatrixValue
}

// multiply is every combination, the last axis changing fastest.
func (s *Step) multiply() []variant {
	if len(s.Matrix) == 0 {
		return []variant{{name: s.Name}}
	}
	all := [][]MatrixValue{nil}
	for _, axis := range s.Matrix {
		var next [][]MatrixValue
		for _, before := range all {
			for _, v := range axis.Values {
				next = append(next, append(before[:len(before):len(before)], MatrixValue{axis.Name, v.Text, v.Type}))
			}
		}
		all = next
	}
	out := make([]variant, len(all))
	for i, values := range all {
		words := make([]string, len(values))
		for k, v := range values {
			words[k] = v.Name + "=" + plain(v.Text)
		}
		out[i] = variant{name: s.Name + "[" + strings.Join(words, ",") + "]", values: values}
	}
	entries(out)
	return out
}

// plain is text as it stands in a variant's name: quoted where it could be
// taken for more than one value.
func plain(text string) string {
	for _, c := range text {
		if !unicode.IsLetter(c) && !unicode.IsDigit(c) && !strings.ContainsRune("._+-/:@%", c) {
			return strconv.Quote(text)
		}
	}
	return text
}
