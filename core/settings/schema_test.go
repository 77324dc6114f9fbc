package settings_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

func diagOf(err error) diag.List { return diag.FromError(err) }

type described struct {
	Version int                `json:"version" required:"true" doc:"Always 1."`
	Mode    mode               `json:"mode" enum:"fast,slow" default:"fast" doc:"How."`
	Pre     *bool              `json:"pre" default:"true"`
	List    []string           `json:"list"`
	Reqs    *requirements      `json:"reqs" merge:"names" doc:"Packages."`
	Args    map[string]*string `json:"args" merge:"null"`
	Command []string           `json:"command" merge:"-"`
	Node    *tree              `json:"node"`
	Size    size               `json:"size"`
	Raw     *settings.Value    `json:"raw"`
	Self    *described         `json:"self" merge:"-"`
	Refused refused            `json:"refused"`
	Counts  map[string]uint    `json:"counts"`
}

type tree struct {
	Children []*tree `json:"children" merge:"-"`
	Ratio    float64 `json:"ratio"`
}

type refused struct{}

func (*refused) UnmarshalSetting(*settings.Value) diag.List { return nil }
func (refused) JSONSchema() map[string]any                  { return map[string]any{"not": map[string]any{}} }

func TestJSONSchema(t *testing.T) {
	const want = `{
 "$defs": {
  "settings_test.tree": {
   "additionalProperties": false,
   "properties": {
    "children": {"items": {"anyOf": [{"$ref": "#/$defs/settings_test.tree"}, {"type": "null"}]}, "type": "array"},
    "ratio": {"type": ["number", "null"]}
   },
   "type": "object"
  }
 },
 "$schema": "https://json-schema.org/draft/2020-12/schema",
 "additionalProperties": false,
 "properties": {
  "args": {
   "additionalProperties": {"type": ["string", "number", "boolean", "null"]},
   "properties": {"remove": {"anyOf": [
    {"description": "Inherited keys to take away.", "items": {"type": ["string", "number", "boolean"]}, "type": "array"},
    {"type": ["string", "number", "boolean", "null"]}]}},
   "type": ["object", "null"]
  },
  "command": {"items": {"type": ["string", "number", "boolean"]}, "type": "array"},
  "counts": {"additionalProperties": {"minimum": 0, "type": "integer"}, "type": ["object", "null"]},
  "list": {"anyOf": [
   {"items": {"type": ["string", "number", "boolean"]}, "type": "array"},
   {"additionalProperties": false, "minProperties": 1, "properties": {
     "append": {"description": "Items to add after the inherited ones.", "items": {"type": ["string", "number", "boolean"]}, "type": "array"},
     "remove": {"description": "Inherited items to take away.", "type": "array"}}, "type": "object"},
   {"type": "null"}]},
  "mode": {"default": "fast", "description": "How.", "enum": ["fast", "slow", null]},
  "node": {"anyOf": [{"$ref": "#/$defs/settings_test.tree"}, {"type": "null"}]},
  "pre": {"default": true, "type": ["boolean", "null"]},
  "raw": {},
  "refused": {"not": {}},
  "reqs": {"anyOf": [{"type": "string"}, {"type": "array"},
   {"additionalProperties": false, "minProperties": 1, "properties": {
     "append": {"description": "Items to add after the inherited ones.", "items": {"type": ["string", "number", "boolean"]}, "type": "array"},
     "remove": {"description": "Inherited items to take away.", "type": "array"}}, "type": "object"},
   {"type": "null"}], "description": "Packages."},
  "self": {"$ref": "#"},
  "size": {"type": ["string", "number", "boolean", "null"]},
  "version": {"description": "Always 1.", "type": "integer"}
 },
 "required": ["version"],
 "type": "object"
}`
	first, err := json.Marshal(settings.JSONSchema(reflect.TypeFor[described]()))
	if err != nil {
		t.Fatal(err)
	}
	var got, expected any
	if err := json.Unmarshal([]byte(want), &expected); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(first, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected, got); diff != "" {
		t.Error(diff)
	}
	for range 20 {
		again, err := json.Marshal(settings.JSONSchema(reflect.TypeFor[*described]()))
		if err != nil {
			t.Fatal(err)
		}
		if string(again) != string(first) {
			t.Fatal("the schema differs from one time to the next")
		}
	}
}

type written struct{ text string }

func (w written) MarshalSetting() (any, error) { return []string{w.text}, nil }

func TestFromGo(t *testing.T) {
	user := "a"
	for name, c := range map[string]struct {
		in   any
		want string
	}{
		"a map":       {map[string]any{"b": 1, "a": []string{"x"}, "c": nil, "d": map[string]any{}, "e": []any{}}, "{a: [x], b: 1, c: null, d: {}, e: []}"},
		"a struct":    {layered{Timeout: "2h", Image: image{Apt: []string{}, Environment: map[string]string{"A": "1.10"}}}, `{image: {apt: [], environment: {A: "1.10"}}, timeout: 2h}`},
		"a pointer":   {&layered{Timeout: "2h"}, "{timeout: 2h}"},
		"null values": {layered{Image: image{Args: map[string]*string{"x": nil, "y": &user}}}, "{image: {args: {x: null, y: a}}}"},
		"scalars":     {map[string]any{"a": true, "b": 1.5, "c": uint8(3), "d": time.Minute, "e": json.Number("1e3"), "f": mode("m")}, "{a: true, b: 1.5, c: 3, d: 1m0s, e: 1e3, f: m}"},
		"own form":    {map[string]any{"a": written{"x"}}, "{a: [x]}"},
		"a value":     {map[string]any{"a": &settings.Value{Kind: settings.Scalar, Text: "x", Type: settings.String}}, "{a: x}"},
		"embedded":    {everything{common: common{Shared: "s"}}, "{shared: s}"},
	} {
		v, err := settings.FromGo(c.in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, v.PlainText()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if v.Layer != settings.Configure {
			t.Errorf("%s: layer %s", name, v.Layer)
		}
	}
	loop := map[string]any{}
	loop["a"] = loop
	for name, in := range map[string]any{
		"nothing": nil, "a scalar": 3, "a list": []string{"a"}, "a channel": map[string]any{"a": make(chan int)},
		"numbered keys": map[string]any{"a": map[int]string{}}, "a circle": loop, "shapes": map[string]any{"a": requirements{file: "x"}},
		"no number": map[string]any{"a": json.Number("x")}, "private": map[string]any{"a": struct{ x int }{1}},
	} {
		if v, err := settings.FromGo(in); err == nil {
			t.Errorf("%s is accepted as %s", name, v.PlainText())
		}
	}
}

func TestPlain(t *testing.T) {
	v := read(t, "a: [1, 1.10, 0x1f, 0o17, 010, .5, 1., +3, .inf, true, False, ~, x, '1', 1e400]\nb: {c: d}", settings.Flow)
	got, err := json.Marshal(v.Plain())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"a":[1,1.10,31,15,10,0.5,1,3,".inf",true,false,null,"x","1",1e400],"b":{"c":"d"}}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
