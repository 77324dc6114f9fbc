package stackfile

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
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

// add reads the structure of a stacks.hcl.
func (f *File) add(s *source) diag.List {
	f.sources[s.name] = s
	body, list := s.parse()
	if broken(list) {
		return list
	}
	for _, a := range attributes(body) {
		if a.Name != "default_stack" {
			list = append(list, f.unknown(a.NameRange, a.Name, topLevel()))
			continue
		}
		f.defaultStack = a
	}
	integrations := map[string]*hclsyntax.Block{}
	for _, b := range body.Blocks {
		switch b.Type {
		case "stack_config":
			list = append(list, f.labels(b)...)
			if len(f.configs) > 0 {
				list = append(list, f.twice(b, f.configs[0].DefRange(), "stack_config is written twice"))
				continue
			}
			f.configs = append(f.configs, b)
		case "variable":
			list = append(list, f.readVariable(b)...)
		case "locals":
			list = append(list, f.labels(b)...)
			list = append(list, f.readLocals(b)...)
		case "integration":
			problems := f.labels(b, "NAME")
			list = append(list, problems...)
			if problems.HasErrors() {
				continue
			}
			list = append(list, f.unknownIn(b.Body, append(packageAttributes(), "description"), nil)...)
			if first := integrations[b.Labels[0]]; first != nil {
				list = append(list, f.twice(b, first.DefRange(), fmt.Sprintf("integration %q is defined twice", b.Labels[0])))
				continue
			}
			integrations[b.Labels[0]] = b
			f.integrations = append(f.integrations, b)
		case "stack":
			stack, problems := f.readStack(b)
			list = append(list, problems...)
			if stack == nil {
				continue
			}
			if first := f.stack(stack.name); first != nil {
				list = append(list, f.twice(b, first.block.DefRange(), fmt.Sprintf("stack %q is defined twice", stack.name)))
				continue
			}
			f.stacks = append(f.stacks, stack)
		default:
			list = append(list, f.unknown(b.TypeRange, b.Type, topLevel()))
		}
	}
	sort.SliceStable(list, func(i, j int) bool { return before(list[i].Range, list[j].Range) })
	return list
}

// broken reports whether a text has syntax errors. What could be read of it is
// then not looked at, as most of what is wrong with it would follow from them.
func broken(list diag.List) bool {
	for _, d := range list {
		if d.Code == diag.Syntax && d.Severity == diag.Error {
			return true
		}
	}
	return false
}

// before orders places of one file; what has none comes first.
func before(a, b *diag.Range) bool {
	switch {
	case a == nil || b == nil:
		return a == nil && b != nil
	case a.Line != b.Line:
		return a.Line < b.Line
	}
	return a.Column < b.Column
}

func topLevel() []string {
	return []string{"stack_config", "variable", "locals", "integration", "stack", "default_stack"}
}

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

// labels checks that a block has as many labels as it has names for them.
func (f *File) labels(b *hclsyntax.Block, names ...string) diag.List {
	form := b.Type
	for _, n := range names {
		form += ` "` + n + `"`
	}
	switch {
	case len(b.Labels) < len(names):
		return diag.List{diag.At(f.at(b.DefRange()), diag.MissingField, "%s needs a %s", b.Type, strings.ToLower(names[len(b.Labels)])).Because("Write %s { … }.", form)}
	case len(b.Labels) > len(names):
		return diag.List{diag.At(f.at(b.LabelRanges[len(names)]), diag.Syntax, "%s has a label too many", b.Type).Because("Write %s { … }.", form)}
	}
	return nil
}

// unknownIn reports attributes and blocks that are not among those allowed.
func (f *File) unknownIn(body *hclsyntax.Body, attrs, blocks []string) diag.List {
	var list diag.List
	all := append(append([]string(nil), attrs...), blocks...)
	for _, a := range attributes(body) {
		if !contains(attrs, a.Name) {
			list = append(list, f.notHere(a.NameRange, a.Name, all, "a block"))
		}
	}
	for _, b := range body.Blocks {
		if !contains(blocks, b.Type) {
			list = append(list, f.notHere(b.TypeRange, b.Type, all, "an attribute, written with ="))
		}
	}
	return list
}

// notHere is a field that is unknown, or known and written in the wrong form.
func (f *File) notHere(r hcl.Range, name string, fields []string, form string) diag.Diagnostic {
	if contains(fields, name) {
		return diag.At(f.at(r), diag.WrongType, "%s is %s", name, form)
	}
	return f.unknown(r, name, fields)
}

func (f *File) unknown(r hcl.Range, name string, fields []string) diag.Diagnostic {
	return unknownField(f.at(r), name, fields)
}

func (f *File) twice(b *hclsyntax.Block, first hcl.Range, summary string) diag.Diagnostic {
	return diag.At(f.at(b.DefRange()), diag.Duplicate, "%s", summary).Because("It is first at %s.", f.at(first))
}

func (f *File) at(r hcl.Range) diag.Range {
	if s := f.source(r.Filename); s != nil {
		return s.at(r)
	}
	return diag.Range{File: r.Filename}
}

func unknownField(at diag.Range, name string, fields []string) diag.Diagnostic {
	d := diag.At(at, diag.UnknownField, "unknown field %q", name).Try(diag.DidYouMean(name, fields))
	if d.Suggestion == "" {
		if len(fields) == 0 {
			return d.Because("Nothing can be written here.")
		}
		d = d.Because("Known here: %s.", strings.Join(fields, ", "))
	}
	return d
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

// validName reports whether name is [a-z][a-z0-9_-]{0,62}.
func validName(name string) bool {
	if len(name) == 0 || len(name) > 63 || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	for i := 1; i < len(name); i++ {
		c := name[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}
