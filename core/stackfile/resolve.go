package stackfile

import (
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// Stack is the stack of that name with all that it inherits. It is nil when
// there is no such stack or it is abstract.
func (f *File) Stack(name string) (*Stack, diag.List) {
	block := f.stack(name)
	concrete := f.stackNames(func(s *stackBlock) bool { return !s.abstract })
	if block == nil {
		d := diag.New(diag.StackNotFound, "stack %q does not exist", name).
			Because("Stacks: %s.", strings.Join(concrete, ", ")).Try(diag.DidYouMean(name, concrete))
		return nil, diag.List{d}
	}
	if block.abstract {
		d := diag.At(f.at(block.block.DefRange()), diag.StackAbstract, "stack %q is abstract and cannot be used itself", name)
		heirs := f.stackNames(func(s *stackBlock) bool { return !s.abstract && f.descends(s, block) })
		if len(heirs) > 0 {
			d = d.Try("use one that inherits it: " + strings.Join(heirs, ", "))
		}
		return nil, diag.List{d}
	}
	s := f.scope()
	out := s.stack(block)
	return out, s.list
}

func (f *File) descends(s, from *stackBlock) bool {
	for _, l := range f.lineage(s) {
		if l == from {
			return true
		}
	}
	return false
}

// stack evaluates a stack and all that it inherits.
func (s *scope) stack(block *stackBlock) *Stack {
	out := &Stack{Name: block.name, Range: s.file.at(block.block.DefRange()), Dir: s.file.dir, sensitive: s.sensitive}
	layers := map[string][]*settings.Value{}
	components := map[string]*Component{}
	packages := map[string]*settings.Value{}
	for _, b := range s.file.lineage(block) {
		for _, k := range kinds() {
			inner := b.components[k.name]
			if inner == nil {
				continue
			}
			c := &Component{Kind: k.name, Range: s.file.at(inner.DefRange()), sensitive: s.sensitive}
			if k.labeled {
				c.Type = inner.Labels[0]
			}
			config := s.body(inner.Body, c.Range, true)
			if below := components[k.name]; below != nil && below.Type != c.Type {
				layers[k.name] = nil
			}
			layers[k.name] = append(layers[k.name], config)
			components[k.name] = c
		}
		for _, name := range packageAttributes() {
			if a := b.packages[name]; a != nil {
				if v := s.value(a.Expr); v != nil {
					packages[name] = v
				}
			}
		}
		if b.defaults != nil {
			v := s.body(b.defaults.Body, s.file.at(b.defaults.DefRange()), false)
			out.Defaults = append([]*settings.Value{v}, out.Defaults...)
		}
	}
	out.Requirements = s.texts("requirements", packages["requirements"])
	out.AptPackages = s.texts("apt_packages", packages["apt_packages"])
	for _, k := range kinds() {
		c := components[k.name]
		if c == nil {
			continue
		}
		merged := mergeLayers(layers[k.name], nil)
		out.Requirements = append(out.Requirements, s.texts("requirements", merged.Get("requirements"))...)
		out.AptPackages = append(out.AptPackages, s.texts("apt_packages", merged.Get("apt_packages"))...)
		for _, layer := range layers[k.name] {
			c.layers = append(c.layers, without(layer, packageAttributes()))
		}
		c.Config = mergeLayers(c.layers, nil)
		*out.slot(k.name) = c
	}
	if out.Orchestrator == nil && !block.abstract {
		s.report(diag.At(out.Range, diag.StackComponent, "stack %q has no orchestrator", block.name).
			Because(`Write orchestrator "local" {} or another one in it, or inherit a stack that has one.`))
	}
	if !block.abstract { // what an abstract stack lacks, its heirs may have
		s.own(out)
	}
	s.shared(out)
	return out
}

// slot is the field for components of a kind.
func (s *Stack) slot(kind string) **Component {
	switch kind {
	case "orchestrator":
		return &s.Orchestrator
	case "image_builder":
		return &s.ImageBuilder
	case "container_registry":
		return &s.ContainerRegistry
	case "artifact_store":
		return &s.ArtifactStore
	case "secret_store":
		return &s.SecretStore
	default:
		return &s.CodeRepository
	}
}

// Components are the component blocks that the stack has.
func (s *Stack) Components() []*Component {
	var list []*Component
	for _, k := range kinds() {
		if c := *s.slot(k.name); c != nil {
			list = append(list, c)
		}
	}
	return list
}

// without is a map without some keys.
func without(v *settings.Value, keys []string) *settings.Value {
	out := *v
	out.Entries = nil
	for _, e := range v.Entries {
		if !contains(keys, e.Key) {
			out.Entries = append(out.Entries, e)
		}
	}
	return &out
}

// texts are the strings of a list.
func (s *scope) texts(name string, v *settings.Value) []*settings.Value {
	if v == nil || v.Kind == settings.Null {
		return nil
	}
	if v.Kind != settings.List {
		s.report(diag.At(v.Range, diag.WrongType, "%s must be a list of strings", name))
		return nil
	}
	var list []*settings.Value
	for _, item := range v.Items {
		if item.Kind != settings.Scalar || item.Type != settings.String {
			s.report(diag.At(item.Range, diag.WrongType, "%s must be a list of strings", name))
			continue
		}
		list = append(list, item)
	}
	return list
}

// attribute evaluates an attribute of a block; nil where it is absent.
func (s *scope) attribute(b *hclsyntax.Body, name string) *settings.Value {
	if a := b.Attributes[name]; a != nil {
		return s.value(a.Expr)
	}
	return nil
}
