package plan_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/settings"
	"github.com/stackrun/stack/core/stackfile"
)

// An entry of a map that several layers wrote counts by the layer that wrote
// it, so that mode custom drops what is below it and refuses what is not.
func TestModeCustomAndMergedMaps(t *testing.T) {
	const custom = "{mode: custom, base_image: 'b:1'}"
	for name, c := range map[string]struct {
		pyproject, flow, step string
		kept                  string // of environment and build.labels
		dropped               []string
		refused               bool
	}{
		"an empty map above":   {`environment = {A = "b"}`, custom, "{environment: {}}", "", []string{"environment.A"}, false},
		"an entry above":       {`environment = {A = "b"}`, custom, "{environment: {C: d}}", "C", []string{"environment.A"}, true},
		"an entry beside":      {`environment = {A = "b"}`, "{mode: custom, base_image: 'b:1', environment: {C: d}}", "{}", "C", []string{"environment.A"}, true},
		"a whole map below":    {`environment = {A = "b", B = "c"}`, custom, "{}", "", []string{"environment"}, false},
		"a map of maps":        {`build = {labels = {A = "b"}}`, custom, "{build: {labels: {}}}", "", []string{"build.labels.A"}, false},
		"empty maps, all ours": {"", custom, "{environment: {}, dockerfile_build: {}}", "", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			f, list := flow.Parse("flow.yaml", []byte("version: 1\nname: f\nimage: "+c.flow+"\nsteps:\n  train:\n    run: x\n    image: "+c.step+"\n"))
			file, more := stackfile.Parse("stacks.hcl", "/", []byte("stack \"s\" {\n  orchestrator \"local\" {}\n}\n"), nil, func(string) (string, bool) { return "", false })
			list = append(list, more...)
			stack, more := file.Stack("s")
			list = append(list, more...)
			pyproject, more := settings.ParsePyproject("pyproject.toml", []byte("[tool.stack.image]\n"+c.pyproject+"\n"))
			if list = append(list, more...); list.HasErrors() {
				t.Fatal(list)
			}
			r, list := plan.Resolve(f, stack, plan.Layers{Pyproject: pyproject}, nil)
			if list.HasErrors() {
				t.Fatal(list)
			}
			s := r.Steps[0].Settings.Image
			kept := slices.Collect(maps.Keys(s.Environment))
			if s.Build != nil {
				kept = append(kept, slices.Collect(maps.Keys(s.Build.Labels))...)
			}
			if got := strings.Join(kept, " "); got != c.kept {
				t.Errorf("%q is left", got)
			}
			var dropped []string
			for _, d := range list {
				if d.Code == diag.SettingIgnored {
					what, _, _ := strings.Cut(d.Summary, ",")
					dropped = append(dropped, what)
					if d.Range == nil || d.Range.File != "pyproject.toml" {
						t.Errorf("%s is told at %v", what, d.Range)
					}
				}
			}
			if !slices.Equal(dropped, c.dropped) {
				t.Errorf("dropped is %q, want %q", dropped, c.dropped)
			}
			if _, list = image.Compile(s, image.Options{SourceRoot: t.TempDir()}); list.HasErrors() != c.refused {
				t.Errorf("compiling gives %v", list)
			}
		})
	}
	// The same of a Dockerfile below a base image.
	f, list := flow.Parse("flow.yaml", []byte("version: 1\nname: f\nimage: {dockerfile: D, dockerfile_build: {args: {A: b}}}\nsteps:\n  train:\n    run: x\n    image: {base_image: 'b:1', dockerfile_build: {args: {}}}\n"))
	file, more := stackfile.Parse("stacks.hcl", "/", []byte("stack \"s\" {\n  orchestrator \"local\" {}\n}\n"), nil, func(string) (string, bool) { return "", false })
	if list = append(list, more...); list.HasErrors() {
		t.Fatal(list)
	}
	stack, _ := file.Stack("s")
	r, list := plan.Resolve(f, stack, plan.Layers{}, nil)
	if list.HasErrors() || r.Steps[0].Settings.Image.Dockerfile != "" || r.Steps[0].Settings.Image.DockerfileBuild != nil {
		t.Errorf("%v, %+v", list, r)
	}
}
