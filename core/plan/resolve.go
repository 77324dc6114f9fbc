package plan

import (
	"fmt"
	"reflect"
	"sort"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

// Layers is the settings of every layer but the flow, its steps and the stack.
// nil is a layer without settings.
type Layers struct {
	CommandLine settings.Set
	Configure   *settings.Value
	Environment *settings.Value
	Pyproject   *settings.Value
}

// Resolved is a flow with every setting of every step decided.
type Resolved struct {
	Flow     *flow.Flow
	Stack    *stackfile.Stack
	Steps    []Decided // in an order in which needs come first
	Warnings diag.List
}

// Decided is one step with its settings.
type Decided struct {
	Step     flow.Node
	Settings flow.Settings
	// Tree is the settings with their origins.
	Tree *settings.Value
}

// Resolve multiplies the flow's steps, merges the layers for each of them and
// decodes the result. Mistakes in any layer are in the list, each once.
func Resolve(f *flow.Flow, stack *stackfile.Stack, layers Layers, params []string) (*Resolved, diag.List) {
	var list diag.List
	graph, problems := flow.Expand(f, params)
	list = append(list, problems...)
	list = append(list, refuseExpressions(layers, stack)...)
	list = append(list, refuseSensitive(stack)...)
	if graph == nil || list.HasErrors() {
		return nil, list
	}
	known := map[string]bool{}
	for _, n := range graph.Steps {
		known[n.Name], known[n.Group] = true, true
	}
	list = append(list, unknownSteps(layers.CommandLine.Steps, known)...)
	out := &Resolved{Flow: f, Stack: stack}
	seen := map[string]bool{}
	types := settings.NewTypes()
	for _, n := range graph.Steps {
		d := Decided{Step: n}
		d.Tree, d.Settings, problems = decide(types, stack, layers, n)
		for _, p := range problems {
			// One mistake of a layer shows in every step that it reaches.
			key := fmt.Sprint(p.Code, p.Range, p.Summary)
			if !seen[key] {
				seen[key] = true
				list = append(list, p)
			}
		}
		out.Steps = append(out.Steps, d)
	}
	return out, list
}

// decide merges and decodes the settings of one step.
func decide(types *settings.Types, stack *stackfile.Stack, l Layers, n flow.Node) (*settings.Value, flow.Settings, diag.List) {
	order := []*settings.Value{l.CommandLine.Steps[n.Name]}
	if n.Group != n.Name {
		order = append(order, l.CommandLine.Steps[n.Group])
	}
	order = append(order, l.CommandLine.Flow, n.Settings, n.FlowSettings, l.Configure, l.Environment, l.Pyproject)
	order = append(order, stack.Defaults...)
	tree, list := types.Merge(reflect.TypeFor[flow.Settings](), order...)
	pruned, problems := image.Prune(tree.Get("image"))
	list = append(list, problems...)
	tree = withEntry(tree, "image", pruned)
	var decoded flow.Settings
	list = append(list, types.Decode(tree, &decoded)...)
	return tree, decoded, list
}

// withEntry is v with the value at key replaced; nil takes it away.
func withEntry(v *settings.Value, key string, value *settings.Value) *settings.Value {
	out := *v
	out.Entries = nil
	for _, e := range v.Entries {
		if e.Key == key {
			e.Value = value
		}
		if e.Value != nil {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}

func unknownSteps(given map[string]*settings.Value, known map[string]bool) diag.List {
	var names []string
	for name := range known {
		names = append(names, name)
	}
	sort.Strings(names)
	var list diag.List
	for name, v := range given {
		if !known[name] {
			d := diag.At(v.Range, diag.UnknownStep, "the flow has no step %q", name).Try(diag.DidYouMean(name, names))
			if d.Suggestion == "" {
				d = d.Because("Its steps: %s.", diag.Few(names))
			}
			list = append(list, d)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].Summary < list[j].Summary })
	return list
}

// Paths is the path of every setting that a step has, such as
// steps.train.image.requirements.
func (r *Resolved) Paths() []string {
	var out []string
	for _, d := range r.Steps {
		step := settings.JoinPath(settings.Part{Key: "steps"}, settings.Part{Key: d.Step.Name})
		for _, leaf := range settings.Leaves(d.Tree) {
			out = append(out, step+"."+leaf)
		}
	}
	return out
}
