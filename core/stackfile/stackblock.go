package stackfile

import (
	"fmt"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/stackrun/stack/core/diag"
)

// stackBlock is a stack as written, its structure checked and its expressions
// not yet evaluated.
type stackBlock struct {
	name        string
	description string
	abstract    bool
	builtin     bool
	inherits    []parent
	block       *hclsyntax.Block
	defaults    *hclsyntax.Block
	components  map[string]*hclsyntax.Block // by kind
	packages    map[string]*hclsyntax.Attribute
}

// parent is an entry of inherits.
type parent struct {
	name string
	at   diag.Range
}

// kinds are the component blocks; those with a label name what implements them.
func kinds() []kind {
	return []kind{
		{"orchestrator", true}, {"image_builder", true}, {"container_registry", false},
		{"code_repository", true}, {"artifact_store", false}, {"secret_store", true},
	}
}

type kind struct {
	name    string
	labeled bool
}

// packageAttributes are attributes of a stack and of every component block
// that add packages to images.
func packageAttributes() []string { return []string{"requirements", "apt_packages"} }

// readStack reads the structure of a stack block; nil where it has no name.
func (f *File) readStack(b *hclsyntax.Block) (*stackBlock, diag.List) {
	list := f.labels(b, "NAME")
	if list.HasErrors() {
		return nil, list
	}
	s := &stackBlock{name: b.Labels[0], block: b, components: map[string]*hclsyntax.Block{}, packages: map[string]*hclsyntax.Attribute{}}
	if !validName(strings.TrimLeft(s.name, "_")) {
		list = append(list, diag.At(f.at(b.LabelRanges[0]), diag.BadName, "stack cannot be named %q", s.name).
			Because("Names are [a-z][a-z0-9_-]{0,62}, with any number of _ before it."))
	}
	fields := append([]string{"abstract", "inherits", "description", "defaults"}, packageAttributes()...)
	labeled := map[string]bool{}
	for _, k := range kinds() {
		fields = append(fields, k.name)
		labeled[k.name] = k.labeled
	}
	for _, a := range attributes(b.Body) {
		switch a.Name {
		case "abstract":
			list = append(list, f.static(a, cty.Bool, "true or false", func(v cty.Value) { s.abstract = v.True() })...)
		case "description":
			list = append(list, f.static(a, cty.String, "a string", func(v cty.Value) { s.description = v.AsString() })...)
		case "inherits":
			list = append(list, f.readInherits(a, s)...)
		case "requirements", "apt_packages":
			s.packages[a.Name] = a
		default:
			list = append(list, f.notHere(a.NameRange, a.Name, fields, "a block")) // unknown, or a block written with "="
		}
	}
	for _, inner := range b.Body.Blocks {
		takesLabel, component := labeled[inner.Type]
		switch {
		case inner.Type == "defaults":
			list = append(list, f.labels(inner)...)
			if s.defaults != nil {
				list = append(list, f.twice(inner, s.defaults.DefRange(), "defaults are written twice"))
				continue
			}
			s.defaults = inner
		case component:
			var problems diag.List
			if takesLabel {
				problems = f.labels(inner, "TYPE")
			} else {
				problems = f.labels(inner)
			}
			if !problems.HasErrors() && takesLabel && !validName(inner.Labels[0]) {
				problems = append(problems, diag.At(f.at(inner.LabelRanges[0]), diag.BadName, "%s cannot be of type %q", inner.Type, inner.Labels[0]).
					Because("Types are [a-z][a-z0-9_-]{0,62}."))
			}
			list = append(list, problems...)
			if problems.HasErrors() {
				continue
			}
			if first := s.components[inner.Type]; first != nil {
				list = append(list, f.twice(inner, first.DefRange(), fmt.Sprintf("stack %q has two %s blocks", s.name, inner.Type)))
				continue
			}
			s.components[inner.Type] = inner
		default:
			list = append(list, f.notHere(inner.TypeRange, inner.Type, fields, "an attribute, written with ="))
		}
	}
	return s, list
}

// readInherits reads the names of inherited stacks. They are written out, so
// that what a stack inherits can be seen without evaluating anything.
func (f *File) readInherits(a *hclsyntax.Attribute, s *stackBlock) diag.List {
	tuple, ok := a.Expr.(*hclsyntax.TupleConsExpr)
	if !ok {
		return diag.List{diag.At(f.at(a.Expr.Range()), diag.WrongType, "inherits must be a list of stack names").
			Because(`Such as ["_base"]. The names are written out; expressions cannot be used.`)}
	}
	var list diag.List
	for _, e := range tuple.Exprs {
		v, problems := e.Value(nil)
		at := f.at(e.Range())
		if problems.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != cty.String {
			list = append(list, diag.At(at, diag.WrongType, "inherits must be a list of stack names").
				Because(`Such as ["_base"]. The names are written out; expressions cannot be used.`))
			continue
		}
		name, twice := v.AsString(), false
		for _, p := range s.inherits {
			twice = twice || p.name == name
		}
		if twice {
			list = append(list, diag.At(at, diag.Duplicate, "stack %q inherits %q twice", s.name, name))
			continue
		}
		s.inherits = append(s.inherits, parent{name, at})
	}
	return list
}

// static evaluates an attribute that must be a constant.
func (f *File) static(a *hclsyntax.Attribute, want cty.Type, form string, set func(cty.Value)) diag.List {
	v, problems := a.Expr.Value(nil)
	if problems.HasErrors() || v.IsNull() || !v.IsKnown() || v.Type() != want {
		return diag.List{diag.At(f.at(a.Expr.Range()), diag.WrongType, "%s must be %s", a.Name, form).
			Because("It is written out; expressions cannot be used.")}
	}
	set(v)
	return nil
}
