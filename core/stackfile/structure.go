package stackfile

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/stackrun/stack/core/diag"
)

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
