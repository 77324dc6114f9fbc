package flow

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// filler puts values in the place of expressions.
type filler struct {
	params []ParamValue
	matrix []MatrixValue
	step   *Step // nil at the flow's level
}

// command is what the step runs.
func (f filler) command() ([]string, diag.List) {
	if f.step.Run != "" {
		return []string{"/bin/sh", "-ec", f.step.Run}, nil
	}
	var list diag.List
	out := make([]string, len(f.step.Command))
	for i, text := range f.step.Command {
		var r diag.Range
		if i < len(f.step.commands) {
			r = f.step.commands[i].Range
		}
		filled, _, problem := f.text(text, false, r)
		if problem != nil {
			list = append(list, *problem)
		}
		out[i] = filled
	}
	if len(out) > 0 && out[0] == "" && len(list) == 0 {
		list = append(list, diag.At(f.step.Range, diag.BadValue, "command of step %s is empty", f.step.Name))
	}
	return out, list
}

// text fills in one text. typ is the value's type where the text is nothing
// but one expression. dollars says that ${VAR} is read in it later, which must
// not happen to what is filled in.
func (f filler) text(text string, dollars bool, r diag.Range) (string, settings.ScalarType, *diag.Diagnostic) {
	if !strings.Contains(text, opening) {
		return text, "", nil
	}
	parts, _ := split(text) // without mistakes: Parse found none
	typ, paths := settings.String, 0
	var b strings.Builder
	for _, p := range parts {
		if p.ref == nil {
			b.WriteString(p.text)
			continue
		}
		value, t, path := f.read(p.ref)
		if len(parts) == 1 {
			typ = t
		}
		if path {
			paths++
		} else if dollars {
			value = strings.ReplaceAll(value, "$", "$$")
		}
		b.WriteString(value)
	}
	filled := b.String()
	if strings.Count(filled, opening) > paths {
		d := diag.At(r, diag.BadExpression, "the values filled in make another expression")
		return "", typ, &d
	}
	if paths == 0 {
		if d := carried("this value", filled, r); d != nil {
			return "", typ, d
		}
	}
	return filled, typ, nil
}

// read is what an expression stands for; path tells that it is a placeholder.
func (f filler) read(ref *reference) (text string, typ settings.ScalarType, path bool) {
	switch ref.root {
	case "params":
		for _, p := range f.params {
			if p.Name == ref.name {
				return p.Text, settings.ScalarType(p.Type), false
			}
		}
	case "matrix":
		for _, m := range f.matrix {
			if m.Name == ref.name {
				return m.Text, m.Type, false
			}
		}
	case "inputs":
		return sdk.InputReference(ref.name), settings.String, true
	case "outputs":
		return sdk.OutputReference(ref.name), settings.String, true
	case "steps":
		return sdk.InputReference(f.step.inputOf(ref.name, ref.output)), settings.String, true
	}
	return "", settings.String, false
}

// tree is settings with expressions filled in; without any it is v itself.
func (f filler) tree(v *settings.Value, path []string) (*settings.Value, diag.List) {
	if !expressive(v) {
		return v, nil
	}
	var list diag.List
	out := *v
	switch v.Kind {
	case settings.Scalar:
		text, typ, problem := f.text(v.Text, isExpanded(path), v.Range)
		if problem != nil {
			return v, diag.List{*problem}
		}
		out.Text, out.Type = text, typ
	case settings.List:
		out.Items = make([]*settings.Value, len(v.Items))
		for i, item := range v.Items {
			var problems diag.List
			out.Items[i], problems = f.tree(item, path)
			list = append(list, problems...)
		}
	case settings.Map:
		out.Entries = make([]settings.Entry, len(v.Entries))
		for i, e := range v.Entries {
			var problems diag.List
			e.Value, problems = f.tree(e.Value, append(path[:len(path):len(path)], e.Key))
			list = append(list, problems...)
			out.Entries[i] = e
		}
	}
	return &out, list
}

// environment is the values as variables.
func (f filler) environment() []sdk.EnvVar {
	env := make([]sdk.EnvVar, 0, len(f.params)+len(f.matrix))
	for _, p := range f.params {
		env = append(env, sdk.EnvVar{Name: "STACK_PARAM_" + sdk.Variable(p.Name), Value: p.Text})
	}
	for _, m := range f.matrix {
		env = append(env, sdk.EnvVar{Name: "STACK_MATRIX_" + sdk.Variable(m.Name), Value: m.Text})
	}
	return env
}
