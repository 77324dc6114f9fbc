package stackfile

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/sdk"
)

// checkInherits checks that every inherited stack exists and that none
// inherits itself.
func (f *File) checkInherits() diag.List {
	var list diag.List
	const open, done = 1, 2
	state := map[*stackBlock]int{}
	var path []string
	var visit func(s *stackBlock)
	visit = func(s *stackBlock) {
		state[s] = open
		path = append(path, s.name)
		for _, p := range s.inherits {
			parent := f.stack(p.name)
			switch {
			case parent == nil:
				list = append(list, diag.At(p.at, diag.StackInherits, "stack %q inherits unknown stack %q", s.name, p.name).
					Try(diag.DidYouMean(p.name, f.stackNames(func(o *stackBlock) bool { return o != s }))))
			case state[parent] == open:
				start := 0
				for i, name := range path {
					if name == parent.name {
						start = i
					}
				}
				circle := append(append([]string(nil), path[start:]...), parent.name)
				list = append(list, diag.At(p.at, diag.StackInherits, "stack %q inherits itself", parent.name).
					Because("%s", strings.Join(circle, " → ")))
			case state[parent] != done:
				visit(parent)
			}
		}
		path = path[:len(path)-1]
		state[s] = done
	}
	for _, s := range f.stacks {
		if state[s] == 0 {
			visit(s)
		}
	}
	return list
}

// lineage is a stack and all that it inherits, each once, the one whose word
// counts least first.
func (f *File) lineage(s *stackBlock) []*stackBlock {
	var order []*stackBlock
	seen := map[*stackBlock]bool{}
	var visit func(*stackBlock)
	visit = func(s *stackBlock) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		for _, p := range s.inherits {
			visit(f.stack(p.name))
		}
		order = append(order, s)
	}
	visit(s)
	return order
}

func (f *File) stackNames(keep func(*stackBlock) bool) []string {
	var names []string
	for _, s := range f.stacks {
		if keep(s) {
			names = append(names, s.name)
		}
	}
	return names
}

// mergeLayers merges the contents of blocks of one type, the one that counts
// least first. With a schema, blocks that may be repeated replace the inherited
// ones, as lists do; without one, a single block is taken for a map.
func mergeLayers(layers []*settings.Value, schema *sdk.Block) *settings.Value {
	var merged *settings.Value
	for _, layer := range layers {
		if merged == nil {
			merged = layer
			continue
		}
		merged = over(layer, merged, schema)
	}
	return withoutNulls(merged)
}

// over is upper, with what lower has beside it.
func over(upper, lower *settings.Value, schema *sdk.Block) *settings.Value {
	if upper.Kind != settings.Map || lower.Kind != settings.Map {
		out := *upper
		below := *lower
		below.Overrode = nil
		out.Overrode = append(append([]*settings.Value(nil), &below), lower.Overrode...)
		return &out
	}
	out := *upper
	out.Entries = append([]settings.Entry(nil), lower.Entries...)
	for _, e := range upper.Entries {
		at := -1
		for i := range out.Entries {
			if out.Entries[i].Key == e.Key {
				at = i
			}
		}
		if at < 0 {
			out.Entries = append(out.Entries, e)
			continue
		}
		inner, many := nested(schema, e.Key)
		below := out.Entries[at].Value
		if many {
			replaced := *e.Value
			replaced.Overrode = append([]*settings.Value{below}, below.Overrode...)
			e.Value = &replaced
		} else {
			e.Value = over(e.Value, below, inner)
		}
		out.Entries[at] = e
	}
	return &out
}

// nested is the schema of a block within a block.
func nested(schema *sdk.Block, name string) (inner *sdk.Block, many bool) {
	if schema == nil {
		return nil, false
	}
	for i := range schema.Blocks {
		if schema.Blocks[i].Name == name {
			return &schema.Blocks[i].Block, schema.Blocks[i].Many
		}
	}
	return nil, false
}

// withoutNulls removes what was set to null; null says that there is nothing,
// whatever is inherited.
func withoutNulls(v *settings.Value) *settings.Value {
	if v == nil || v.Kind != settings.Map {
		return v
	}
	out := *v
	out.Entries = nil
	for _, e := range v.Entries {
		if e.Value.Kind == settings.Null {
			continue
		}
		e.Value = withoutNulls(e.Value)
		out.Entries = append(out.Entries, e)
	}
	return &out
}
