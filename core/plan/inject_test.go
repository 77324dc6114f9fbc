package plan

import (
	"testing"

	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/stackfile"
)

// A base image that a stack's defaults name is the user's own: inject adds
// nothing to it, whichever layer asks for it.
func TestInjectOnABaseOfTheStack(t *testing.T) {
	for defaults, want := range map[string]bool{
		"":                             true,
		`image { user = "app" }`:       true,
		`image { base_image = "b:1" }`: false,
	} {
		f, list := flow.Parse("flow.yaml", []byte("{version: 1, name: f, image: {inject: [kitaru], environment: {A: b}}, steps: {s: {run: x}}}"))
		file, more := stackfile.Parse("stacks.hcl", "/", []byte("stack \"s\" {\n  orchestrator \"local\" {}\n  defaults {\n    "+defaults+"\n  }\n}\n"), nil, func(string) (string, bool) { return "", false })
		if list = append(list, more...); list.HasErrors() {
			t.Fatal(list)
		}
		stack, list := file.Stack("s")
		r, more := Resolve(f, stack, Layers{}, nil)
		if list = append(list, more...); list.HasErrors() {
			t.Fatal(list)
		}
		im, list := image.Compile(r.Steps[0].Settings.Image, image.Options{SourceRoot: t.TempDir()})
		if list.HasErrors() {
			t.Fatal(list)
		}
		base, _ := im.Base()
		_, inputs, err := im.Pin(map[string]string{base: "sha256:1"}).Key()
		if _, got := inputs["requirements"]; err != nil || got != want {
			t.Errorf("%s: injected is %v (%v)", defaults, got, err)
		}
	}
}
