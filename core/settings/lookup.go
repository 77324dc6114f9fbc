package settings

import (
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Lookup is the value at a path of a tree; the empty path is the tree itself.
// A path that leads nowhere is an error, a diag.List, with what was perhaps
// meant.
func Lookup(root *Value, path string) (*Value, error) {
	parts, err := ParsePath(path)
	if err != nil {
		return nil, err
	}
	v := root
	for i, p := range parts {
		next := step(v, p)
		if next == nil {
			return nil, diag.List{nowhere(v, parts, i)}
		}
		v = next
	}
	if v == nil {
		return nil, errors.New("look up a setting: there is no tree")
	}
	return v, nil
}

func step(v *Value, p Part) *Value {
	if p.Key != "" {
		return v.Get(p.Key)
	}
	if v != nil && v.Kind == List && p.Index < len(v.Items) {
		return v.Items[p.Index]
	}
	return nil
}

// nowhere says why parts[i] is not in v.
func nowhere(v *Value, parts []Part, i int) diag.Diagnostic {
	d := diag.New(diag.SettingPath, "nothing is set at %q", JoinPath(parts[:i+1]...))
	switch p := parts[i]; {
	case v == nil || v.Kind == Scalar || v.Kind == Null:
		return d.Because("%q is %s.", JoinPath(parts[:i]...), v.Describe())
	case p.Key == "" && v.Kind == List:
		return d.Because("The list has %d items; the first one is [0].", len(v.Items))
	case p.Key == "":
		return d.Because("%q is a map.", JoinPath(parts[:i]...))
	case v.Kind == List:
		return d.Because("%q is a list; its items are [0] and so on.", JoinPath(parts[:i]...))
	}
	var keys []string
	for _, e := range v.Entries {
		keys = append(keys, e.Key)
	}
	return meant(d, parts[i].Key, keys)
}

// meant is d with what key was perhaps meant to be, else what there is.
func meant(d diag.Diagnostic, key string, known []string) diag.Diagnostic {
	d = d.Try(diag.DidYouMean(key, known))
	if d.Suggestion == "" && len(known) > 0 {
		d = d.Because("Known here: %s.", strings.Join(known, ", "))
	}
	return d
}

// Known reports whether a path can be set in a tree that is decoded into t. If
// not, the error, a diag.List, says where the path leaves what is known, and
// what was perhaps meant.
func Known(t reflect.Type, path string) error {
	parts, err := ParsePath(path)
	if err != nil {
		return err
	}
	s := NewTypes()
	t = deref(t)
	for i, p := range parts {
		if raw(t) || isUnmarshaler(t) {
			return nil
		}
		switch {
		case p.Key == "" && t.Kind() == reflect.Slice, p.Key != "" && t.Kind() == reflect.Map:
			t = deref(t.Elem())
		case p.Key != "" && t.Kind() == reflect.Struct && !isText(t):
			f, ok := s.of(t).field(p.Key)
			if !ok {
				return diag.List{meant(diag.New(diag.SettingPath, "there is no setting %q", JoinPath(parts[:i+1]...)), p.Key, s.of(t).names())}
			}
			t = f.typ
		default:
			return diag.List{diag.New(diag.SettingPath, "there is no setting %q", JoinPath(parts[:i+1]...)).
				Because("%q has nothing inside.", JoinPath(parts[:i]...))}
		}
	}
	return nil
}

// Paths is every path that can be set in a tree that is decoded into t, sorted.
// Keys that the user names are "*", and items of lists have no path.
func Paths(t reflect.Type) []string {
	w := pathWalker{types: NewTypes(), inside: map[reflect.Type]bool{}}
	w.walk(deref(t), nil)
	slices.Sort(w.found)
	return slices.Compact(w.found)
}

type pathWalker struct {
	types  *Types
	inside map[reflect.Type]bool // types being walked, against circles
	found  []string
}

func (w *pathWalker) walk(t reflect.Type, at []Part) {
	if len(at) > 0 {
		w.found = append(w.found, JoinPath(at...))
	}
	if raw(t) || isUnmarshaler(t) || isText(t) || w.inside[t] {
		return
	}
	w.inside[t] = true
	defer delete(w.inside, t)
	switch t.Kind() {
	case reflect.Struct:
		for _, f := range w.types.of(t).fields {
			w.walk(f.typ, append(slices.Clone(at), Part{Key: f.name}))
		}
	case reflect.Map:
		if e := deref(t.Elem()); !raw(e) && e.Kind() == reflect.Struct {
			w.walk(e, append(slices.Clone(at), Part{Key: "*"}))
		}
	}
}

// Leaves is the path of every value of a tree that holds no further keys, in
// the order of the tree: what `explain` lists.
func Leaves(v *Value) []string {
	var found []string
	leaves(v, nil, &found)
	return found
}

func leaves(v *Value, at []Part, found *[]string) {
	if v == nil {
		return
	}
	if v.Kind == Map && len(v.Entries) > 0 {
		for _, e := range v.Entries {
			if e.Key != "" {
				leaves(e.Value, append(slices.Clone(at), Part{Key: e.Key}), found)
			}
		}
		return
	}
	if len(at) > 0 {
		*found = append(*found, JoinPath(at...))
	}
}
