package settings

import (
	"slices"
)

// Overridden is everything that v, of a merged tree, overrode, that of the
// nearest layers first. What an entry of a map overrode, or what was taken out
// of the map, is a map with that entry alone.
func Overridden(v *Value) []*Value {
	all := append(slices.Clone(v.Overrode), insides(v)...)
	for _, o := range v.Overrode {
		all = append(all, insides(o)...)
	}
	order := Layers()
	slices.SortStableFunc(all, func(a, b *Value) int { return slices.Index(order, a.Layer) - slices.Index(order, b.Layer) })
	return all
}

// insides is what the entries of a merged map overrode.
func insides(v *Value) []*Value {
	var all []*Value
	for _, entries := range [][]Entry{v.Entries, v.Removed} {
		for _, e := range entries {
			for _, o := range Overridden(e.Value) {
				all = append(all, &Value{Kind: Map, Layer: o.Layer, Range: o.Range, Entries: []Entry{{Key: e.Key, Range: o.Range, Value: o}}})
			}
		}
	}
	return all
}

// RemovedAt is the null that stands for what was taken away at a path of a
// merged tree, with what was there in Overrode; nil where nothing was.
func RemovedAt(root *Value, path string) *Value {
	parts, err := ParsePath(path)
	if err != nil {
		return nil
	}
	v := root
	for i, p := range parts {
		if next := step(v, p); next != nil {
			v = next
			continue
		}
		if v == nil || p.Key == "" {
			return nil
		}
		at := slices.IndexFunc(v.Removed, func(e Entry) bool { return e.Key == p.Key })
		if at < 0 {
			return nil
		}
		return removedInside(v.Removed[at].Value, parts[i+1:])
	}
	return nil
}

// removedInside is null with what it took away at parts of it; nil where there
// was nothing.
func removedInside(null *Value, parts []Part) *Value {
	if len(parts) == 0 {
		return null
	}
	out := &Value{Kind: Null, Layer: null.Layer, Range: null.Range}
	for _, was := range null.Overrode {
		for _, p := range parts {
			if was = step(was, p); was == nil {
				break
			}
		}
		if was != nil {
			out.Overrode = append(append(out.Overrode, was), was.Overrode...)
		}
	}
	if len(out.Overrode) == 0 {
		return nil
	}
	return out
}

// Removal is the entry that stands for e, taken away by what why says.
func Removal(e Entry, why *Value) Entry {
	return Entry{Key: e.Key, Range: e.Range, Value: &Value{Kind: Null, Layer: why.Layer, Range: why.Range, Overrode: overrode(e.Value)}}
}
