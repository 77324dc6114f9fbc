package settings

import (
	"reflect"
	"slices"

	"github.com/stackrun/stack/core/diag"
)

// Merge makes one tree of the trees of several layers, the one whose word
// counts most first; nil layers are none. t is the Go type that the tree is to
// be decoded into; it says what is a list and what is a map. The layers are not
// changed; parts of them are shared with the result.
//
//   - Scalars and lists replace. Maps merge key by key, so {} keeps all that is
//     inherited, and a map in place of another kind of value replaces it.
//   - null takes away an inherited key or value. In a map tagged merge:"null"
//     it is a value instead.
//   - {append: [..], remove: [..]} in place of a list changes the inherited
//     one: first remove takes items away, by package name (PEP 503) in a list
//     tagged merge:"names" and by exact text elsewhere, then append follows
//     what is left. Where a single value is inherited it becomes the first
//     item; in a list tagged merge:"names" it is a requirements file, which
//     the item "-r FILE" includes. In a value of unknown type, such as a
//     plugin's, the form counts unless a map is inherited.
//   - In a map tagged merge:"null", remove: [..] takes away inherited keys.
//   - A value tagged merge:"-" is not merged: the highest replaces the others.
//
// In the result every value has in Overrode what lower layers said, the nearest
// first, nulls included, and every map in Removed what was taken out of it. A
// remove that finds nothing is a warning, and a
// malformed append or remove an error, which leaves the value as inherited.
func Merge(t reflect.Type, layers ...*Value) (*Value, diag.List) {
	return NewTypes().Merge(t, layers...)
}

// Merge is the function of this name, for many trees.
func (s *Types) Merge(t reflect.Type, layers ...*Value) (*Value, diag.List) {
	m := merger{types: s, gone: map[*Value]bool{}}
	root := rule{typ: deref(t)}
	var merged *Value
	for _, layer := range slices.Backward(layers) {
		if layer != nil {
			merged = m.merge(root, layer, merged)
		}
	}
	if merged == nil || merged.Kind == Null {
		return &Value{Kind: Map, Layer: Default, Entries: []Entry{}}, m.list
	}
	return m.finish(root, merged), m.list
}

type merger struct {
	types *Types
	list  diag.List
	gone  map[*Value]bool // nulls that stand for removed keys where null is a value
}

// rule is what the Go type says about a value.
type rule struct {
	typ reflect.Type // nil: unknown, as inside of a plugin's settings
	tag string       // the merge tag
}

// at is the rule of a key below.
func (m *merger) at(r rule, key string) rule {
	if raw(r.typ) || isUnmarshaler(r.typ) {
		return rule{}
	}
	if r.typ.Kind() == reflect.Struct {
		f, _ := m.types.of(r.typ).field(key)
		return rule{typ: f.typ, tag: f.merge}
	}
	return rule{typ: inside(r.typ)}
}

// merge is over on top of under, which is merged already; nil is nothing.
// Nulls stay until finish, so that it is known what took a value away.
func (m *merger) merge(r rule, over, under *Value) *Value {
	if over.Kind != Map || r.tag == "-" {
		out := *over
		out.Overrode = overrode(under)
		return &out
	}
	if m.edits(r, over, under) {
		return m.editList(r, over, under)
	}
	return m.mergeMaps(r, over, under)
}

func overrode(under *Value) []*Value {
	if under == nil {
		return nil
	}
	return append([]*Value{under}, under.Overrode...)
}

func (m *merger) mergeMaps(r rule, over, under *Value) *Value {
	out := *over
	out.Entries, out.Overrode = make([]Entry, 0, len(over.Entries)), overrode(under)
	written := over.Entries
	if under != nil && under.Kind == Map {
		out.Entries, out.Overrode = append(out.Entries, under.Entries...), under.Overrode
	}
	index := make(map[string]int, len(out.Entries)+len(written))
	for i, e := range out.Entries {
		index[e.Key] = i
	}
	if r.tag == "null" {
		written = m.removeKeys(written, out.Entries, index)
	}
	for _, e := range written {
		i, have := index[e.Key]
		if !have {
			index[e.Key] = len(out.Entries)
			out.Entries = append(out.Entries, Entry{Key: e.Key, Range: e.Range, Value: m.merge(m.at(r, e.Key), e.Value, nil)})
			continue
		}
		below := out.Entries[i].Value
		out.Entries[i] = Entry{Key: e.Key, Range: e.Range, Value: m.merge(m.at(r, e.Key), e.Value, below)}
	}
	return &out
}

// finish takes out what null took away.
func (m *merger) finish(r rule, v *Value) *Value {
	if v.Kind != Map || r.tag == "-" {
		return v
	}
	out := *v
	out.Entries, out.Removed = make([]Entry, 0, len(v.Entries)), nil
	for _, e := range v.Entries {
		if m.gone[e.Value] || e.Value.Kind == Null && r.tag != "null" {
			if slices.ContainsFunc(e.Value.Overrode, func(v *Value) bool { return v.Kind != Null }) {
				out.Removed = append(out.Removed, e)
			}
			continue
		}
		e.Value = m.finish(m.at(r, e.Key), e.Value)
		out.Entries = append(out.Entries, e)
	}
	return &out
}
