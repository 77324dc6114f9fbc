package stackfile

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/ext/typeexpr"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/stackrun/stack/core/diag"
)

// variable is a variable block.
type variable struct {
	name        string
	block       *hclsyntax.Block
	typ         cty.Type // DynamicPseudoType where none is written
	typed       bool     // a type is written
	optional    *typeexpr.Defaults
	fallback    *hclsyntax.Attribute // default
	description string
	sensitive   bool
	validations []validation
}

// validation is a condition on a variable's value.
type validation struct {
	condition *hclsyntax.Attribute
	message   *hclsyntax.Attribute
}

func (f *File) readVariable(b *hclsyntax.Block) diag.List {
	list := f.labels(b, "NAME")
	if list.HasErrors() {
		return list
	}
	name := b.Labels[0]
	if !hclsyntax.ValidIdentifier(name) {
		return append(list, diag.At(f.at(b.LabelRanges[0]), diag.BadName, "variable cannot be named %q", name).
			Because("Letters, digits, _ and - can be used, and a letter comes first."))
	}
	if first := f.variables[name]; first != nil {
		return append(list, f.twice(b, first.block.DefRange(), "variable \""+name+"\" is defined twice"))
	}
	v := &variable{name: name, block: b, typ: cty.DynamicPseudoType}
	f.variables[name] = v
	fields := []string{"type", "default", "description", "sensitive"}
	list = append(list, f.unknownIn(b.Body, fields, []string{"validation"})...)
	for _, a := range attributes(b.Body) {
		switch a.Name {
		case "type":
			typ, optional, problems := typeexpr.TypeConstraintWithDefaults(a.Expr)
			if problems.HasErrors() {
				list = append(list, f.convert(problems, diag.BadValue)...)
				continue
			}
			v.typ, v.optional, v.typed = typ, optional, true
		case "default":
			v.fallback = a
		case "description":
			list = append(list, f.static(a, cty.String, "a string", func(x cty.Value) { v.description = x.AsString() })...)
		case "sensitive":
			list = append(list, f.static(a, cty.Bool, "true or false", func(x cty.Value) { v.sensitive = x.True() })...)
		}
	}
	for _, inner := range b.Body.Blocks {
		if inner.Type != "validation" {
			continue
		}
		list = append(list, f.labels(inner)...)
		list = append(list, f.unknownIn(inner.Body, []string{"condition", "error_message"}, nil)...)
		condition := inner.Body.Attributes["condition"]
		if condition == nil {
			list = append(list, diag.At(f.at(inner.DefRange()), diag.MissingField, "validation needs a condition"))
			continue
		}
		v.validations = append(v.validations, validation{condition, inner.Body.Attributes["error_message"]})
	}
	return list
}

func (f *File) readLocals(b *hclsyntax.Block) diag.List {
	var list diag.List
	for _, inner := range b.Body.Blocks {
		list = append(list, diag.At(f.at(inner.TypeRange), diag.WrongType, "locals holds attributes only").
			Because("Write %s = { … }.", inner.Type))
	}
	for _, a := range attributes(b.Body) {
		if first := f.locals[a.Name]; first != nil {
			list = append(list, diag.At(f.at(a.NameRange), diag.Duplicate, "local %q is defined twice", a.Name).
				Because("It is first at %s.", f.at(first.NameRange)))
			continue
		}
		f.locals[a.Name] = a
	}
	return list
}

// convert makes what HCL found diagnostics; every one is in the file that its
// own range names.
func (f *File) convert(problems hcl.Diagnostics, code diag.Code) diag.List {
	var list diag.List
	for _, p := range problems {
		s := &source{}
		if p.Subject != nil && f.source(p.Subject.Filename) != nil {
			s = f.source(p.Subject.Filename)
		}
		list = append(list, s.diagnostics(hcl.Diagnostics{p}, code)...)
	}
	return list
}
