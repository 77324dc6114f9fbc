package plan_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

// Of a merged map what its entries overrode is shown, and of what a layer took
// away who did and what was there.
func TestExplainMapsAndWhatIsRemoved(t *testing.T) {
	f, list := flow.Parse("flow.yaml", []byte(`version: 1
name: f
image:
  environment: {A: flow, B: flow, E: null}
  python_package_installer_args: {x: flow}
  user: app
nodes: 3
steps:
  s:
    run: x
    nodes: null
    image: {environment: {A: step, B: null}, apt_packages: null, requirements: null, python_package_installer_args: {remove: [x], y: null}}
  d:
    run: x
    image: {dockerfile: D, environment: null}
  c:
    run: x
    image: {mode: custom, base_image: 'b:1', environment: {}}
`))
	file, more := stackfile.Parse("stacks.hcl", "/", []byte("stack \"s\" {\n  orchestrator \"local\" {}\n}\n"), nil, func(string) (string, bool) { return "", false })
	stack, _ := file.Stack("s")
	list = append(list, more...)
	pyproject, more := settings.ParsePyproject("pyproject.toml", []byte(`[tool.stack.image]
environment = {A = "py", C = "py", E = "py"}
apt_packages = ["git"]
base_image = "debian:12"
`))
	if list = append(list, more...); list.HasErrors() {
		t.Fatal(list)
	}
	r, list := plan.Resolve(f, stack, plan.Layers{Pyproject: pyproject}, nil)
	if list.HasErrors() {
		t.Fatal(list)
	}
	for path, want := range map[string]string{
		"steps.s.image.environment":                     `{"A":"step","C":"py"} step 12; {"A":"flow"} flow 4; {"B":"flow"} flow 4; {"A":"py"} pyproject 2; {"E":"py"} pyproject 2`,
		"steps.s.image.environment.B":                   `removed null step 12; "flow" flow 4`,
		"steps.s.image.environment.E":                   `removed null flow 4; "py" pyproject 2`,
		"steps.s.image.environment.Z":                   "nothing is set",
		"steps.s.image.apt_packages":                    `removed null step 12; ["git"] pyproject 3`,
		"steps.s.nodes":                                 `1 default 0; null step 11; 3 flow 7`,
		"steps.s.image.requirements":                    "nothing is set",
		"steps.s.image.requirments":                     "there is no setting",
		"steps.s.image.base_image":                      `"debian:12" pyproject 4`,
		"steps.s.image.python_package_installer_args":   `{"y":null} step 12; {"x":"flow"} flow 5`,
		"steps.s.image.python_package_installer_args.x": `removed null step 12; "flow" flow 5`,
		"steps.s.image.python_package_installer_args.y": "null step 12",
		"steps.d.image.environment":                     `removed null step 15; {"A":"flow","B":"flow","C":"py","E":null} flow 4; {"A":"py"} pyproject 2; {"E":"py"} pyproject 2`,
		"steps.d.image.environment.A":                   `removed null step 15; "flow" flow 4; "py" pyproject 2`,
		"steps.d.image.base_image":                      `removed null step 15; "debian:12" pyproject 4`,
		"steps.c.image.user":                            `removed null step 18; "app" flow 6`,
		"steps.c.image.environment.A":                   `removed null step 18; "flow" flow 4; "py" pyproject 2`,
		"steps.c.image.base_image":                      `"b:1" step 18; "debian:12" pyproject 4`,
	} {
		v, err := r.Explain(path)
		var got string
		if err != nil {
			got = err.Error()
		} else {
			if v.Removed {
				got = "removed "
			}
			for i, one := range append([]*settings.Value{v.Value}, v.Overrode...) {
				text, _ := json.Marshal(one.Plain())
				got += fmt.Sprintf("%s %s %d", text, one.Layer, one.Range.Line)
				if i < len(v.Overrode) {
					got += "; "
				}
			}
		}
		if got != want && (err == nil || !strings.HasPrefix(got, want)) {
			t.Errorf("%s\n is %s\nnot %s", path, got, want)
		}
	}
}
