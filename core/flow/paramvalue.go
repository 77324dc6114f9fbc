package flow

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// ParamValue is a parameter with the value that a run has.
type ParamValue struct {
	Name string
	Type ParamType
	Text string // canonical
}

// ParseParams gives every parameter its value: the last of the overrides
// ("name=value") that names it, else its default.
func (f *Flow) ParseParams(overrides []string) ([]ParamValue, diag.List) {
	var list diag.List
	given := map[string]string{}
	known := map[string]Param{}
	var all []string
	for _, p := range f.Params {
		known[p.Name] = p
		all = append(all, p.Name)
	}
	for _, o := range overrides {
		name, text, ok := strings.Cut(o, "=")
		at := diag.Range{File: "-p " + name}
		if !ok {
			list = append(list, diag.At(at, diag.BadValue, "param %q has no value", o).Try("write -p NAME=VALUE"))
			continue
		}
		p, ok := known[name]
		if !ok {
			d := diag.At(at, diag.UnknownParam, "the flow has no param %q", name).Try(diag.DidYouMean(name, all))
			if d.Suggestion == "" && len(all) > 0 {
				d = d.Because("It has: %s.", strings.Join(all, ", "))
			}
			list = append(list, d)
			continue
		}
		canonical, ok := canonicalText(p.Type, text)
		if !ok {
			list = append(list, diag.At(at, diag.WrongType, "param %s must be of type %s, not %q", name, p.Type, text))
			continue
		}
		if d := carried("param "+name, canonical, at); d != nil {
			list = append(list, *d)
			continue
		}
		if d := p.allows(canonical, at); d != nil {
			list = append(list, *d)
			continue
		}
		given[name] = canonical
	}
	var out []ParamValue
	for _, p := range f.Params {
		text, ok := given[p.Name]
		switch {
		case ok:
		case p.Default != nil:
			text = *p.Default
		case named(overrides, p.Name):
			continue // said already
		default:
			list = append(list, diag.At(p.Range, diag.MissingField, "param %s has no default: it must be given", p.Name).Try("add -p "+p.Name+"=VALUE"))
			continue
		}
		out = append(out, ParamValue{Name: p.Name, Type: p.Type, Text: text})
	}
	return out, list
}

func named(overrides []string, name string) bool {
	for _, o := range overrides {
		if strings.HasPrefix(o, name+"=") {
			return true
		}
	}
	return false
}
