package stackfile

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

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

// variable is a variable's value; at is where it is needed.
func (s *scope) variable(name string, at diag.Range) (cty.Value, bool) {
	if value, ok := s.variables[name]; ok {
		return value, value != cty.NilVal
	}
	v := s.file.variables[name]
	if v == nil {
		s.report(s.file.unknownVariable(at, name))
		return cty.NilVal, false
	}
	value, ok := s.evalVariable(v, at)
	if !ok {
		value = cty.NilVal
	} else if v.sensitive {
		value = value.Mark(mark{})
	}
	s.variables[name] = value
	return value, ok
}

func (s *scope) evalVariable(v *variable, at diag.Range) (cty.Value, bool) {
	given, isGiven := s.file.given[v.name]
	var value cty.Value
	ok := true
	from := given.at
	switch {
	case isGiven && given.expr != nil:
		value, ok = s.constant(given.expr, "values of variables in files")
	case isGiven:
		value, ok = s.fromText(v, given.text, given.at)
	case v.fallback != nil:
		from = s.file.at(v.fallback.Expr.Range())
		value, ok = s.constant(v.fallback.Expr, "defaults of variables")
	case s.tolerant:
		return cty.NilVal, false
	default:
		s.report(diag.At(s.file.at(v.block.DefRange()), diag.StackVariable, "variable %q has no value", v.name).
			Because("It is needed at %s. Give it with --var %s=VALUE, with STACK_VAR_%s in the environment, or in a file beside %s named ….stackvars.hcl.",
				at, v.name, v.name, FileName))
		return cty.NilVal, false
	}
	if !ok {
		return cty.NilVal, false
	}
	if v.typed && !value.IsNull() {
		if v.optional != nil {
			value = v.optional.Apply(value)
		}
		converted, err := convert.Convert(value, v.typ)
		if err != nil {
			s.report(diag.At(from, diag.StackVariable, "variable %q must be of type %s", v.name, typeexpr.TypeString(v.typ)).
				Because("%s", sentence(pathError(err))))
			return cty.NilVal, false
		}
		value = converted
	}
	return value, s.validate(v, value, from)
}

// typeOf is the type of a variable: the one written, else that of a default of
// a simple type.
func (s *scope) typeOf(v *variable) cty.Type {
	if v.typed || v.fallback == nil {
		return v.typ
	}
	value, problems := v.fallback.Expr.Value(&hcl.EvalContext{Functions: s.file.functions})
	if problems.HasErrors() || value.IsNull() {
		return v.typ
	}
	return value.Type()
}

// constant evaluates an expression that may call functions and refer to nothing.
func (s *scope) constant(expr hclsyntax.Expression, what string) (cty.Value, bool) {
	if refs := expr.Variables(); len(refs) > 0 {
		s.report(diag.At(s.file.at(refs[0].SourceRange()), diag.BadExpression, "%s cannot refer to other values", what).
			Because("Functions can be called. Put what refers to variables into a locals block."))
		return cty.NilVal, false
	}
	return s.eval(expr)
}

// validate checks the conditions of a variable's validation blocks, which see
// this variable only.
func (s *scope) validate(v *variable, value cty.Value, from diag.Range) bool {
	ctx := &hcl.EvalContext{
		Functions: s.file.functions,
		Variables: map[string]cty.Value{"var": cty.ObjectVal(map[string]cty.Value{v.name: value})},
	}
	fine := true
	for _, rule := range v.validations {
		result, problems := rule.condition.Expr.Value(ctx)
		if problems.HasErrors() {
			s.list = append(s.list, s.file.convert(problems, diag.BadExpression)...)
			fine = false
			continue
		}
		holds, err := convert.Convert(result, cty.Bool)
		if err != nil || holds.IsNull() || !holds.IsKnown() {
			s.report(diag.At(s.file.at(rule.condition.Expr.Range()), diag.WrongType, "condition must be true or false"))
			fine = false
			continue
		}
		if holds.True() {
			continue
		}
		fine = false
		d := diag.At(from, diag.StackVariable, "variable %q is not valid", v.name)
		if rule.message != nil && !v.sensitive {
			text, problems := rule.message.Expr.Value(ctx)
			if !problems.HasErrors() && !text.IsNull() && text.IsKnown() && text.Type() == cty.String {
				d = d.Because("%s", text.AsString())
			}
		}
		if d.Detail == "" {
			d = d.Because("It does not meet the condition at %s.", s.file.at(rule.condition.Expr.Range()))
		}
		s.report(d)
	}
	return fine
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

// pathError is an error of a conversion, with the place within the value.
func pathError(err error) string {
	var path cty.PathError
	if !asPathError(err, &path) || len(path.Path) == 0 {
		return err.Error()
	}
	return fmt.Sprintf("at %s: %s", pathText(path.Path), err.Error())
}

func asPathError(err error, out *cty.PathError) bool {
	p, ok := err.(cty.PathError)
	if ok {
		*out = p
	}
	return ok
}

func pathText(p cty.Path) string {
	var b strings.Builder
	for _, step := range p {
		switch step := step.(type) {
		case cty.GetAttrStep:
			if b.Len() > 0 {
				b.WriteByte('.')
			}
			b.WriteString(step.Name)
		case cty.IndexStep:
			switch {
			case step.Key.Type() == cty.String:
				fmt.Fprintf(&b, "[%q]", step.Key.AsString())
			case step.Key.Type() == cty.Number:
				fmt.Fprintf(&b, "[%s]", step.Key.AsBigFloat().Text('f', -1))
			}
		}
	}
	return b.String()
}

// sentence is text with a capital letter and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	return strings.ToUpper(text[:1]) + text[1:] + "."
}
