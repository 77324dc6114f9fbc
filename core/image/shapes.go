package image

import (
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Requirements is a list of requirements, or the path of a file of them.
type Requirements struct {
	Items []string // each a PEP 508 requirement, or "-r FILE" or "-c FILE"
	File  string   // a path, relative to the source root; empty: Items

	lines []string // of a file that a tool has written, options among them
}

// UnmarshalSetting reads a list of strings, or a string, which is a path.
func (r *Requirements) UnmarshalSetting(v *settings.Value) diag.List {
	switch v.Kind {
	case settings.Scalar:
		r.File = v.Text
		if v.Text == "" {
			return diag.List{diag.At(v.Range, diag.BadValue, "the path of the requirements file is empty")}
		}
		return nil
	case settings.List:
		items, problems := texts(v)
		r.Items = items
		return problems
	}
	return diag.List{diag.At(v.Range, diag.WrongType, "a list of requirements or the path of a requirements file is needed").
		Because("An inherited list is changed with {append: [..], remove: [..]}.")}
}

// JSONSchema is either shape.
func (Requirements) JSONSchema() map[string]any {
	return stringOrList("A PEP 508 requirement, such as torch>=2.6.")
}

// Platforms is one platform or several; nil was not written.
type Platforms []string

// UnmarshalSetting reads a string or a list of strings.
func (p *Platforms) UnmarshalSetting(v *settings.Value) diag.List {
	switch v.Kind {
	case settings.Scalar:
		*p = Platforms{v.Text}
		return nil
	case settings.List:
		items, problems := texts(v)
		*p = items
		return problems
	}
	return diag.List{diag.At(v.Range, diag.WrongType, "a platform such as linux/amd64, or a list of them, is needed")}
}

// JSONSchema is either shape.
func (Platforms) JSONSchema() map[string]any {
	return stringOrList("A platform, such as linux/amd64.")
}

// InstallerArgs is options of the Python package installer, without dashes;
// nil is a flag without a value.
type InstallerArgs map[string]*string

// UnmarshalSetting reads a map of scalars and nulls.
func (a *InstallerArgs) UnmarshalSetting(v *settings.Value) diag.List {
	if v.Kind != settings.Map {
		return diag.List{diag.At(v.Range, diag.WrongType, "a map of options is needed")}
	}
	var problems diag.List
	*a = InstallerArgs{}
	for _, e := range v.Entries {
		switch e.Value.Kind {
		case settings.Null:
			(*a)[e.Key] = nil
		case settings.Scalar:
			text := e.Value.Text
			(*a)[e.Key] = &text
		default:
			problems = append(problems, diag.At(e.Value.Range, diag.WrongType, "option %q needs a value, or null for a flag", e.Key))
		}
	}
	return problems
}

// JSONSchema is a map of scalars and nulls.
func (InstallerArgs) JSONSchema() map[string]any {
	return map[string]any{
		"type":                 "object",
		"additionalProperties": map[string]any{"type": []any{"string", "number", "boolean", "null"}},
	}
}

// NotBuilt is a setting that is known and not available in this version.
type NotBuilt struct{}

// UnmarshalSetting refuses a setting without a name.
func (n *NotBuilt) UnmarshalSetting(v *settings.Value) diag.List {
	return n.UnmarshalNamed("this setting", v)
}

// UnmarshalNamed refuses the setting.
func (*NotBuilt) UnmarshalNamed(name string, v *settings.Value) diag.List {
	if v.Kind == settings.Null {
		return nil // takes away what was never there
	}
	return diag.List{notBuilt(v.Range, "image."+name)}
}

// JSONSchema allows no value.
func (NotBuilt) JSONSchema() map[string]any { return map[string]any{"not": map[string]any{}} }

func notBuilt(r diag.Range, what string) diag.Diagnostic {
	return diag.At(r, diag.NotBuiltYet, "%s is not available in this version of stack", what)
}

func texts(v *settings.Value) ([]string, diag.List) {
	var problems diag.List
	items := []string{}
	for _, item := range v.Items {
		if item.Kind != settings.Scalar {
			problems = append(problems, diag.At(item.Range, diag.WrongType, "a string is needed"))
			continue
		}
		items = append(items, item.Text)
	}
	return items, problems
}

func stringOrList(item string) map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "string"},
		map[string]any{"type": "array", "items": map[string]any{"type": "string", "description": item}},
	}}
}
