package migration

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/stackrun/stack/core/settings"
)

// longestName is how long a name in a flow may be.
const longestName = 63

// flowName is a name as a flow allows it, or empty where nothing of it can be
// kept.
func flowName(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '_' || c == '-' {
			b.WriteRune(c)
		} else {
			b.WriteByte('_')
		}
	}
	out := strings.TrimLeft(b.String(), "0123456789_-")
	return strings.TrimRight(out[:min(len(out), longestName)], "_-")
}

// names gives out names that no other has, nor one with the same variable.
type names map[string]bool

func (n names) unique(name string) string {
	for i := 1; ; i++ {
		out := name
		if i > 1 {
			end := fmt.Sprintf("_%d", i)
			out = name[:min(len(name), longestName-len(end))] + end
		}
		if key := strings.ReplaceAll(out, "-", "_"); !n[key] {
			n[key] = true
			return out
		}
	}
}

// params is the params of the flow as they are found.
type params struct {
	node      *yaml.Node
	names     names
	variables map[string]string // param by environment variable
	later     []string          // variables, to be declared last
}

func newParams() params {
	return params{node: mapNode(), names: names{}, variables: map[string]string{}}
}

// ofVariable is the param that stands for an environment variable.
func (p *params) ofVariable(variable string) string {
	if have, ok := p.variables[variable]; ok {
		return have
	}
	name := flowName(variable)
	if name == "" {
		name = "variable"
	}
	name = p.names.unique(name)
	p.variables[variable] = name
	p.later = append(p.later, variable)
	return name
}

// declared is the node of all params, those without a default last.
func (p *params) declared() *yaml.Node {
	for _, variable := range p.later {
		n := mapNode()
		put(n, "type", textNode("string"))
		put(p.node, p.variables[variable], n)
	}
	return p.node
}

// parameters carries the arguments of a pipeline's or a step's function over.
func (r *reader) parameters(p place, step string) {
	if r.unset(p) || !r.isMap(p) {
		return
	}
	for _, e := range p.value.Entries {
		at := p.under(e)
		wanted := e.Key
		if step != "" {
			wanted = step + "_" + e.Key
		}
		name := flowName(wanted)
		if name == "" {
			name = "param"
		}
		name = r.params.names.unique(name)
		value, detail, ok := r.parameter(at, name)
		if !ok {
			continue
		}
		r.place(r.params.node, name, value, at)
		to := "params." + name
		switch {
		case detail != "":
			r.changed(at, to, "%s", detail)
		case name != wanted || step != "":
			r.changed(at, to, "the step reads it as $STACK_PARAM_%s", strings.ReplaceAll(name, "-", "_"))
		default:
			r.carried(at, to)
		}
	}
}

// parameter is a value as a param has it: a scalar, or the JSON of what is
// more than one.
func (r *reader) parameter(p place, name string) (value *yaml.Node, detail string, ok bool) {
	v := p.value
	switch v.Kind {
	case settings.Null:
		r.leftOut(p, "a param has a value; null is none")
		return nil, "", false
	case settings.List, settings.Map:
		text := asJSON(v, r)
		if strings.Contains(text, "${") || holdsSecret(text) {
			r.leftOut(p, "it has a variable or a credential in it; give it to the program in another way")
			return nil, "", false
		}
		return textNode(text), "params are single values, so it became JSON text, which the program has to read", true
	}
	if v.Type == settings.String && r.quoted(v) {
		return r.textParameter(p, name)
	}
	switch text := pythonText(v.Text); {
	case text == "True" || text == "False":
		return boolNode(text == "True"), "", true
	case text != v.Text && v.Type != settings.Float:
		return rawNode("!!int", text), "ZenML reads " + v.Text + " as " + text, true
	case v.Type == settings.Int || v.Type == settings.Float:
		switch strings.ToLower(strings.TrimLeft(v.Text, "+-")) {
		case ".inf", ".nan":
			r.leftOut(p, "a param cannot be infinite or no number")
			return nil, "", false
		}
		return rawNode("!!"+string(v.Type), v.Text), "", true
	}
	return r.textParameter(p, name)
}

// textParameter is a text, which ZenML fills variables into.
func (r *reader) textParameter(p place, name string) (value *yaml.Node, detail string, ok bool) {
	text := p.value.Text
	switch {
	case holdsSecret(text):
		r.leftOut(p, "it is a credential: give it to the step with secret_environment_from")
		return nil, "", false
	case strings.Contains(text, opening):
		r.leftOut(p, "%s would begin an expression in a flow", opening)
		return nil, "", false
	case reference().MatchString(text):
		n := mapNode()
		put(n, "type", textNode("string"))
		return n, "environment variables are not read here: run with -p " + name + "=\"" + text + "\"", true
	}
	return textNode(text), "", true
}
