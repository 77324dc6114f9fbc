package plan

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/flow"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/stackfile"
)

// TestCheckGPU: settings as they are written come to findings at the settings
// that they are about.
func TestCheckGPU(t *testing.T) {
	root := t.TempDir()
	for name, text := range map[string]string{
		"requirements.txt": "pandas\ntorch==2.6.0+cpu\n",
		"constrained.txt":  "-c constraints.txt\ntorch\n",
		"constraints.txt":  "torch<2.9\n",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		accelerator, image string
		want               string
	}{
		{"h100", "{requirements: [torch]}", ""},
		{"h100", "{requirements: [pandas, torch==2.6.0+cpu]}", "GPU101 error 6:36"},
		{"h100", "{requirements: requirements.txt}", "GPU101 error 6:27"},
		{"h100", "{requirements: [torch], index_url: 'https://download.pytorch.org/whl/cpu'}", "GPU101 error 6:28"},
		{"h100", "{requirements: [torch==2.0.1], base_image: python:3.10-slim}", "GPU102 error 6:28"},
		{"b200", "{requirements: [torch==2.7.1]}", "GPU102 error 6:28"},
		{"b200", "{requirements: [torch==2.7.1], extra_index_urls: ['https://download.pytorch.org/whl/cu128']}", ""},
		{"b200", "{requirements: [torch==2.7.1], python_package_installer_args: {torch-backend: cu128}}", ""},
		{"b200", "{requirements: [torch==2.7.1], environment: {UV_TORCH_BACKEND: cu128}}", ""},
		{"b200", "{requirements: [torch==2.7.1], build_secrets: [{name: index, env: PIP_EXTRA_INDEX_URL}]}", ""},
		{"b200", "{requirements: [torch==2.7.1], commands: ['true']}", "GPU102 warning 6:28"},
		{"v100", "{requirements: constrained.txt}", ""},
		{"h100", "{requirements: [tensorflow]}", "GPU103 warning 6:28"},
		{"h100", "{requirements: [tensorflow], apt_packages: [nvidia-cuda-toolkit]}", ""},
		{"h100", "{base_image: 'rocm/pytorch:latest'}", "GPU106 error 6:25"},
		{"h100", "{mode: custom, base_image: 'pytorch/pytorch:1.13.1-cuda11.6-cudnn8-runtime'}", "GPU102 error 6:39"},
		{"cpu", "{base_image: 'pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime'}", "GPU105 info 6:25"},
		{"tpu-v5e:4", "{requirements: ['jax[cuda12]']}", "GPU106 error 6:28"},
	} {
		text := fmt.Sprintf("version: 1\nname: f\nsteps:\n  s:\n    run: x\n    image: %s\n    resources: {accelerator: '%s'}\n", c.image, c.accelerator)
		d := oneStep(t, text)
		im, problems := image.Compile(d.Settings.Image, image.Options{SourceRoot: root, RangeOf: imageRanges(d)})
		if problems.HasErrors() {
			t.Errorf("%s: %v", c.image, problems)
			continue
		}
		var got []string
		for _, p := range checkGPU(d, im) {
			if p.Range == nil || !strings.HasPrefix(p.Summary, "step s: ") || p.Detail == "" {
				t.Errorf("%s: %+v", c.image, p)
				continue
			}
			got = append(got, fmt.Sprintf("%s %s %d:%d", p.Code, p.Severity, p.Range.Line, p.Range.Column))
		}
		if diff := cmp.Diff(c.want, strings.Join(got, " & ")); diff != "" {
			t.Errorf("%s on %s (-want +got):\n%s", c.image, c.accelerator, diff)
		}
	}
}

// oneStep resolves a flow of one step.
func oneStep(t *testing.T, text string) Decided {
	t.Helper()
	f, list := flow.Parse("flow.yaml", []byte(text))
	file, more := stackfile.Parse("stacks.hcl", "/", []byte(`stack "s" {
  orchestrator "docker" {}
}
`), nil, func(string) (string, bool) { return "", false })
	if list = append(list, more...); list.HasErrors() {
		t.Fatal(list)
	}
	stack, list := file.Stack("s")
	if list.HasErrors() {
		t.Fatal(list)
	}
	r, list := Resolve(f, stack, Layers{}, nil)
	if list.HasErrors() || len(r.Steps) != 1 {
		t.Fatal(text, diag.List(list))
	}
	return r.Steps[0]
}
