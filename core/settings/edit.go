package settings

import (
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// edits reports whether v, a map, is the {append, remove} form of a list.
func (m *merger) edits(r rule, v, under *Value) bool {
	if len(v.Entries) == 0 {
		return false
	}
	var others []Entry
	for _, e := range v.Entries {
		if e.Key != "append" && e.Key != "remove" {
			others = append(others, e)
		}
	}
	switch {
	case len(others) == len(v.Entries):
		return false
	case isList(r.typ, r.tag):
		for _, e := range others {
			m.list = append(m.list, diag.At(e.Range, diag.UnknownField, "unknown field %q", e.Key).
				Because("An inherited list is changed with {append: [..], remove: [..]}, and nothing else."))
		}
		return true
	case len(others) > 0:
		return false
	}
	if !raw(r.typ) || under != nil && under.Kind == Map {
		return false
	}
	for _, e := range v.Entries { // of unknown type: only what can be nothing else
		if e.Value.Kind != List {
			return false
		}
	}
	return true
}

func (m *merger) editList(r rule, over, under *Value) *Value {
	appended, okAppend := m.listOf(over, "append")
	taken, okRemove := m.listOf(over, "remove")
	if !okAppend || !okRemove {
		if under != nil {
			return under
		}
		return &Value{Kind: Null, Layer: over.Layer, Range: over.Range}
	}
	out := &Value{Kind: List, Layer: over.Layer, Range: over.Range, Overrode: overrode(under)}
	items := inherited(r, under)
	for _, want := range taken {
		before := len(items)
		items = slices.DeleteFunc(items, func(have *Value) bool { return same(r, have, want) })
		if len(items) == before {
			m.nothingRemoved(want)
		}
	}
	out.Items = append(items, appended...)
	return out
}

// inherited is the items of what is below, in a slice of their own.
func inherited(r rule, under *Value) []*Value {
	switch {
	case under == nil || under.Kind == Null:
		return []*Value{}
	case under.Kind == List:
		return append([]*Value{}, under.Items...)
	case under.Kind == Scalar && r.tag == "names":
		file := *under
		file.Text, file.Type, file.Overrode = "-r "+under.Text, String, nil
		return []*Value{&file}
	}
	return []*Value{under}
}

// listOf is the items under append or remove; absent and null are none.
func (m *merger) listOf(v *Value, key string) ([]*Value, bool) {
	part := v.Get(key)
	if part == nil || part.Kind == Null {
		return nil, true
	}
	if part.Kind != List {
		d := wrongType(part, key, "a list")
		if part.Kind == Scalar {
			item := &Value{Kind: List, Items: []*Value{part}}
			d = d.Try("write " + key + ": " + item.PlainText())
		}
		m.list = append(m.list, d)
		return nil, false
	}
	return part.Items, true
}

// same reports whether want, of a remove, means have.
func same(r rule, have, want *Value) bool {
	if have.Kind != Scalar || want.Kind != Scalar {
		return have.Kind != Scalar && have.PlainText() == want.PlainText()
	}
	if have.Text == want.Text {
		return true
	}
	if r.tag != "names" {
		return false
	}
	if file, ok := strings.CutPrefix(have.Text, "-r "); ok {
		return file == want.Text
	}
	name := requirement.Name(want.Text)
	return name != "" && requirement.Name(have.Text) == name
}

// removeKeys does what remove, in a map where null is a value, says about the
// inherited entries, and is the entries without it. A list is no option's
// value, so remove with one cannot be meant as an option.
func (m *merger) removeKeys(written, entries []Entry, index map[string]int) []Entry {
	at := slices.IndexFunc(written, func(e Entry) bool { return e.Key == "remove" && e.Value.Kind == List })
	if at < 0 {
		return written
	}
	for _, want := range written[at].Value.Items {
		i, have := index[want.Text]
		if !have || want.Kind != Scalar || m.gone[entries[i].Value] {
			m.nothingRemoved(want)
			continue
		}
		null := &Value{Kind: Null, Layer: want.Layer, Range: want.Range, Overrode: overrode(entries[i].Value)}
		m.gone[null], entries[i].Value = true, null
	}
	return slices.Delete(slices.Clone(written), at, at+1)
}

func (m *merger) nothingRemoved(want *Value) {
	m.list = append(m.list, diag.At(want.Range, diag.SettingIgnored, "remove finds no %s in what is inherited", want.PlainText()).AsWarning())
}
