package settings

import (
	"maps"
	"path"
	"reflect"
	"strconv"
	"strings"
)

// SchemaType is a type that says itself what its JSON Schema is.
type SchemaType interface{ JSONSchema() map[string]any }

// JSONSchema is the JSON Schema, draft 2020-12, of the files that are decoded
// into t, a struct type. Texts may be written as numbers or booleans, since
// Decode keeps what was written; lists may be written {append: .., remove: ..};
// null is allowed where it removes what is inherited, which is everywhere but
// in required fields and those tagged merge:"-". Equal types make equal
// schemas, down to the order of the keys once encoded.
func JSONSchema(t reflect.Type) map[string]any {
	s := schemaMaker{types: NewTypes(), root: deref(t), defs: map[string]any{}, names: map[reflect.Type]string{}}
	out := s.object(s.root)
	out["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	if len(s.defs) > 0 {
		out["$defs"] = s.defs
	}
	return out
}

type schema = map[string]any

type schemaMaker struct {
	types *Types
	root  reflect.Type
	defs  map[string]any
	names map[reflect.Type]string // of the types in defs
}

func (s *schemaMaker) of(t reflect.Type) schema {
	t = deref(t)
	if own := ownSchema(t); own != nil {
		return own
	}
	switch {
	case raw(t) || isUnmarshaler(t):
		return schema{}
	case isText(t):
		return text()
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.reference(t)
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.inner(t.Elem())}
	case reflect.Slice, reflect.Array:
		return schema{"type": "array", "items": s.inner(t.Elem())}
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.String:
		return text()
	case reflect.Float32, reflect.Float64:
		return schema{"type": "number"}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return schema{"type": "integer", "minimum": 0}
	}
	return schema{"type": "integer"}
}

// inner is what a map or a list of t holds: a pointer may be null there.
func (s *schemaMaker) inner(t reflect.Type) schema {
	if t.Kind() == reflect.Pointer && t != reflect.TypeFor[*Value]() {
		return orNull(s.of(t))
	}
	return s.of(t)
}

func ownSchema(t reflect.Type) schema {
	if raw(t) {
		return nil
	}
	if own, ok := reflect.New(t).Interface().(SchemaType); ok {
		return own.JSONSchema()
	}
	return nil
}

// text is a scalar that is kept as it was written.
func text() schema { return schema{"type": []any{"string", "number", "boolean"}} }

// reference points at the definition of a struct type, which it makes once.
func (s *schemaMaker) reference(t reflect.Type) schema {
	if t == s.root {
		return schema{"$ref": "#"}
	}
	if t.Name() == "" {
		return s.object(t)
	}
	name, have := s.names[t]
	if !have {
		name = s.free(path.Base(t.PkgPath()) + "." + t.Name())
		s.names[t] = name
		s.defs[name] = true // its place, should it be inside of itself
		s.defs[name] = s.object(t)
	}
	return schema{"$ref": "#/$defs/" + name}
}

func (s *schemaMaker) free(name string) string {
	name = strings.NewReplacer("/", "_", "~", "_", "[", "_", "]", "_", " ", "_").Replace(name)
	try := name
	for i := 2; s.defs[try] != nil; i++ {
		try = name + "-" + strconv.Itoa(i)
	}
	return try
}

func (s *schemaMaker) object(t reflect.Type) schema {
	properties, required := schema{}, []any{}
	for _, f := range s.types.of(t).fields {
		properties[f.name] = s.property(f)
		if f.required {
			required = append(required, f.name)
		}
	}
	out := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}

func (s *schemaMaker) property(f field) schema {
	out := maps.Clone(s.of(f.typ))
	if f.enum != nil {
		s.allow(out, f)
	}
	if f.merge != "-" && isList(f.typ, f.merge) {
		out = s.editable(out)
	}
	if f.merge == "null" {
		out = withRemove(out)
	}
	if !f.required && f.merge != "-" && !refusesAll(out) {
		out = orNull(out)
	}
	if f.doc != "" {
		out["description"] = f.doc
	}
	if f.preset != "" {
		out["default"] = presetOf(f)
	}
	return out
}

// allow restricts a text, or the items of a list of texts, to f's enum.
func (s *schemaMaker) allow(out schema, f field) {
	values := make([]any, len(f.enum))
	for i, e := range f.enum {
		values[i] = e
	}
	if out["type"] == "array" {
		out["items"] = schema{"enum": values}
		return
	}
	delete(out, "type")
	out["enum"] = values
}

// editable adds the {append, remove} form to the schema of a list.
func (s *schemaMaker) editable(list schema) schema {
	items := any(text())
	if list["type"] == "array" {
		items = list["items"]
	}
	edit := schema{
		"type": "object",
		"properties": schema{
			"append": schema{"type": "array", "items": items, "description": "Items to add after the inherited ones."},
			"remove": schema{"type": "array", "description": "Inherited items to take away."},
		},
		"additionalProperties": false,
		"minProperties":        1,
	}
	if both, ok := list["anyOf"].([]any); ok && len(list) == 1 {
		return schema{"anyOf": append(append([]any{}, both...), edit)}
	}
	return schema{"anyOf": []any{list, edit}}
}

// withRemove lets a map whose nulls are values take keys away.
func withRemove(m schema) schema {
	if m["type"] != "object" {
		return m
	}
	properties := schema{}
	if have, ok := m["properties"].(schema); ok {
		maps.Copy(properties, have)
	}
	remove := schema{"type": "array", "items": text(), "description": "Inherited keys to take away."}
	if other := m["additionalProperties"]; other != nil && other != false {
		remove = schema{"anyOf": []any{remove, other}}
	}
	properties["remove"] = remove
	m["properties"] = properties
	return m
}

func orNull(s schema) schema {
	s = maps.Clone(s)
	if values, ok := s["enum"].([]any); ok {
		s["enum"] = append(append([]any{}, values...), nil)
		return s
	}
	switch typ := s["type"].(type) {
	case string:
		s["type"] = []any{typ, "null"}
		return s
	case []any:
		for _, t := range typ {
			if t == "null" {
				return s
			}
		}
		s["type"] = append(append([]any{}, typ...), "null")
		return s
	}
	if len(s) == 0 {
		return s
	}
	if both, ok := s["anyOf"].([]any); ok {
		s["anyOf"] = append(append([]any{}, both...), schema{"type": "null"})
		return s
	}
	return schema{"anyOf": []any{s, schema{"type": "null"}}}
}

// refusesAll reports whether s is the schema of what cannot be set.
func refusesAll(s schema) bool {
	not, ok := s["not"].(schema)
	return ok && len(not) == 0
}

func presetOf(f field) any {
	kind, typ := coreType(f.preset)
	v := &Value{Kind: kind, Type: typ, Text: f.preset}
	switch f.typ.Kind() {
	case reflect.String, reflect.Struct, reflect.Slice, reflect.Map:
		return f.preset
	}
	return v.Plain()
}
