package stackfile

import (
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/stackrun/stack/core/diag"
)

// mark is put on values of sensitive variables, and HCL keeps it on all that
// is made from them.
type mark struct{}

// scope evaluates expressions of a file. Variables and locals are evaluated
// when an expression first needs them, and once.
type scope struct {
	file      *File
	variables map[string]cty.Value
	locals    map[string]cty.Value
	open      []string // locals being evaluated, to find circles
	tolerant  bool     // a variable without a value is not reported
	sensitive map[diag.Range]bool
	list      diag.List
}

func (f *File) scope() *scope {
	return &scope{file: f, variables: map[string]cty.Value{}, locals: map[string]cty.Value{}, sensitive: map[diag.Range]bool{}}
}

func (s *scope) report(d diag.Diagnostic) { s.list = append(s.list, d) }

// eval evaluates an expression. What is wrong is reported once; false says
// that there is no value.
func (s *scope) eval(expr hclsyntax.Expression) (cty.Value, bool) {
	ctx, ok := s.context(expr)
	if !ok {
		return cty.NilVal, false
	}
	value, problems := expr.Value(ctx)
	if problems.HasErrors() {
		s.list = append(s.list, s.file.convert(problems, diag.BadExpression)...)
		return cty.NilVal, false
	}
	if !value.IsWhollyKnown() {
		s.report(diag.At(s.file.at(expr.Range()), diag.BadExpression, "the value of this expression cannot be known"))
		return cty.NilVal, false
	}
	return value, true
}

// context holds what an expression refers to.
func (s *scope) context(expr hclsyntax.Expression) (*hcl.EvalContext, bool) {
	ctx := &hcl.EvalContext{Functions: s.file.functions}
	variables, locals := map[string]cty.Value{}, map[string]cty.Value{}
	fine := true
	for _, t := range expr.Variables() {
		at := s.file.at(t.SourceRange())
		names, all := referred(t)
		switch t.RootName() {
		case "var":
			if all {
				names = s.file.variableNames()
			}
			for _, name := range names {
				value, ok := s.variable(name, at)
				fine = fine && ok
				variables[name] = value
			}
		case "local":
			if all {
				names = s.file.localNames()
			}
			for _, name := range names {
				value, ok := s.local(name, at)
				fine = fine && ok
				locals[name] = value
			}
		default:
			d := diag.At(s.file.at(t[0].SourceRange()), diag.BadExpression, "unknown name %q", t.RootName()).
				Because(`Expressions read var.NAME and local.NAME, and call functions, such as env("NAME"). Text is written in quotes.`)
			s.report(d.Try(diag.DidYouMean(t.RootName(), []string{"var", "local"})))
			fine = false
		}
	}
	if !fine {
		return nil, false
	}
	ctx.Variables = map[string]cty.Value{"var": cty.ObjectVal(variables), "local": cty.ObjectVal(locals)}
	return ctx, true
}

// referred is the name after the root of a reference, or all where the root is
// used as a whole.
func referred(t hcl.Traversal) (names []string, all bool) {
	if len(t) < 2 {
		return nil, true
	}
	switch step := t[1].(type) {
	case hcl.TraverseAttr:
		return []string{step.Name}, false
	case hcl.TraverseIndex:
		if step.Key.IsKnown() && !step.Key.IsNull() && step.Key.Type() == cty.String {
			return []string{step.Key.AsString()}, false
		}
	}
	return nil, true
}

// local is a local's value.
func (s *scope) local(name string, at diag.Range) (cty.Value, bool) {
	if value, ok := s.locals[name]; ok {
		return value, value != cty.NilVal
	}
	a := s.file.locals[name]
	if a == nil {
		s.report(diag.At(at, diag.BadExpression, "unknown local %q", name).Try(diag.DidYouMean(name, s.file.localNames())))
		return cty.NilVal, false
	}
	for i, open := range s.open {
		if open == name {
			circle := append(append([]string(nil), s.open[i:]...), name)
			s.report(diag.At(s.file.at(a.NameRange), diag.BadExpression, "locals need each other in a circle").
				Because("%s", "local."+strings.Join(circle, " → local.")))
			return cty.NilVal, false
		}
	}
	s.open = append(s.open, name)
	value, ok := s.eval(a.Expr)
	s.open = s.open[:len(s.open)-1]
	if !ok {
		value = cty.NilVal
	}
	s.locals[name] = value
	return value, ok
}

func (f *File) localNames() []string {
	names := make([]string, 0, len(f.locals))
	for name := range f.locals {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
