package stackfile

import (
	"github.com/stackrun/stack/core/diag"
)

// Check evaluates every stack, also abstract ones, and everything else in the
// file. A mistake that several stacks share is given once.
func (f *File) Check() diag.List {
	var list diag.List
	for _, block := range f.stacks {
		s := f.scope()
		s.stack(block)
		list = append(list, s.list...)
	}
	_, problems := f.DefaultStack()
	list = append(list, problems...)
	s := f.scope()
	for _, name := range f.variableNames() {
		if v := f.variables[name]; v.fallback != nil || f.has(name) {
			s.variable(name, f.at(v.block.DefRange()))
		}
	}
	list = append(list, s.list...)
	// A variable that has no value here is for the stacks that need it to say.
	s = f.scope()
	s.tolerant = true
	for _, name := range f.localNames() {
		s.local(name, f.at(f.locals[name].NameRange))
	}
	list = append(list, s.list...)
	return distinct(list)
}

func (f *File) has(variable string) bool {
	_, ok := f.given[variable]
	return ok
}

func distinct(list diag.List) diag.List {
	type key struct {
		at      diag.Range
		summary string
	}
	seen := map[key]bool{}
	var out diag.List
	for _, d := range list {
		k := key{summary: d.Summary}
		if d.Range != nil {
			k.at = *d.Range
		}
		if !seen[k] {
			out = append(out, d)
		}
		seen[k] = true
	}
	return out
}
