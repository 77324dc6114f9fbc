package plan

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/settings"
)

// Findings about accelerators are at what the user has written.
func TestCheckGPU(t *testing.T) {
	for _, c := range []struct{ name, yaml, want string }{
		{"what works", "image: {requirements: [torch]}\nresources: {accelerator: h100}", ""},
		{"no accelerator", "image: {requirements: [torch==2.7.1+cpu]}", ""},
		{"a wheel without CUDA", "image:\n  requirements: [six, torch==2.7.1+cpu]\nresources: {accelerator: h100}", "GPU101 2:23"},
		{"an index without CUDA", "image:\n  requirements: [torch]\n  index_url: https://download.pytorch.org/whl/cpu\nresources: {accelerator: l4}", "GPU101 2:18"},
		{"in a layer", "image:\n  layers:\n  - pip: [torch==2.7.1+cpu]\nresources: {accelerator: l4}", "GPU101 3:5"},
		{"older than the accelerator", "image: {requirements: [torch==1.12.0]}\nresources: {accelerator: h100}", "GPU102 1:24"},
		{"a TPU with CUDA", "image: {requirements: ['jax[cuda12]']}\nresources: {accelerator: tpu-v6e:8}", "GPU106 1:24"},
	} {
		t.Run(c.name, func(t *testing.T) {
			tree, found := settings.ParseYAML("flow.yaml", []byte(c.yaml), settings.Flow)
			d := Decided{Step: flow.Node{Name: "train"}, Tree: tree}
			if found = append(found, settings.Decode(tree, &d.Settings)...); found.HasErrors() {
				t.Fatal(found)
			}
			im, found := image.Compile(d.Settings.Image, image.Options{SourceRoot: t.TempDir()})
			if found.HasErrors() {
				t.Fatal(found)
			}
			var got []string
			for _, f := range checkGPU(d, im) {
				at := ""
				if f.Range != nil {
					at = strings.TrimPrefix(f.Range.String(), "flow.yaml:")
				}
				got = append(got, string(f.Code)+" "+at)
				if f.Severity == diag.Error && f.Suggestion == "" {
					t.Errorf("%s has no way out", f.Summary)
				}
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("%v, not %q", got, c.want)
			}
		})
	}
}
