package flow

import (
	"reflect"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// step reads one step, but for what depends on other steps.
func (p *parser) step(e settings.Entry) {
	s := Step{Name: e.Key, Range: e.Range}
	p.checkName("a step", e.Key, e.Range)
	if e.Value.Kind != settings.Map {
		p.add(diag.At(e.Value.Range, diag.WrongType, "step %s must be a map, not %s", e.Key, e.Value.Describe()).Try("write {run: COMMAND}"))
		p.flow.Steps = append(p.flow.Steps, s)
		return
	}
	own, said := p.divide(e.Value, ownKeys(reflect.TypeFor[stepOwn]()))
	var shape stepOwn
	p.add(p.types.Decode(own, &shape)...)
	p.program(&s, own, e)
	p.needs(&s, own.Get("needs"))
	p.inputs(&s, own.Get("inputs"))
	p.outputs(&s, own.Get("outputs"), shape)
	s.When = sdk.WhenSuccess
	if shape.When != "" {
		s.When = sdk.When(shape.When)
	}
	p.matrix(&s, own.Get("matrix"))
	if shape.MaxParallel != nil {
		s.MaxParallel = int(*shape.MaxParallel)
		if own.Get("matrix") == nil {
			p.add(diag.At(own.Get("max_parallel").Range, diag.Conflict, "max_parallel has no meaning without a matrix").Try("remove it"))
		}
	}
	s.Settings = p.settings(ofStep(said))
	p.flow.Steps = append(p.flow.Steps, s)
}

// program reads run and command, of which a step has one.
func (p *parser) program(s *Step, own *settings.Value, e settings.Entry) {
	run, command := present(own.Get("run")), present(own.Get("command"))
	switch {
	case run != nil && command != nil:
		p.add(diag.At(command.Range, diag.Conflict, "step %s has both run and command", s.Name).
			Because("run is a shell script, command is an argument list."))
	case run == nil && command == nil:
		p.add(diag.At(e.Range, diag.MissingField, "step %s has neither run nor command", s.Name).
			Because("run is a shell script, command is an argument list."))
	}
	if run != nil && run.Kind == settings.Scalar {
		s.Run = run.Text
		switch {
		case strings.TrimSpace(run.Text) == "":
			p.add(diag.At(run.Range, diag.BadValue, "run of step %s is empty", s.Name))
		case !strings.Contains(run.Text, opening):
			p.carried("run of step "+s.Name, run.Text, run.Range)
		}
		p.noExpressions(run, "run", "it would become shell code")
	}
	if command == nil || command.Kind != settings.List {
		return
	}
	if len(command.Items) == 0 || command.Items[0].Kind == settings.Scalar && command.Items[0].Text == "" {
		p.add(diag.At(command.Range, diag.BadValue, "command of step %s is empty", s.Name).Try("name a program first, such as [python, train.py]"))
	}
	for _, item := range command.Items {
		if item.Kind != settings.Scalar {
			continue // said by Decode
		}
		if !strings.Contains(item.Text, opening) {
			p.carried("an argument of step "+s.Name, item.Text, item.Range)
		}
		s.Command, s.commands = append(s.Command, item.Text), append(s.commands, item)
	}
}

// present is v, or nil where it is null.
func present(v *settings.Value) *settings.Value {
	if v == nil || v.Kind == settings.Null {
		return nil
	}
	return v
}

// needs reads the steps that must have ended.
func (p *parser) needs(s *Step, v *settings.Value) {
	if v == nil || v.Kind != settings.List {
		return
	}
	seen := map[string]bool{}
	for _, item := range v.Items {
		if item.Kind != settings.Scalar {
			continue
		}
		if seen[item.Text] {
			p.add(diag.At(item.Range, diag.Duplicate, "step %s needs %s twice", s.Name, quote(item.Text)))
			continue
		}
		seen[item.Text] = true
		if p.knownStep(item.Text, item.Range) {
			s.edges = append(s.edges, edge{item.Text, item.Range})
		}
	}
}

func (p *parser) knownStep(name string, r diag.Range) bool {
	if p.isStep[name] {
		return true
	}
	d := diag.At(r, diag.UnknownStep, "there is no step %s", quote(name)).Try(diag.DidYouMean(name, p.stepNames))
	if group, _, ok := strings.Cut(name, "["); ok && d.Suggestion == "" && p.isStep[group] {
		d = d.Try("write " + group + ": all of its variants are needed")
	}
	p.add(d)
	return false
}

// inputs reads NAME: STEP.OUTPUT; whether the output exists is checked when
// all steps are known.
func (p *parser) inputs(s *Step, v *settings.Value) {
	if v == nil || v.Kind != settings.Map {
		return
	}
	distinct := names{what: "inputs"}
	for _, e := range v.Entries {
		if !p.checkName("an input", e.Key, e.Range) {
			continue
		}
		p.distinct(&distinct, e.Key, e.Range)
		if e.Value.Kind != settings.Scalar {
			if e.Value.Kind == settings.Null {
				p.add(diag.At(e.Range, diag.WrongType, "input %s has no source", e.Key).Try("write " + e.Key + ": STEP.OUTPUT"))
			}
			continue
		}
		step, output, ok := strings.Cut(e.Value.Text, ".")
		if !ok || step == "" || output == "" {
			p.add(diag.At(e.Value.Range, diag.BadValue, "input %s cannot be %s", e.Key, quote(e.Value.Text)).
				Because("An input is an output of another step, written STEP.OUTPUT."))
			continue
		}
		if p.knownStep(step, e.Value.Range) {
			s.Inputs = append(s.Inputs, Input{e.Key, step, output})
			s.edges = append(s.edges, edge{step, e.Value.Range})
		}
	}
}

// outputs reads what the step makes.
func (p *parser) outputs(s *Step, v *settings.Value, shape stepOwn) {
	if v == nil || v.Kind != settings.Map {
		return
	}
	distinct := names{what: "outputs"}
	for _, e := range v.Entries {
		if !p.checkName("an output", e.Key, e.Range) {
			continue
		}
		p.distinct(&distinct, e.Key, e.Range)
		kind := shape.Outputs[e.Key].Type
		if kind == "" {
			kind = sdk.OutputDirectory
		}
		s.Outputs = append(s.Outputs, sdk.Output{Name: e.Key, Type: kind})
	}
}
