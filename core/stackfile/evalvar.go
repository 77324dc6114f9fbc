package stackfile

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/sdk"
)

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
				at, v.name, sdk.Variable(v.name), FileName))
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

// pathError is an error of a conversion, with the place within the value.
func pathError(err error) string {
	var path cty.PathError
	if !asPathError(err, &path) || len(path.Path) == 0 {
		return err.Error()
	}
	return fmt.Sprintf("at %s: %s", pathText(path.Path), err.Error())
}

func asPathError(err error, out *cty.PathError) bool {
	var p cty.PathError
	ok := errors.As(err, &p)
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
