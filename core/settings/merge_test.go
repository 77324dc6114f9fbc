package settings_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/settings"
)

// requirements is a list or the path of a file.
type requirements struct {
	items []string
	file  string
}

func (r *requirements) UnmarshalSetting(v *settings.Value) diag.List {
	switch v.Kind {
	case settings.Scalar:
		r.file = v.Text
	case settings.List:
		r.items = []string{}
		for _, i := range v.Items {
			r.items = append(r.items, i.Text)
		}
	default:
		return diag.List{diag.At(v.Range, diag.WrongType, "a list or a path is needed")}
	}
	return nil
}

func (requirements) JSONSchema() map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"type": "string"}, map[string]any{"type": "array"}}}
}

type image struct {
	Requirements *requirements      `json:"requirements" merge:"names" doc:"Python packages."`
	Apt          []string           `json:"apt"`
	Environment  map[string]string  `json:"environment"`
	Args         map[string]*string `json:"args" merge:"null"`
	User         string             `json:"user"`
	Platform     []string           `json:"platform"`
}

type layered struct {
	Image   image           `json:"image"`
	Timeout string          `json:"timeout"`
	Plugin  *settings.Value `json:"plugin"`
	Command []string        `json:"command" merge:"-"`
}

func TestMerge(t *testing.T) {
	for name, c := range map[string]struct {
		layers   []string // the highest first
		want     string
		warnings string
	}{
		"nothing":                 {want: "{}"},
		"scalars replace":         {layers: []string{"timeout: 2h", "timeout: 1h"}, want: "{timeout: 2h}"},
		"absent inherits":         {layers: []string{"{}", "timeout: 1h"}, want: "{timeout: 1h}"},
		"maps merge by key":       {layers: []string{"image: {user: b}", "image: {user: a, apt: [x]}"}, want: "{image: {user: b, apt: [x]}}"},
		"an empty map keeps":      {layers: []string{"image: {environment: {}}", "image: {environment: {A: 1}}"}, want: "{image: {environment: {A: 1}}}"},
		"lists replace":           {layers: []string{"image: {apt: [y]}", "image: {apt: [x]}"}, want: "{image: {apt: [y]}}"},
		"an empty list replaces":  {layers: []string{"image: {apt: []}", "image: {apt: [x]}"}, want: "{image: {apt: []}}"},
		"null removes a key":      {layers: []string{"image: {environment: {A: null}}", "image: {environment: {A: 1, B: 2}}"}, want: "{image: {environment: {B: 2}}}"},
		"null removes a scalar":   {layers: []string{"timeout: null", "timeout: 1h"}, want: "{}"},
		"null removes a list":     {layers: []string{"image: {apt: ~}", "image: {apt: [x], user: a}"}, want: "{image: {user: a}}"},
		"null removes a map":      {layers: []string{"image: null", "image: {apt: [x]}"}, want: "{}"},
		"null is null over null":  {layers: []string{"timeout: null", "timeout: null"}, want: "{}"},
		"null, then again":        {layers: []string{"image: {user: c}", "image: null", "image: {user: a, apt: [x]}"}, want: "{image: {user: c}}"},
		"null with nothing below": {layers: []string{"image: {environment: {A: null}}"}, want: "{image: {environment: {}}}"},
		"a whole layer of null":   {layers: []string{"null", "timeout: 1h"}, want: "{}"},
		"a map for a scalar":      {layers: []string{"timeout: {a: 1}", "timeout: 1h"}, want: "{timeout: {a: 1}}"},

		"null is a value":            {layers: []string{"image: {args: {x: null}}", "image: {args: {x: 1, y: 2}}"}, want: "{image: {args: {x: null, y: 2}}}"},
		"a map of nulls removed":     {layers: []string{"image: {args: null}", "image: {args: {x: 1}}"}, want: "{image: {}}"},
		"remove drops a flag":        {layers: []string{"image: {args: {remove: [x]}}", "image: {args: {x: null, y: 2}}"}, want: "{image: {args: {y: 2}}}"},
		"remove beside flags":        {layers: []string{"image: {args: {remove: [x], z: 1}}", "image: {args: {x: null}}"}, want: "{image: {args: {z: 1}}}"},
		"remove and set again":       {layers: []string{"image: {args: {remove: [x], x: 1}}", "image: {args: {x: null}}"}, want: "{image: {args: {x: 1}}}"},
		"a flag named remove":        {layers: []string{"image: {args: {remove: null}}", "image: {args: {x: 1}}"}, want: "{image: {args: {x: 1, remove: null}}}"},
		"remove finds no flag":       {layers: []string{"image: {args: {remove: [q]}}", "image: {args: {x: 1}}"}, want: "{image: {args: {x: 1}}}", warnings: "flow0:1:25 remove finds no q in what is inherited"},
		"remove a flag with nothing": {layers: []string{"image: {args: {remove: [q]}}"}, want: "{image: {args: {}}}", warnings: "flow0:1:25 remove finds no q in what is inherited"},

		"append":                  {layers: []string{"image: {apt: {append: [y]}}", "image: {apt: [x]}"}, want: "{image: {apt: [x, y]}}"},
		"append twice":            {layers: []string{"image: {apt: {append: [z]}}", "image: {apt: {append: [y]}}", "image: {apt: [x]}"}, want: "{image: {apt: [x, y, z]}}"},
		"append to nothing":       {layers: []string{"image: {apt: {append: [y]}}"}, want: "{image: {apt: [y]}}"},
		"append to null":          {layers: []string{"image: {apt: {append: [y]}}", "image: {apt: null}", "image: {apt: [x]}"}, want: "{image: {apt: [y]}}"},
		"append nothing":          {layers: []string{"image: {apt: {append: []}}", "image: {apt: [x]}"}, want: "{image: {apt: [x]}}"},
		"append null":             {layers: []string{"image: {apt: {append: null}}", "image: {apt: [x]}"}, want: "{image: {apt: [x]}}"},
		"append to a file":        {layers: []string{"image: {requirements: {append: [httpx]}}", "image: {requirements: req.txt}"}, want: "{image: {requirements: [-r req.txt, httpx]}}"},
		"append to a scalar":      {layers: []string{"image: {platform: {append: [b]}}", "image: {platform: a}"}, want: "{image: {platform: [a, b]}}"},
		"remove by exact text":    {layers: []string{"image: {apt: {remove: [x]}}", "image: {apt: [x, x1, x]}"}, want: "{image: {apt: [x1]}}"},
		"remove by name":          {layers: []string{"image: {requirements: {remove: [Typing.Extensions, torch]}}", "image: {requirements: [typing_extensions>=4, 'torch[a] ~= 2', torchvision]}"}, want: "{image: {requirements: [torchvision]}}"},
		"remove with a version":   {layers: []string{"image: {requirements: {remove: [torch==1]}}", "image: {requirements: [torch==2]}"}, want: "{image: {requirements: []}}"},
		"remove a vcs name":       {layers: []string{"image: {requirements: {remove: [kitaru]}}", "image: {requirements: ['git+https://e.org/k.git#egg=kitaru', 'kitaru @ https://e.org/k.whl']}"}, want: "{image: {requirements: []}}"},
		"remove the file":         {layers: []string{"image: {requirements: {remove: [req.txt], append: [a]}}", "image: {requirements: req.txt}"}, want: "{image: {requirements: [a]}}"},
		"replace by name":         {layers: []string{"image: {requirements: {append: [torch==2], remove: [torch]}}", "image: {requirements: [torch==1, a]}"}, want: "{image: {requirements: [a, torch==2]}}"},
		"remove finds nothing":    {layers: []string{"image: {apt: {remove: [q, x]}}", "image: {apt: [x]}"}, want: "{image: {apt: []}}", warnings: "flow0:1:24 remove finds no q in what is inherited"},
		"remove from nothing":     {layers: []string{"image: {apt: {remove: [q]}}"}, want: "{image: {apt: []}}", warnings: "flow0:1:24 remove finds no q in what is inherited"},
		"append is no list":       {layers: []string{"image: {apt: {append: y}}", "image: {apt: [x]}"}, want: "{image: {apt: [x]}}", warnings: `flow0:1:23 append must be a list, not the text "y"`},
		"remove is a map":         {layers: []string{"image: {apt: {remove: {a: 1}}}"}, want: "{image: {}}", warnings: "flow0:1:23 remove must be a list, not a map"},
		"append and more":         {layers: []string{"image: {requirements: {append: [b], foo: [c]}}", "image: {requirements: [a]}"}, want: "{image: {requirements: [a, b]}}", warnings: `flow0:1:37 unknown field "foo"`},
		"a key named append":      {layers: []string{"image: {environment: {append: x}}", "image: {environment: {A: 1}}"}, want: "{image: {environment: {A: 1, append: x}}}"},
		"unknown type: list form": {layers: []string{"plugin: {a: {append: [2]}}", "plugin: {a: [1]}"}, want: "{plugin: {a: [1, 2]}}"},
		"unknown type: map":       {layers: []string{"plugin: {a: {append: [2]}}", "plugin: {a: {b: 1}}"}, want: "{plugin: {a: {b: 1, append: [2]}}}"},
		"unknown type: no list":   {layers: []string{"plugin: {a: {append: 2}}", "plugin: {b: 1}"}, want: "{plugin: {b: 1, a: {append: 2}}}"},
		"unknown type: null":      {layers: []string{"plugin: {a: {b: null}}", "plugin: {a: {b: 1, c: 2}}"}, want: "{plugin: {a: {c: 2}}}"},
		"not merged":              {layers: []string{"command: {append: [a]}", "command: [x]"}, want: "{command: {append: [a]}}"},

		"kitaru vector 1": {
			layers: []string{"image: {requirements: [], apt: [], environment: {}}", "image: {requirements: [a, b], apt: [git], environment: {A: 1, B: 2}}"},
			want:   "{image: {requirements: [], apt: [], environment: {A: 1, B: 2}}}",
		},
		"kitaru vector 2": {
			layers: []string{`image: {requirements: [z], environment: {B: "", C: 3}}`, "image: {requirements: [a, b], apt: [git], environment: {A: 1, B: 2}}"},
			want:   `{image: {requirements: [z], apt: [git], environment: {A: 1, B: "", C: 3}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var layers []*settings.Value
			for i, text := range c.layers {
				v, list := settings.ParseYAML("flow"+string(rune('0'+i)), []byte(text), settings.Flow)
				if len(list) > 0 {
					t.Fatal(shown(list))
				}
				layers = append(layers, v, nil)
			}
			before := typedAll(layers)
			merged, list := settings.Merge(reflect.TypeFor[layered](), layers...)
			if diff := cmp.Diff(c.want, merged.PlainText()); diff != "" {
				t.Error(diff)
			}
			var said []string
			for _, d := range list {
				said = append(said, d.Range.String()+" "+d.Summary)
			}
			if diff := cmp.Diff(c.warnings, strings.Join(said, "\n")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(before, typedAll(layers)); diff != "" {
				t.Errorf("a layer was changed: %s", diff)
			}
			// Decoding what was merged finds nothing that merging did not.
			again, _ := settings.Merge(reflect.TypeFor[layered](), merged, merged)
			if diff := cmp.Diff(merged.PlainText(), again.PlainText()); diff != "" && c.layers[0] != "command: {append: [a]}" && !strings.HasPrefix(name, "unknown type: no") {
				t.Errorf("merged with itself: %s", diff)
			}
		})
	}
}

func typedAll(all []*settings.Value) string {
	var b strings.Builder
	for _, v := range all {
		if v != nil {
			b.WriteString(typed(v) + "\n")
		}
	}
	return b.String()
}

func TestMergeKeepsOrigins(t *testing.T) {
	step := read(t, "image: {user: s, apt: {append: [y]}, environment: {A: 3}}", settings.Step)
	flow := read(t, "image: {user: null, environment: {A: 2}}", settings.Flow)
	stack := read(t, "image: {user: k, apt: [x], environment: {A: 1, B: 1}}", settings.Stack)
	merged, list := settings.Merge(reflect.TypeFor[layered](), step, flow, stack)
	if len(list) > 0 {
		t.Fatal(shown(list))
	}
	for path, want := range map[string]string{
		"image.user":          "s step < null flow < k stack",
		"image.apt":           "[x, y] step < [x] stack",
		"image.apt[0]":        "x stack",
		"image.apt[1]":        "y step",
		"image.environment.A": "3 step < 2 flow < 1 stack",
		"image.environment.B": "1 stack",
	} {
		v, err := settings.Lookup(merged, path)
		if err != nil {
			t.Error(err)
			continue
		}
		got := v.PlainText() + " " + string(v.Layer)
		for _, o := range v.Overrode {
			got += " < " + o.PlainText() + " " + string(o.Layer)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

// No tree makes Merge panic, and merging the result with itself changes nothing.
func FuzzMerge(f *testing.F) {
	f.Add("image: {apt: {append: [x]}}", "image: {apt: [y]}")
	f.Add("image: {requirements: {append: [x], remove: [y]}}", "image: {requirements: f}")
	f.Add("image: {args: {remove: [x]}}", "image: {args: {x: null}}")
	f.Add("plugin: {a: {append: [{b: null}]}}", "null")
	f.Add("[a]", "image: {}")
	f.Fuzz(func(t *testing.T, upper, lower string) {
		a, _ := settings.ParseYAML("a", []byte(upper), settings.Step)
		b, _ := settings.ParseYAML("b", []byte(lower), settings.Flow)
		merged, _ := settings.Merge(reflect.TypeFor[layered](), a, b)
		var into layered
		settings.Decode(merged, &into)
		settings.Check(a, reflect.TypeFor[layered]())
		for _, p := range settings.Leaves(merged) {
			if _, err := settings.Lookup(merged, p); err != nil {
				t.Fatalf("no %s in %s: %v", p, merged.PlainText(), err)
			}
		}
		if strings.Contains(upper+lower, "append") || strings.Contains(upper+lower, "remove") {
			return // what is left of them is not a list's, and would be read anew
		}
		again, list := settings.Merge(reflect.TypeFor[layered](), merged, merged)
		if len(list) > 0 {
			t.Fatal(shown(list))
		}
		if diff := cmp.Diff(merged.PlainText(), again.PlainText()); diff != "" {
			t.Fatal(diff)
		}
	})
}
