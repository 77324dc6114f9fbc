package plan_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

// TestFaultsOfOthers is what went wrong in other tools when settings come from
// several places, each by its name, and does not here.
func TestFaultsOfOthers(t *testing.T) {
	const step = "version: 1\nname: f\nsteps:\n  train:\n    run: x\n"
	for _, c := range []struct {
		name, flow, pyproject string
		variables             []string
		code                  diag.Code
		place, says           string
	}{
		{name: "ZenML, an unknown key at the top is silent", flow: step + "imagee: {user: app}\n", code: diag.UnknownField, place: "flow.yaml:6", says: `"image"`},
		{name: "ZenML, an unknown key of a step is silent", flow: step + "    imge: {user: app}\n", code: diag.UnknownField, place: "flow.yaml:6", says: `"image"`},
		{name: "ZenML, an unknown key of the image is silent", flow: step + "    image: {requirments: [a]}\n", code: diag.UnknownField, place: "flow.yaml:6", says: `"requirements"`},
		{name: "ZenML, a key of another tool is silent", flow: step + "settings: {docker: {parent_image: a}}\n", code: diag.UnknownField, place: "flow.yaml:6", says: ""},
		{name: "ZenML, a wrong type takes long and prints a page", flow: step + "    image: {apt_packages: 3}\n", code: diag.WrongType, place: "flow.yaml:6", says: ""},
		{name: "Flyte, typos in configuration are ignored", flow: step, pyproject: "[tool.stack.image]\nuser_ = \"app\"\n", code: diag.UnknownField, place: "pyproject.toml:2", says: `"user"`},
		{name: "Kitaru, typos in pyproject.toml are silent", flow: step, pyproject: "[tool.stack]\nimag = {user = \"app\"}\n", code: diag.UnknownField, place: "pyproject.toml:2", says: `"image"`},
		{name: "Kitaru, an unknown key has no suggestion", flow: step, variables: []string{`STACK_IMAGE={"base_imge": "a"}`}, code: diag.UnknownField, place: "STACK_IMAGE", says: `"base_image"`},
		{name: "Kitaru, a typo of a variable is silent", flow: step, variables: []string{`STACK_IMAG={"base_image": "a"}`}, code: "", place: "STACK_IMAG", says: "STACK_IMAGE"},
		{name: "SkyPilot, a suggestion takes two seconds", flow: step + "resource: {cpu: 1}\n", code: diag.UnknownField, place: "flow.yaml:6", says: `"resources"`},
		{name: "dstack, a server is asked before the file is checked", flow: step + "imagee: {}\n", code: diag.UnknownField, place: "flow.yaml:6", says: ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			begun := time.Now()
			f, list := flow.Parse("flow.yaml", []byte(c.flow))
			if f != nil {
				list = append(list, resolved(t, f, c.pyproject, c.variables)...)
			}
			if took := time.Since(begun); took > time.Second {
				t.Errorf("it took %s", took)
			}
			for _, d := range list {
				if (c.code == "" || d.Code == c.code) && d.Range != nil && strings.Contains(d.Range.String(), c.place) {
					if !strings.Contains(d.Summary+d.Detail+d.Suggestion, c.says) || strings.Contains(d.Summary, "\n") {
						t.Errorf("it says %q, %q, %q", d.Summary, d.Detail, d.Suggestion)
					}
					return
				}
			}
			t.Errorf("nothing is said at %s: %v", c.place, list)
		})
	}
}

// resolved is what resolving f with a pyproject.toml and variables reports.
func resolved(t *testing.T, f *flow.Flow, pyproject string, variables []string) diag.List {
	t.Helper()
	file, list := stackfile.Parse("stacks.hcl", "/", []byte("stack \"s\" {\n  orchestrator \"local\" {}\n}\n"), nil, func(string) (string, bool) { return "", false })
	stack, more := file.Stack("s")
	list = append(list, more...)
	var layers plan.Layers
	layers.Pyproject, more = settings.ParsePyproject("pyproject.toml", []byte(pyproject))
	list = append(list, more...)
	layers.Environment, more = settings.FromEnvironment(variables, flow.SettingsKeys())
	list = append(list, more...)
	_, more = plan.Resolve(f, stack, layers, nil)
	return append(list, more...)
}
