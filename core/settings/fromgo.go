package settings

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stackrun/stack/core/diag"
)

// Marshaler is a Go type that says how it is written in settings: a value that
// FromGo takes. It is the counterpart of Unmarshaler.
type Marshaler interface {
	MarshalSetting() (any, error)
}

// FromGo makes the Configure layer of a Go value, which is a map or a struct:
// what users of the library set without a file. Structs are read by their json
// tags; their nil fields and zero scalars were not set, while an empty slice or
// map was. In a map nil is null, which removes what is inherited. Allowed
// inside are text, booleans, numbers, durations, slices, maps with text keys,
// structs, pointers, *Value, Marshaler and encoding.TextMarshaler. Keys of maps
// are sorted, so equal values make equal trees.
func FromGo(v any) (*Value, error) {
	g := goReader{types: NewTypes()}
	out, err := g.value(reflect.ValueOf(v), nil)
	if err != nil {
		return nil, err
	}
	if out.Kind != Map {
		return nil, fmt.Errorf("settings from a %T: a map or a struct is needed", v)
	}
	return out, nil
}

// goFile stands for the file of values that come from Go code.
const goFile = "settings.Configure"

type goReader struct{ types *Types }

func (g *goReader) at(kind Kind) *Value {
	return &Value{Kind: kind, Layer: Configure, Range: diag.Range{File: goFile}}
}

func (g *goReader) scalar(typ ScalarType, text string) (*Value, error) {
	v := g.at(Scalar)
	v.Type, v.Text = typ, text
	return v, nil
}

func (g *goReader) value(v reflect.Value, path []Part) (*Value, error) {
	if len(path) > deepest {
		return nil, fmt.Errorf("settings from Go: %s: values are nested more than %d deep", JoinPath(path[:3]...), deepest)
	}
	if !v.IsValid() || (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) && v.IsNil() {
		return g.at(Null), nil
	}
	if out, err, done := g.known(v, path); done {
		return out, err
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return g.value(v.Elem(), path)
	case reflect.String:
		return g.scalar(String, v.String())
	case reflect.Bool:
		return g.scalar(Bool, strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return g.scalar(Int, strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return g.scalar(Int, strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		text := strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
		if word := strings.TrimLeft(text, "+-"); word == "Inf" || word == "NaN" {
			text = strings.Replace(strings.TrimPrefix(text, "+"), word, "."+strings.ToLower(word), 1)
		}
		return g.scalar(Float, text)
	case reflect.Slice, reflect.Array:
		return g.list(v, path)
	case reflect.Map:
		return g.mapping(v, path)
	case reflect.Struct:
		return g.structure(v, path)
	}
	return nil, g.cannot(v, path)
}

func (g *goReader) cannot(v reflect.Value, path []Part) error {
	return fmt.Errorf("settings from Go: %s: a %s cannot be a setting", JoinPath(path...), v.Type())
}

// known is values of types that say themselves what they are.
func (g *goReader) known(v reflect.Value, path []Part) (*Value, error, bool) {
	if !v.CanInterface() {
		return nil, g.cannot(v, path), true
	}
	switch x := v.Interface().(type) {
	case *Value:
		return x, nil, true
	case Value:
		return &x, nil, true
	case time.Duration:
		out, err := g.scalar(String, x.String())
		return out, err, true
	case json.Number:
		kind, typ := coreType(x.String())
		if kind != Scalar || typ != Int && typ != Float {
			return nil, fmt.Errorf("settings from Go: %s: %q is no number", JoinPath(path...), x), true
		}
		out, err := g.scalar(typ, x.String())
		return out, err, true
	case Marshaler:
		written, err := x.MarshalSetting()
		if err != nil {
			return nil, fmt.Errorf("settings from Go: %s: %w", JoinPath(path...), err), true
		}
		if reflect.TypeOf(written) == v.Type() {
			return nil, g.cannot(v, path), true
		}
		out, err := g.value(reflect.ValueOf(written), append(path, Part{}))
		return out, err, true
	case encoding.TextMarshaler:
		text, err := x.MarshalText()
		if err != nil {
			return nil, fmt.Errorf("settings from Go: %s: %w", JoinPath(path...), err), true
		}
		out, err := g.scalar(String, string(text))
		return out, err, true
	}
	if v.Kind() == reflect.Struct && isUnmarshaler(v.Type()) {
		return nil, g.cannot(v, path), true // its fields are not what files have
	}
	return nil, nil, false
}

func (g *goReader) list(v reflect.Value, path []Part) (*Value, error) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return g.at(Null), nil
	}
	out := g.at(List)
	out.Items = []*Value{}
	for i := range v.Len() {
		item, err := g.value(v.Index(i), append(slices.Clone(path), Part{Index: i}))
		if err != nil {
			return nil, err
		}
		out.Items = append(out.Items, item)
	}
	return out, nil
}

func (g *goReader) mapping(v reflect.Value, path []Part) (*Value, error) {
	if v.Type().Key().Kind() != reflect.String {
		return nil, g.cannot(v, path)
	}
	if v.IsNil() {
		return g.at(Null), nil
	}
	out := g.at(Map)
	out.Entries = []Entry{}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	for _, k := range keys {
		item, err := g.value(v.MapIndex(k), append(slices.Clone(path), Part{Key: k.String()}))
		if err != nil {
			return nil, err
		}
		out.Entries = append(out.Entries, Entry{Key: k.String(), Range: out.Range, Value: item})
	}
	return out, nil
}

func (g *goReader) structure(v reflect.Value, path []Part) (*Value, error) {
	known := g.types.of(v.Type())
	if len(known.fields) == 0 && v.NumField() > 0 {
		return nil, g.cannot(v, path)
	}
	out := g.at(Map)
	out.Entries = []Entry{}
	for _, f := range known.fields {
		at, err := v.FieldByIndexErr(f.index)
		if err != nil || at.IsZero() {
			continue // in a nil embedded pointer, or not set
		}
		item, err := g.value(at, append(slices.Clone(path), Part{Key: f.name}))
		if err != nil {
			return nil, err
		}
		if item.Kind == Map && at.Kind() == reflect.Struct && len(item.Entries) == 0 {
			continue
		}
		out.Entries = append(out.Entries, Entry{Key: f.name, Range: out.Range, Value: item})
	}
	return out, nil
}
