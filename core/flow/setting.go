package flow

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// settings keeps what one layer says, to be checked; nil where it says nothing.
func (p *parser) settings(v *settings.Value) *settings.Value {
	if len(v.Entries) == 0 {
		return nil
	}
	p.said = append(p.said, known(v))
	return v
}

// ofStep is v as the layer of a step: read from the same file as the flow's, it
// counts more.
func ofStep(v *settings.Value) *settings.Value {
	out := *v
	out.Layer = settings.Step
	out.Items, out.Entries = nil, nil
	for _, item := range v.Items {
		out.Items = append(out.Items, ofStep(item))
	}
	for _, e := range v.Entries {
		e.Value = ofStep(e.Value)
		out.Entries = append(out.Entries, e)
	}
	return &out
}

// checkSettings checks every layer of the file, but for values with
// expressions, which are not known yet. In one go, for speed.
func (p *parser) checkSettings() {
	all := &settings.Value{Kind: settings.Map, Layer: settings.Flow}
	for i, v := range p.said {
		all.Entries = append(all.Entries, settings.Entry{Key: strconv.Itoa(i), Range: v.Range, Value: v})
	}
	p.add(settings.Check(all, reflect.TypeFor[map[string]Settings]())...)
	if p.list.HasErrors() {
		// Nothing will be merged, so this is where mistakes inside of values
		// can still be told together with the others.
		for _, v := range p.said {
			p.checkImage(v.Get("image"))
		}
	}
}

// checkImage checks the image settings of one layer, as far as they can be read.
func (p *parser) checkImage(v *settings.Value) {
	if v == nil || v.Kind != settings.Map {
		return
	}
	alone, problems := p.types.Merge(reflect.TypeFor[image.Settings](), v)
	var s image.Settings
	if problems = append(problems, p.types.Decode(alone, &s)...); problems.HasErrors() {
		return // told already
	}
	p.add(s.Check(func(path ...string) diag.Range {
		at := alone
		for _, key := range path {
			next := at.Get(key)
			if i, err := strconv.Atoi(key); err == nil && i < len(at.Items) {
				next = at.Items[i]
			}
			if next == nil {
				break
			}
			at = next
		}
		return at.Range
	})...)
}

// known is v without the values that hold expressions.
func known(v *settings.Value) *settings.Value {
	if !expressive(v) {
		return v
	}
	out := *v
	switch v.Kind {
	case settings.Scalar:
		return nil
	case settings.List:
		out.Items = []*settings.Value{}
		for _, item := range v.Items {
			if k := known(item); k != nil {
				out.Items = append(out.Items, k)
			}
		}
	case settings.Map:
		out.Entries = nil
		for _, e := range v.Entries {
			if e.Value = known(e.Value); e.Value != nil {
				out.Entries = append(out.Entries, e)
			}
		}
	}
	return &out
}

// expressive reports whether an expression is anywhere in v.
func expressive(v *settings.Value) bool {
	if v == nil {
		return false
	}
	for _, item := range v.Items {
		if expressive(item) {
			return true
		}
	}
	for _, e := range v.Entries {
		if expressive(e.Value) {
			return true
		}
	}
	return v.Kind == settings.Scalar && strings.Contains(v.Text, opening)
}

// settingReferences checks the expressions in settings. s is nil at the flow's
// level.
func (p *parser) settingReferences(v *settings.Value, path []string, s *Step) {
	if v == nil {
		return
	}
	for _, item := range v.Items {
		p.settingReferences(item, path, s)
	}
	for _, e := range v.Entries {
		if strings.Contains(e.Key, opening) {
			p.add(diag.At(e.Range, diag.BadExpression, "a key cannot be an expression"))
		}
		p.settingReferences(e.Value, append(path[:len(path):len(path)], e.Key), s)
	}
	if v.Kind != settings.Scalar || !strings.Contains(v.Text, opening) {
		return
	}
	if isScript(path) {
		p.noExpressions(v, strings.Join(path, "."), "it would become shell code")
		return
	}
	for _, ref := range p.references(v) {
		switch ref.root {
		case "params", "matrix":
			if at := ref.at; isExpanded(path) && strings.Contains(v.Text, "$"+opening) {
				p.add(diag.At(p.source.at(v, at), diag.BadExpression, "a $ before an expression has two readings here").Try("write the $ into the value itself"))
				return
			}
			p.value(s, v, ref)
		default:
			p.add(diag.At(p.source.at(v, ref.at), diag.BadExpression, "%s cannot be read in settings", ref.root).
				Because("Paths are known only when the step runs: read them in command, or as $STACK_INPUT_x and $STACK_OUTPUT_x."))
		}
	}
}

// isScript reports whether the setting at path is shell code.
func isScript(path []string) bool {
	return len(path) >= 2 && path[0] == "image" && path[1] == "commands"
}

// isExpanded reports whether ${VAR} is read in the setting at path.
func isExpanded(path []string) bool {
	if len(path) < 3 || path[0] != "image" {
		return false
	}
	switch path[1] {
	case "environment", "runtime_environment":
		return true
	case "build", "dockerfile_build":
		return path[2] == "args"
	}
	return false
}

// noExpressions refuses expressions in shell code, and says what to read there.
func (p *parser) noExpressions(v *settings.Value, what, why string) {
	if !strings.Contains(v.Text, opening) {
		return
	}
	parts, _ := split(v.Text)
	way := map[int]string{}
	for _, part := range parts {
		if part.ref != nil && what == "run" {
			way[part.ref.at.nth] = instead(part.ref)
		}
	}
	for nth := range strings.Count(v.Text, opening) {
		d := diag.At(p.source.at(v, spot{nth, 0, len(opening)}), diag.BadExpression, "expressions are not read in %s: %s", what, why)
		p.add(d.Try(way[nth]))
	}
}

// instead is the variable that has what an expression reads.
func instead(ref *reference) string {
	prefix := map[string]string{"params": "STACK_PARAM_", "matrix": "STACK_MATRIX_", "inputs": "STACK_INPUT_", "outputs": "STACK_OUTPUT_"}[ref.root]
	if prefix == "" {
		return "add an input " + ref.output + ": " + ref.name + "." + ref.output + ` and write "$STACK_INPUT_` + sdk.Variable(ref.output) + `"`
	}
	return `write "$` + prefix + sdk.Variable(ref.name) + `"`
}
