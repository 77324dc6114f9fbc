package settings

import (
	"reflect"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// Merge makes one tree of the trees of several layers, the one whose word
// counts most first; nil layers are none. t is the Go type that the tree will
// be decoded into, whose tags say what is a list and what is a map.
//
// Scalars and lists replace. Maps merge key by key, so that {} keeps what is
// inherited. null takes away an inherited key or value; in a map tagged
// merge:"null" it is a value instead. {append: [..], remove: [..]} in place of
// a list changes the inherited one: append follows it, and where it is a
// single value, such as the path of a requirements file, makes a list that
// includes that file; remove takes away items, by project name in lists tagged
// merge:"names". In a map tagged merge:"null", {remove: [..]} takes away keys.
//
// In the result every value knows what it overrode. A remove that finds
// nothing is a warning.
func Merge(t reflect.Type, layers ...*Value) (*Value, diag.List) {
	m := merger{}
	var merged *Value
	for i := len(layers) - 1; i >= 0; i-- {
		if layers[i] == nil {
			continue
		}
		merged = m.merge(rule{typ: t}, layers[i], merged)
	}
	if merged == nil {
		merged = &Value{Kind: Map, Layer: Default}
	}
	return merged, m.list
}

type merger struct{ list diag.List }

// rule is what the Go type says about a value.
type rule struct {
	typ reflect.Type // nil: unknown, as inside of a plugin's settings
	tag string       // the merge tag
}

func (r rule) kind() reflect.Kind {
	if r.typ == nil {
		return reflect.Invalid
	}
	return r.typ.Kind()
}

// takesList reports whether {append, remove} is the list form here.
func (r rule) takesList() bool {
	if r.typ == nil {
		return true
	}
	if r.kind() == reflect.Slice || r.kind() == reflect.Interface {
		return true
	}
	return r.kind() == reflect.Struct && r.isUnmarshaler()
}

func (r rule) isUnmarshaler() bool {
	return reflect.PointerTo(r.typ).Implements(reflect.TypeFor[Unmarshaler]())
}

// field is the rule of a key below.
func (r rule) field(key string) rule {
	switch r.kind() {
	case reflect.Struct:
		if f, ok := fieldsOf(r.typ)[key]; ok {
			t := f.Type
			for t.Kind() == reflect.Pointer {
				t = t.Elem()
			}
			return rule{typ: t, tag: f.Tag.Get("merge")}
		}
	case reflect.Map:
		return rule{typ: r.typ.Elem()}
	}
	return rule{}
}

// merge is over on top of under, which is already merged; nil is nothing.
func (m *merger) merge(r rule, over, under *Value) *Value {
	if over.Kind == Map {
		if appended, removed, ok := listEdit(over); ok && r.takesList() {
			return m.editList(r, over, appended, removed, under)
		}
		if removed := keyEdit(over); removed != nil && r.tag == "null" {
			return m.removeKeys(over, removed, under)
		}
		return m.mergeMaps(r, over, under)
	}
	out := *over
	out.Overrode = overrode(under)
	if out.Kind == List {
		out.Items = append([]*Value{}, over.Items...)
	}
	return &out
}

func overrode(under *Value) []*Value {
	if under == nil {
		return nil
	}
	return append([]*Value{under}, under.Overrode...)
}

func (m *merger) mergeMaps(r rule, over, under *Value) *Value {
	out := *over
	out.Entries = []Entry{}
	if under != nil && under.Kind == Map {
		out.Entries = append(out.Entries, under.Entries...)
		out.Overrode = under.Overrode
	} else {
		out.Overrode = overrode(under)
	}
	for _, e := range over.Entries {
		at := -1
		for i, have := range out.Entries {
			if have.Key == e.Key {
				at = i
			}
		}
		var below *Value
		if at >= 0 {
			below = out.Entries[at].Value
		}
		if e.Value.Kind == Null && r.tag != "null" {
			if at >= 0 {
				out.Entries = append(out.Entries[:at:at], out.Entries[at+1:]...)
			}
			continue
		}
		merged := Entry{Key: e.Key, Range: e.Range, Value: m.merge(r.field(e.Key), e.Value, below)}
		if at >= 0 {
			out.Entries[at] = merged
		} else {
			out.Entries = append(out.Entries, merged)
		}
	}
	return &out
}

// listEdit is the parts of {append: [..], remove: [..]}.
func listEdit(v *Value) (appended, removed *Value, ok bool) {
	for _, e := range v.Entries {
		switch {
		case e.Key == "append" && e.Value.Kind == List:
			appended = e.Value
		case e.Key == "remove" && e.Value.Kind == List:
			removed = e.Value
		default:
			return nil, nil, false
		}
	}
	return appended, removed, len(v.Entries) > 0
}

// keyEdit is the list of {remove: [..]}, or nil.
func keyEdit(v *Value) *Value {
	if len(v.Entries) == 1 && v.Entries[0].Key == "remove" && v.Entries[0].Value.Kind == List {
		return v.Entries[0].Value
	}
	return nil
}

func (m *merger) editList(r rule, over, appended, removed, under *Value) *Value {
	out := &Value{Kind: List, Layer: over.Layer, Range: over.Range, Items: []*Value{}, Overrode: overrode(under)}
	switch {
	case under == nil:
	case under.Kind == List:
		out.Items = append(out.Items, under.Items...)
	case under.Kind == Scalar && r.tag == "names":
		file := *under
		file.Text, file.Type = "-r "+under.Text, String
		out.Items = append(out.Items, &file)
	case under.Kind == Scalar:
		out.Items = append(out.Items, under)
	}
	if removed != nil {
		for _, item := range removed.Items {
			kept := []*Value{}
			for _, have := range out.Items {
				if !sameItem(r, have, item) {
					kept = append(kept, have)
				}
			}
			if len(kept) == len(out.Items) {
				m.nothingRemoved(item)
			}
			out.Items = kept
		}
	}
	if appended != nil {
		out.Items = append(out.Items, appended.Items...)
	}
	return out
}

// sameItem reports whether remove's item means have.
func sameItem(r rule, have, item *Value) bool {
	if have.Kind != Scalar || item.Kind != Scalar {
		return have.Kind != Scalar && item.Kind != Scalar && reflect.DeepEqual(have.Plain(), item.Plain())
	}
	if have.Text == item.Text {
		return true
	}
	name := requirement.Name(item.Text)
	return r.tag == "names" && name != "" && requirement.Name(have.Text) == name
}

func (m *merger) removeKeys(over, removed, under *Value) *Value {
	out := &Value{Kind: Map, Layer: over.Layer, Range: over.Range, Entries: []Entry{}, Overrode: overrode(under)}
	if under != nil {
		out.Entries = append(out.Entries, under.Entries...)
	}
	for _, item := range removed.Items {
		kept := []Entry{}
		for _, e := range out.Entries {
			if e.Key != item.Text {
				kept = append(kept, e)
			}
		}
		if len(kept) == len(out.Entries) {
			m.nothingRemoved(item)
		}
		out.Entries = kept
	}
	return out
}

func (m *merger) nothingRemoved(item *Value) {
	m.list = append(m.list, diag.At(item.Range, diag.SettingIgnored, "remove finds no %q in what is inherited", item.Text).AsWarning())
}
