package settings

import (
	"reflect"

	"github.com/stackrun/stack/core/diag"
)

// Builtin is the lowest layer: the defaults that the tags of t's fields name.
// It is for telling, not for merging: a value that nobody wrote stays absent
// from what is decoded.
func Builtin(t reflect.Type) *Value {
	return builtin(NewTypes(), deref(t), map[reflect.Type]bool{})
}

func builtin(types *Types, t reflect.Type, within map[reflect.Type]bool) *Value {
	out := &Value{Kind: Map, Layer: Default, Entries: []Entry{}}
	if t.Kind() != reflect.Struct || within[t] {
		return out
	}
	within[t] = true
	defer delete(within, t)
	for _, f := range types.of(t).fields {
		var v *Value
		switch {
		case f.preset != "":
			v = &Value{Kind: Scalar, Layer: Default, Text: f.preset, Type: presetType(f.typ)}
		case raw(f.typ) || isUnmarshaler(f.typ) || isText(f.typ):
			continue
		default:
			if v = builtin(types, f.typ, within); len(v.Entries) == 0 {
				continue
			}
		}
		out.Entries = append(out.Entries, Entry{Key: f.name, Range: diag.Range{}, Value: v})
	}
	return out
}

func presetType(t reflect.Type) ScalarType {
	switch t.Kind() {
	case reflect.Bool:
		return Bool
	case reflect.Float32, reflect.Float64:
		return Float
	case reflect.String:
		return String
	}
	return Int
}
