package plan_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

const layered = `version: 1
name: layers
params: {who: me}
image:
  environment: {A: flow, B: flow}
resources: {cpu: 1}
steps:
  one:
    run: "true"
    image:
      environment: {A: step}
  two:
    matrix: {x: [1, 2]}
    run: "true"
    resources: {cpu: 2}
`

const stacks = `stack "s" {
  orchestrator "local" {}
  defaults {
    image { environment = { C = "stack", A = "stack" } }
  }
}
`

// resolve resolves the flow above with --set options and an environment.
func resolve(t *testing.T, set, environ, params []string) (*plan.Resolved, diag.List) {
	t.Helper()
	f, list := flow.Parse("flow.yaml", []byte(layered))
	if list.HasErrors() {
		t.Fatal(list)
	}
	file, list := stackfile.Parse("stacks.hcl", "/", []byte(stacks), nil, func(string) (string, bool) { return "", false })
	if list.HasErrors() {
		t.Fatal(list)
	}
	stack, list := file.Stack("s")
	if list.HasErrors() {
		t.Fatal(list)
	}
	var layers plan.Layers
	if layers.CommandLine, list = settings.FromSet(set); list.HasErrors() {
		t.Fatal(list)
	}
	if layers.Environment, list = settings.FromEnvironment(environ, flow.SettingsKeys()); list.HasErrors() {
		t.Fatal(list)
	}
	return plan.Resolve(f, stack, layers, params)
}

func TestResolve(t *testing.T) {
	environ := []string{`STACK_IMAGE={"environment": {"D": "env", "B": "env"}}`}
	for _, tc := range []struct {
		set  []string
		path string
		want string // each value with its layer, the one that counts first
	}{
		{nil, "steps.one.image.environment.A", "step:step flow:flow stack:stack"},
		{nil, "steps.one.image.environment.B", "flow:flow env:environment"},
		{nil, "steps.one.image.environment.C", "stack:stack"},
		{nil, "steps.one.image.environment.D", "env:environment"},
		{nil, "steps.one.resources.cpu", "1:flow"},
		{nil, "steps.two[x=1].resources.cpu", "2:step 1:flow"},
		{nil, "steps.two.resources.cpu", "2:step 1:flow"},
		{nil, "steps.one.nodes", "1:default"},
		{nil, "image.environment.C", "stack:stack"},
		{[]string{"resources.cpu=8"}, "steps.two[x=2].resources.cpu", "8:command_line 2:step 1:flow"},
		{[]string{"resources.cpu=8", "steps.two.resources.cpu=4"}, "steps.two[x=2].resources.cpu", "4:command_line 8:command_line 2:step 1:flow"},
		{[]string{"steps.two[x=2].resources.cpu=3", "steps.two.resources.cpu=4"}, "steps.two[x=2].resources.cpu", "3:command_line 4:command_line 2:step 1:flow"},
		{[]string{"steps.two[x=2].resources.cpu=3"}, "steps.two[x=1].resources.cpu", "2:step 1:flow"},
		{[]string{"nodes=2"}, "steps.one.nodes", "2:command_line 1:default"},
	} {
		t.Run(fmt.Sprint(tc.set, " ", tc.path), func(t *testing.T) {
			r, list := resolve(t, tc.set, environ, nil)
			if list.HasErrors() {
				t.Fatal(list)
			}
			v, err := r.Explain(tc.path)
			if err != nil {
				t.Fatal(err)
			}
			words := []string{fmt.Sprintf("%v:%s", v.Plain(), v.Layer)}
			for _, o := range v.Overrode {
				words = append(words, fmt.Sprintf("%v:%s", o.Plain(), o.Layer))
			}
			if diff := cmp.Diff(tc.want, strings.Join(words, " ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestResolveDecides looks at what explain only tells: the decoded settings.
func TestResolveDecides(t *testing.T) {
	r, list := resolve(t, []string{"steps.two.image.environment.B=null"}, nil, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	got := map[string]map[string]string{}
	for _, d := range r.Steps {
		got[d.Step.Name] = d.Settings.Image.Environment
	}
	want := map[string]map[string]string{
		"one":      {"A": "step", "B": "flow", "C": "stack"},
		"two[x=1]": {"A": "flow", "C": "stack"},
		"two[x=2]": {"A": "flow", "C": "stack"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestResolveMistakes(t *testing.T) {
	for _, tc := range []struct {
		name                 string
		set, environ, params []string
		code                 diag.Code
		text                 string
	}{
		{name: "unknown step", set: []string{"steps.on.resources.cpu=1"}, code: diag.UnknownStep, text: `did you mean "one"?`},
		{name: "no step at all", set: []string{"steps.zz.image.x=1"}, code: diag.UnknownStep, text: "Its steps: one, two, two[x=1], two[x=2]."},
		{name: "unknown setting", set: []string{"resources.cpus=1"}, code: diag.UnknownField, text: `did you mean "cpu"?`},
		{name: "a list changed wrongly", set: []string{"image.requirements={append: [a], foo: [b]}"}, code: diag.UnknownField, text: "{append: [..], remove: [..]}"},
		{name: "a map for a list", set: []string{"image.requirements={foo: [b]}"}, code: diag.WrongType, text: "{append: [..], remove: [..]}"},
		{name: "wrong value", set: []string{"resources.cpu=none"}, code: diag.BadValue, text: "not a number of cores"},
		{name: "wrong value in the environment", environ: []string{"STACK_RESOURCES={memory: none}"}, code: diag.BadValue, text: "STACK_RESOURCES"},
		{name: "unknown param", params: []string{"wo=you"}, code: diag.UnknownParam, text: `did you mean "who"?`},
		{name: "an expression outside the flow", set: []string{"image.user=${{ params.who }}"}, code: diag.BadExpression, text: "flow.yaml only"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, list := resolve(t, tc.set, tc.environ, tc.params)
			if len(list) != 1 { // once, though three steps have it
				t.Fatalf("%d diagnostics, want 1: %+v", len(list), list)
			}
			var text strings.Builder
			diag.Printer{W: &text}.Print(list)
			if list[0].Code != tc.code || !strings.Contains(text.String(), tc.text) {
				t.Errorf("got %s, want code %s and %q", text.String(), tc.code, tc.text)
			}
		})
	}
}

func TestExplainMistakes(t *testing.T) {
	r, list := resolve(t, nil, nil, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	for path, want := range map[string]string{
		"steps.one.image.enviroment": "did you mean",
		"steps.oen.image":            `did you mean "one"`,
		"steps.zzzz.image":           "Its steps: one, two[x=1], two[x=2].",
		"steps.one.image.basee":      `did you mean "base_image"`,
		"image.basee":                `did you mean "base_image"`,
		"steps.one.image.qqqq":       "Known here: allow_",
		"resources.cpu":              "not the same for all steps",
		"image..x":                   "empty part",
	} {
		_, err := r.Explain(path)
		var found diag.List
		if !errors.As(err, &found) {
			t.Errorf("%s: %v is no list of diagnostics", path, err)
			continue
		}
		var text strings.Builder
		diag.Printer{W: &text}.Print(found)
		if !strings.Contains(text.String(), want) {
			t.Errorf("%s: got %s, want %q", path, text.String(), want)
		}
	}
	if got := r.Paths(); len(got) != 12 || got[3] != "steps.one.resources.cpu" || got[11] != "steps.two[x=2].resources.cpu" {
		t.Errorf("paths are %q", got)
	}
	for _, path := range r.Paths() {
		if _, err := r.Explain(path); err != nil {
			t.Errorf("%s is listed and cannot be explained: %v", path, err)
		}
	}
}
