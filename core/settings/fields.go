package settings

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/stackrun/stack/core/diag"
)

// Unmarshaler is a type that takes several shapes. It is given Null too.
type Unmarshaler interface {
	UnmarshalSetting(v *Value) diag.List
}

// NamedUnmarshaler is an Unmarshaler whose mistakes name the setting: it is
// given the key that the value has.
type NamedUnmarshaler interface {
	Unmarshaler
	UnmarshalNamed(name string, v *Value) diag.List
}

// Suggester is an error of an encoding.TextUnmarshaler that knows a way out.
type Suggester interface{ Suggestion() string }

// field is what a struct says about one key of a map in a file.
type field struct {
	name     string
	index    []int
	typ      reflect.Type // without pointers
	doc      string
	merge    string // "names", "null", "-" or empty
	enum     []string
	required bool
	preset   string // the default, as text
}

// structure is the keys that a struct type knows, in the order of its fields.
type structure struct {
	fields []field
	byName map[string]int
}

func (s *structure) field(name string) (field, bool) {
	i, ok := s.byName[name]
	if !ok {
		return field{}, false
	}
	return s.fields[i], true
}

func (s *structure) names() []string {
	names := make([]string, len(s.fields))
	for i, f := range s.fields {
		names[i] = f.name
	}
	slices.Sort(names)
	return names
}

// Types remembers what the tags of struct types say. Merging and decoding many
// trees of one type is several times as fast with one Types for all of them. It
// may be used by several goroutines; make it with NewTypes.
type Types struct {
	mu    sync.Mutex
	known map[reflect.Type]*structure
}

// NewTypes is a Types that has yet to see a type.
func NewTypes() *Types { return &Types{known: map[reflect.Type]*structure{}} }

func (s *Types) of(t reflect.Type) *structure {
	s.mu.Lock()
	defer s.mu.Unlock()
	if have, ok := s.known[t]; ok {
		return have
	}
	out := &structure{byName: map[string]int{}}
	out.add(t, nil)
	s.known[t] = out
	return out
}

// add takes in the fields of t; those of embedded structs without a name of
// their own count as t's, and t's own win over them.
func (s *structure) add(t reflect.Type, index []int) {
	var embedded []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "" && deref(f.Type).Kind() == reflect.Struct:
			embedded = append(embedded, f)
			continue
		case name == "" || name == "-" || !f.IsExported():
			continue
		}
		if _, have := s.byName[name]; have {
			continue
		}
		s.byName[name] = len(s.fields)
		s.fields = append(s.fields, field{
			name:     name,
			index:    append(slices.Clone(index), i),
			typ:      deref(f.Type),
			doc:      f.Tag.Get("doc"),
			merge:    f.Tag.Get("merge"),
			enum:     split(f.Tag.Get("enum")),
			required: f.Tag.Get("required") == "true",
			preset:   f.Tag.Get("default"),
		})
	}
	for _, f := range embedded {
		s.add(deref(f.Type), append(slices.Clone(index), f.Index...))
	}
}

func split(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// raw reports whether t takes any value: its shape is somebody else's business.
func raw(t reflect.Type) bool {
	return t == nil || t == reflect.TypeFor[Value]() || t.Kind() == reflect.Interface
}

func isUnmarshaler(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[Unmarshaler]())
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// isList reports whether a value of t is written as a list, though it may be
// written in another way too.
func isList(t reflect.Type, merge string) bool {
	switch {
	case raw(t):
		return false
	case merge == "names":
		return true
	}
	return t.Kind() == reflect.Slice && (isUnmarshaler(t) || !isText(t))
}

// inside is what the type says of the values of a map or the items of a list.
func inside(t reflect.Type) reflect.Type {
	if !raw(t) && (t.Kind() == reflect.Map || t.Kind() == reflect.Slice) && !isUnmarshaler(t) {
		return deref(t.Elem())
	}
	return nil
}
