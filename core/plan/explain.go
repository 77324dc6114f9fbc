package plan

import (
	"fmt"
	"reflect"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/settings"
)

// Explained is a setting with its origin and everything that it overrode. Of
// one that a higher layer took away the value is null, and its origin is what
// took it away.
type Explained struct {
	*settings.Value
	Removed bool
}

// Explain is the setting at a path such as steps.train.image.requirements.
// Without the leading steps.NAME it is the one that all steps have, if they
// agree. The error is a diag.List.
func (r *Resolved) Explain(path string) (Explained, error) {
	parts, err := settings.ParsePath(path)
	if err != nil {
		return Explained{}, err
	}
	if len(parts) >= 2 && parts[0].Key == "steps" {
		name := parts[1].Key
		rest := settings.JoinPath(parts[2:]...)
		known := map[string]bool{}
		for _, d := range r.Steps {
			if d.Step.Name == name || d.Step.Group == name {
				return explained(d.Tree, rest)
			}
			known[d.Step.Name] = true
		}
		return Explained{}, unknownSteps(map[string]*settings.Value{name: {Range: diag.Range{File: path}}}, known)
	}
	var first Explained
	for i, d := range r.Steps {
		v, err := explained(d.Tree, path)
		if err != nil {
			return Explained{}, err
		}
		if i > 0 && !reflect.DeepEqual(v.Plain(), first.Plain()) {
			step := settings.JoinPath(settings.Part{Key: "steps"}, settings.Part{Key: d.Step.Name})
			return Explained{}, diag.List{diag.New(diag.SettingPath, "%s is not the same for all steps", path).
				Try(fmt.Sprintf("name a step: %s.%s", step, path))}
		}
		if i == 0 {
			first = v
		}
	}
	return first, nil
}

// explained is the value at a path of one step's settings, with the built-in
// default beneath it; nobody wrote that, so it is not in the tree.
func explained(tree *settings.Value, path string) (Explained, error) {
	builtin, _ := settings.Lookup(settings.Builtin(reflect.TypeFor[flow.Settings]()), path)
	if builtin != nil && builtin.Kind != settings.Scalar {
		builtin = nil
	}
	v, err := settings.Lookup(tree, path)
	if err == nil {
		out := *v
		if out.Overrode = settings.Overridden(v); builtin != nil {
			out.Overrode = append(out.Overrode, builtin)
		}
		return Explained{Value: &out}, nil
	}
	removed := settings.RemovedAt(tree, path)
	switch {
	case removed != nil && builtin != nil: // which is what counts then
		out := *builtin
		out.Overrode = append([]*settings.Value{removed}, settings.Overridden(removed)...)
		return Explained{Value: &out}, nil
	case removed != nil:
		out := *removed
		out.Overrode = settings.Overridden(removed)
		return Explained{Value: &out, Removed: true}, nil
	case builtin != nil:
		return Explained{Value: builtin}, nil
	}
	if unknown := settings.Known(reflect.TypeFor[flow.Settings](), path); unknown != nil {
		return Explained{}, unknown // misspelt, rather than not written
	}
	return Explained{}, err
}
