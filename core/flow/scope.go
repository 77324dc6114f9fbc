package flow

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// scopes checks what depends on other steps: inputs and expressions.
func (p *parser) scopes() {
	p.byName = map[string]*Step{}
	for i := range p.flow.Steps {
		p.byName[p.flow.Steps[i].Name] = &p.flow.Steps[i]
	}
	for i := range p.flow.Steps {
		s := &p.flow.Steps[i]
		kept := s.Inputs[:0:0]
		first := len(s.edges) - len(s.Inputs) // edges of inputs follow those of needs
		for k, in := range s.Inputs {
			if p.knownOutput(in.Step, in.Output, s.edges[first+k].place) {
				kept = append(kept, in)
			}
		}
		s.Inputs = kept
		for _, item := range s.commands {
			p.commandReferences(s, item)
		}
		p.settingReferences(s.Settings, nil, s)
	}
	p.settingReferences(p.flow.Settings, nil, nil)
	for i := range p.flow.Steps {
		s := &p.flow.Steps[i]
		for _, e := range s.edges {
			if !slices.Contains(s.Needs, e.to) {
				s.Needs = append(s.Needs, e.to)
			}
		}
		if s.When == sdk.WhenFailed && len(s.Needs) == 0 {
			p.add(diag.At(s.Range, diag.BadValue, "step %s would never run: when is failed, and it needs no step", s.Name).Try("add needs"))
		}
	}
}

func (p *parser) knownOutput(step, output string, r diag.Range) bool {
	s := p.byName[step]
	var known []string
	for _, o := range s.Outputs {
		if o.Name == output {
			return true
		}
		known = append(known, o.Name)
	}
	d := diag.At(r, diag.UnknownOutput, "step %s has no output %s", step, quote(output)).Try(diag.DidYouMean(output, known))
	switch {
	case d.Suggestion != "":
	case len(known) > 0:
		d = d.Because("It has: %s.", strings.Join(known, ", "))
	default:
		d = d.Because("It declares no outputs.")
	}
	p.add(d)
	return false
}

// references reads the expressions of a value, and reports what cannot be read.
func (p *parser) references(v *settings.Value) []*reference {
	parts, wrong := split(v.Text)
	for _, m := range wrong {
		p.add(diag.At(p.source.at(v, m.at), diag.BadExpression, "%s", m.message).Try(m.way))
	}
	var refs []*reference
	for _, part := range parts {
		if part.ref != nil {
			refs = append(refs, part.ref)
		}
	}
	return refs
}

// commandReferences checks the expressions of an argument. One that reads an
// output of another step makes it an input.
func (p *parser) commandReferences(s *Step, v *settings.Value) {
	if !strings.Contains(v.Text, opening) {
		return
	}
	for _, ref := range p.references(v) {
		switch ref.root {
		case "inputs":
			p.declared(v, ref, "input", inputNames(s), "step "+s.Name)
		case "outputs":
			p.declared(v, ref, "output", outputNames(s), "step "+s.Name)
		case "steps":
			p.implied(s, v, ref)
		default:
			p.value(s, v, ref)
		}
	}
}

// implied makes an input of an expression such as steps.prepare.outputs.data.
func (p *parser) implied(s *Step, v *settings.Value, ref *reference) {
	at := p.source.at(v, ref.nameAt)
	if !p.knownStep(ref.name, at) || !p.knownOutput(ref.name, ref.output, p.source.at(v, ref.outAt)) {
		return
	}
	s.edges = append(s.edges, edge{ref.name, at})
	if s.inputOf(ref.name, ref.output) == "" {
		s.Inputs = append(s.Inputs, Input{freeName(s, ref.name+"_"+ref.output), ref.name, ref.output})
	}
}

// inputOf is the name of the input that is an output of another step, or empty.
func (s *Step) inputOf(step, output string) string {
	for _, in := range s.Inputs {
		if in.Step == step && in.Output == output {
			return in.Name
		}
	}
	return ""
}

// freeName is a name for an input that no other has, near the one wanted.
func freeName(s *Step, want string) string {
	taken := map[string]bool{}
	for _, in := range s.Inputs {
		taken[sdk.Variable(in.Name)] = true
	}
	name := want[:min(len(want), longestName)]
	for n := 2; taken[sdk.Variable(name)]; n++ {
		tail := fmt.Sprintf("_%d", n)
		name = want[:min(len(want), longestName-len(tail))] + tail
	}
	return name
}

// value checks an expression that reads a parameter or the matrix. s is nil at
// the flow's level.
func (p *parser) value(s *Step, v *settings.Value, ref *reference) {
	if ref.root == "params" {
		if !slices.Contains(p.paramNames, ref.name) {
			d := diag.At(p.source.at(v, ref.nameAt), diag.UnknownParam, "the flow has no param %s", quote(ref.name)).Try(diag.DidYouMean(ref.name, p.paramNames))
			p.add(orKnown(d, p.paramNames))
		}
		return
	}
	if s == nil || len(s.Matrix) == 0 {
		p.add(diag.At(p.source.at(v, ref.at), diag.BadExpression, "there is no matrix here").Because("Only a step that has a matrix can read it."))
		return
	}
	var axes []string
	for _, a := range s.Matrix {
		axes = append(axes, a.Name)
	}
	p.declared(v, ref, "matrix key", axes, "step "+s.Name)
}

func (p *parser) declared(v *settings.Value, ref *reference, what string, known []string, who string) {
	if slices.Contains(known, ref.name) {
		return
	}
	d := diag.At(p.source.at(v, ref.nameAt), diag.BadExpression, "%s has no %s %s", who, what, quote(ref.name)).Try(diag.DidYouMean(ref.name, known))
	p.add(orKnown(d, known))
}

func orKnown(d diag.Diagnostic, known []string) diag.Diagnostic {
	if d.Suggestion == "" && len(known) > 0 {
		return d.Because("It has: %s.", strings.Join(known, ", "))
	}
	return d
}

func inputNames(s *Step) []string {
	var out []string
	for _, in := range s.Inputs {
		out = append(out, in.Name)
	}
	return out
}

func outputNames(s *Step) []string {
	var out []string
	for _, o := range s.Outputs {
		out = append(out, o.Name)
	}
	return out
}
