package stackfile

import "github.com/stackrun/stack/core/diag"

// ListStacks is every stack, in the order written, built-in ones last. Nothing
// is evaluated but default_stack; a mistake in it is a warning here, as the
// list helps to mend it.
func (f *File) ListStacks() ([]Listed, diag.List) {
	chosen, problems := f.DefaultStack()
	if f.defaultStack == nil {
		problems = nil // that none is chosen matters to those who need one
	}
	for i := range problems {
		problems[i] = problems[i].AsWarning()
	}
	list := make([]Listed, 0, len(f.stacks))
	for _, s := range f.stacks {
		l := Listed{
			Name: s.name, Description: s.description, Abstract: s.abstract, Builtin: s.builtin,
			Default: s.name == chosen, Range: f.at(s.block.DefRange()),
		}
		for _, p := range s.inherits {
			l.Inherits = append(l.Inherits, p.name)
		}
		nearest := map[string]*Component{}
		for _, b := range f.lineage(s) {
			for kind, block := range b.components {
				c := &Component{Kind: kind, Range: f.at(block.DefRange())}
				if len(block.Labels) > 0 {
					c.Type = block.Labels[0]
				}
				nearest[kind] = c
			}
		}
		for _, k := range kinds() {
			if c := nearest[k.name]; c != nil {
				l.Components = append(l.Components, c)
			}
		}
		list = append(list, l)
	}
	return list, problems
}

// Integration is the integration of that name, or a diagnostic at the place
// where it is asked for.
func (s *Stack) Integration(name string, at diag.Range) (*Integration, diag.List) {
	var names []string
	for i := range s.Integrations {
		if s.Integrations[i].Name == name {
			return &s.Integrations[i], nil
		}
		names = append(names, s.Integrations[i].Name)
	}
	d := diag.At(at, diag.BadValue, "there is no integration %q", name).Try(diag.DidYouMean(name, names))
	if d.Suggestion == "" {
		d = d.Because("Integrations are blocks of %s: integration %q { requirements = […] }.", FileName, name)
	}
	return nil, diag.List{d}
}
