package settings

import (
	"encoding"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// Unmarshaler is a type that takes several shapes.
type Unmarshaler interface {
	UnmarshalSetting(v *Value) diag.List
}

// Suggester is an error of an encoding.TextUnmarshaler that knows a way out.
type Suggester interface{ Suggestion() string }

// Decode fills into, a pointer to a struct, from a tree, by the json tags of
// its fields, and reports every mistake with its place. Absent values leave
// their fields alone; an empty list or map is not nil. Tags: `enum:"a,b"` and
// `required:"true"`. A scalar for a string field keeps the text that was
// written, quoted or not.
func Decode(v *Value, into any) diag.List {
	d := decoder{}
	d.value(v, reflect.ValueOf(into).Elem(), "")
	return d.list
}

type decoder struct{ list diag.List }

func (d *decoder) wrong(v *Value, name, want string) {
	what := want
	if name != "" {
		what = name + " must be " + want
	} else {
		what = "this must be " + want
	}
	d.list = append(d.list, diag.At(v.Range, diag.WrongType, "%s, not %s", what, v.describe()))
}

// describe is the value's shape in words.
func (v *Value) describe() string {
	switch v.Kind {
	case Null:
		return "null"
	case List:
		return "a list"
	case Map:
		return "a map"
	}
	text := v.Text
	if len([]rune(text)) > 40 {
		text = string([]rune(text)[:39]) + "…"
	}
	if v.Type == String {
		return "the text " + strconv.Quote(text)
	}
	return text
}

func (d *decoder) value(v *Value, into reflect.Value, name string) {
	if v == nil {
		return
	}
	if into.Type() == reflect.TypeFor[*Value]() {
		into.Set(reflect.ValueOf(v))
		return
	}
	if u, ok := into.Addr().Interface().(Unmarshaler); ok {
		d.list = append(d.list, u.UnmarshalSetting(v)...)
		return
	}
	if into.Kind() == reflect.Pointer {
		if v.Kind == Null {
			return
		}
		if into.IsNil() {
			into.Set(reflect.New(into.Type().Elem()))
		}
		d.value(v, into.Elem(), name)
		return
	}
	if v.Kind == Null {
		return // removes what is inherited; nothing was
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
		d.wrong(v, name, "one value")
		return
	}
	err := into.UnmarshalText([]byte(v.Text))
	if err == nil {
		return
	}
	out := diag.At(v.Range, diag.BadValue, "%s", err.Error())
	if s, ok := err.(Suggester); ok {
		out = out.Try(s.Suggestion())
	}
	d.list = append(d.list, out)
}

func (d *decoder) structure(v *Value, into reflect.Value, name string) {
	if v.Kind != Map {
		d.wrong(v, name, "a map")
		return
	}
	fields := fieldsOf(into.Type())
	for _, e := range v.Entries {
		f, ok := fields[e.Key]
		if !ok {
			var names []string
			for n := range fields {
				names = append(names, n)
			}
			sort.Strings(names)
			out := diag.At(e.Range, diag.UnknownField, "unknown field %q", e.Key).Try(diag.DidYouMean(e.Key, names))
			if out.Suggestion == "" {
				out = out.Because("Known here: %s.", strings.Join(names, ", "))
			}
			d.list = append(d.list, out)
			continue
		}
		target := into.FieldByIndex(f.Index)
		before := len(d.list)
		d.value(e.Value, target, e.Key)
		if allowed := f.Tag.Get("enum"); allowed != "" && len(d.list) == before && e.Value.Kind == Scalar {
			d.enum(e.Value, e.Key, strings.Split(allowed, ","))
		}
	}
	for key, f := range fields {
		if f.Tag.Get("required") == "true" && (v.Get(key) == nil || v.Get(key).Kind == Null) {
			d.list = append(d.list, diag.At(v.Range, diag.MissingField, "%q is missing", key))
		}
	}
}

func (d *decoder) enum(v *Value, name string, allowed []string) {
	for _, a := range allowed {
		if v.Text == a {
			return
		}
	}
	d.list = append(d.list, diag.At(v.Range, diag.BadValue, "%s cannot be %q", name, v.Text).
		Because("Allowed: %s.", strings.Join(allowed, ", ")).Try(diag.DidYouMean(v.Text, allowed)))
}

func (d *decoder) mapping(v *Value, into reflect.Value, name string) {
	if v.Kind != Map {
		d.wrong(v, name, "a map")
		return
	}
	out := reflect.MakeMapWithSize(into.Type(), len(v.Entries))
	for _, e := range v.Entries {
		item := reflect.New(into.Type().Elem()).Elem()
		d.value(e.Value, item, e.Key)
		if e.Value.Kind != Null || into.Type().Elem().Kind() == reflect.Pointer {
			out.SetMapIndex(reflect.ValueOf(e.Key).Convert(into.Type().Key()), item)
		}
	}
	into.Set(out)
}

func (d *decoder) sequence(v *Value, into reflect.Value, name string) {
	if v.Kind != List {
		out := diag.At(v.Range, diag.WrongType, "%s must be a list, not %s", orThis(name), v.describe())
		if v.Kind == Scalar {
			out = out.Try("write [" + v.Text + "]")
		}
		d.list = append(d.list, out)
		return
	}
	out := reflect.MakeSlice(into.Type(), len(v.Items), len(v.Items))
	for i, item := range v.Items {
		if item.Kind == Null {
			d.list = append(d.list, diag.At(item.Range, diag.WrongType, "an item of %s is empty", orThis(name)))
			continue
		}
		d.value(item, out.Index(i), "")
	}
	into.Set(out)
}

func orThis(name string) string {
	if name == "" {
		return "this"
	}
	return name
}

func (d *decoder) scalar(v *Value, into reflect.Value, name string) {
	if v.Kind != Scalar {
		d.wrong(v, name, wanted(into.Kind()))
		return
	}
	switch into.Kind() {
	case reflect.String:
		into.SetString(v.Text)
	case reflect.Bool:
		b, err := strconv.ParseBool(strings.ToLower(v.Text))
		if err != nil || v.Type == Int {
			d.wrong(v, name, "true or false")
			return
		}
		into.SetBool(b)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(v.Text, 0, into.Type().Bits())
		if err != nil || v.Type == String {
			d.wrong(v, name, "a whole number")
			return
		}
		into.SetInt(n)
	case reflect.Float64:
		n, err := strconv.ParseFloat(v.Text, 64)
		if err != nil || v.Type == String {
			d.wrong(v, name, "a number")
			return
		}
		into.SetFloat(n)
	default:
		panic("settings: no way to decode into " + into.Type().String())
	}
}

func wanted(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Float64:
		return "a number"
	}
	return "a whole number"
}

// fieldsOf is the fields of a struct type by their names in files; those of
// embedded structs count as its own.
func fieldsOf(t reflect.Type) map[string]reflect.StructField {
	out := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			out[name] = f
		}
	}
	return out
}
