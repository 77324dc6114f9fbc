package settings

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Decode fills into, a pointer to a struct, from a tree, and reports every
// mistake with its place. The tree is a merged one, or one that is not part of
// the settings; Check is for a single layer.
//
// Fields have names by their json tag; those of embedded structs count as the
// struct's own. Absent values and null leave their field alone, so defaults
// can be set before; an empty list or map makes an empty, non-nil one. Text
// fields keep a scalar as it was written, quoted or not; numbers and booleans
// are strict. A *Value field gets the value itself, an any field its Plain
// form. Tags: enum:"a,b" lists what a text, or each item of a list of texts,
// may be; required:"true". A default tag is documentation for the schema.
func Decode(v *Value, into any) diag.List { return NewTypes().Decode(v, into) }

// Decode is the function of this name, for many values.
func (s *Types) Decode(v *Value, into any) diag.List {
	d := decoder{types: s}
	d.value(v, reflect.ValueOf(into).Elem(), "")
	return d.list
}

// Check reports the mistakes in one layer, as they will be once it is merged:
// a list may be written {append: .., remove: ..}, and null may be anywhere.
// t is the type that the merged tree is decoded into.
func Check(v *Value, t reflect.Type) diag.List {
	if v == nil {
		return nil
	}
	types := NewTypes()
	merged, list := types.Merge(t, v)
	var found diag.List
	for _, d := range list {
		if d.Severity == diag.Error {
			found = append(found, d) // that remove finds nothing is no news here
		}
	}
	return append(found, types.Decode(merged, reflect.New(t).Interface())...)
}

type decoder struct {
	types *Types
	list  diag.List
}

func (d *decoder) add(x diag.Diagnostic) { d.list = append(d.list, x) }

func (d *decoder) value(v *Value, into reflect.Value, name string) {
	switch {
	case v == nil:
		return
	case into.Type() == reflect.TypeFor[*Value]():
		into.Set(reflect.ValueOf(v))
		return
	case into.Type() == reflect.TypeFor[Value]():
		into.Set(reflect.ValueOf(*v))
		return
	}
	if u, ok := into.Addr().Interface().(NamedUnmarshaler); ok {
		d.list = append(d.list, u.UnmarshalNamed(name, v)...)
		return
	}
	if u, ok := into.Addr().Interface().(Unmarshaler); ok {
		d.list = append(d.list, u.UnmarshalSetting(v)...)
		return
	}
	if v.Kind == Null {
		return
	}
	if into.Kind() == reflect.Pointer {
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		d.value(v, into.Elem(), name)
		return
	}
	if u, ok := into.Addr().Interface().(encoding.TextUnmarshaler); ok {
		d.text(v, u, name)
		return
	}
	switch into.Kind() {
	case reflect.Struct:
		d.structure(v, into, name)
	case reflect.Map:
		d.mapping(v, into, name)
	case reflect.Slice:
		d.sequence(v, into, name)
	case reflect.Interface:
		into.Set(reflect.ValueOf(v.Plain()))
	default:
		d.scalar(v, into, name)
	}
}

func (d *decoder) text(v *Value, into encoding.TextUnmarshaler, name string) {
	if v.Kind != Scalar {
		d.wrong(v, name, "a single value")
		return
	}
	err := into.UnmarshalText([]byte(v.Text))
	if err == nil {
		return
	}
	out := diag.At(v.Range, diag.BadValue, "%s", err)
	if name != "" {
		out.Summary = fmt.Sprintf("%s: %s", name, err)
	}
	var s Suggester
	if errors.As(err, &s) {
		out = out.Try(s.Suggestion())
	}
	d.add(out)
}

func (d *decoder) structure(v *Value, into reflect.Value, name string) {
	if v.Kind != Map {
		d.wrong(v, name, "a map")
		return
	}
	known := d.types.of(into.Type())
	for _, e := range v.Entries {
		f, ok := known.field(e.Key)
		if !ok {
			d.unknown(e, known.names())
			continue
		}
		before := len(d.list)
		d.value(e.Value, reach(into, f.index), e.Key)
		if f.enum != nil && len(d.list) == before {
			d.enum(e.Value, e.Key, f.enum)
		}
	}
	for _, f := range known.fields {
		if have := v.Get(f.name); f.required && (have == nil || have.Kind == Null) {
			d.add(diag.At(v.Range, diag.MissingField, "%q is missing", f.name).Because("%s", f.doc))
		}
	}
}

// reach is the field at index, made if it is in an embedded pointer.
func reach(v reflect.Value, index []int) reflect.Value {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v
}

func (d *decoder) unknown(e Entry, names []string) {
	out := diag.At(e.Range, diag.UnknownField, "unknown field %q", e.Key).Try(diag.DidYouMean(e.Key, names))
	if out.Suggestion == "" && len(names) > 0 {
		out = out.Because("Known here: %s.", strings.Join(names, ", "))
	}
	d.add(out)
}

func (d *decoder) enum(v *Value, name string, allowed []string) {
	switch v.Kind {
	case Scalar:
		for _, a := range allowed {
			if v.Text == a {
				return
			}
		}
		d.add(diag.At(v.Range, diag.BadValue, "%s cannot be %q", name, v.Text).
			Because("Allowed: %s.", strings.Join(allowed, ", ")).Try(diag.DidYouMean(v.Text, allowed)))
	case List:
		for _, item := range v.Items {
			d.enum(item, name, allowed)
		}
	}
}

func (d *decoder) mapping(v *Value, into reflect.Value, name string) {
	if v.Kind != Map {
		d.wrong(v, name, "a map")
		return
	}
	t := into.Type()
	out := reflect.MakeMapWithSize(t, len(v.Entries))
	for _, e := range v.Entries {
		item := reflect.New(t.Elem()).Elem()
		d.value(e.Value, item, e.Key)
		if e.Value.Kind == Null && t.Elem().Kind() != reflect.Pointer && t.Elem().Kind() != reflect.Interface {
			continue
		}
		out.SetMapIndex(reflect.ValueOf(e.Key).Convert(t.Key()), item)
	}
	into.Set(out)
}

func (d *decoder) sequence(v *Value, into reflect.Value, name string) {
	if v.Kind != List {
		out := wrongType(v, name, "a list")
		switch {
		case v.Kind == Scalar:
			item := &Value{Kind: List, Items: []*Value{v}}
			out = out.Try("write " + item.PlainText())
		case v.Kind == Map:
			out = out.Because("A list is written [a, b], or a line with a dash for each item.")
			for _, e := range v.Entries {
				if out.Suggestion == "" {
					out = out.Try(diag.DidYouMean(e.Key, []string{"append", "remove"}))
				}
			}
		}
		d.add(out)
		return
	}
	t := into.Type()
	out := reflect.MakeSlice(t, len(v.Items), len(v.Items))
	for i, item := range v.Items {
		if item.Kind == Null && t.Elem().Kind() != reflect.Pointer && t.Elem().Kind() != reflect.Interface {
			d.add(diag.At(item.Range, diag.WrongType, "an item of %s is empty", orThis(name)).Try(`remove it, or write ""`))
			continue
		}
		d.value(item, out.Index(i), itemOf(name))
	}
	into.Set(out)
}
