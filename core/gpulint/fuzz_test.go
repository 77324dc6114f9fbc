package gpulint_test

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/gpulint"
)

// FuzzCheck: whatever is written in an image, there is an answer, it is about
// something that was written, and it does not show what is in an address.
func FuzzCheck(f *testing.F) {
	f.Add("h100", "python:3.12-slim", "torch==2.6.0+cpu\njax[cuda12]; sys_platform == 'linux'", "https://u:hunter2@download.pytorch.org/whl/cpu", "linux/arm64", "3.12")
	f.Add("tpu-v5e:4", "nvcr.io/nvidia/pytorch:24.06-py3", "torch @ https://u:hunter2@h/whl/cu121/torch-2.3.1%2Bcu121-cp312-cp312-linux_x86_64.whl", "", "", "")
	f.Add("mi300x", "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-devel@sha256:0", "-e git+https://h/x#egg=flash-attn\n--hash=1\n\\", "::", "windows", "x")
	f.Add("v100", "nvidia/cuda:99999999999999999999.1-devel", "torch>=1!2.0.*,<99999999999999999999\ntorch===\ntorch~=2", "/whl/cu99999999999/", "linux/amd64", "3")
	f.Fuzz(func(t *testing.T, accelerator, base, requirements, indexes, platform, python string) {
		in := gpulint.Input{BaseImage: base, Requirements: strings.Split(requirements, "\n"), IndexURLs: strings.Split(indexes, "\n"), Platform: platform, Python: python,
			InstallerArgs: strings.Fields(indexes), AptPackages: []string{platform}, Environment: map[string]string{"PIP_EXTRA_INDEX_URL": indexes, "UV_TORCH_BACKEND": python}}
		if a, err := compute.ParseAccelerator(accelerator); err == nil {
			in.Accelerator = &a
		}
		for _, found := range gpulint.Check(in) {
			switch {
			case found.Subject == gpulint.OfRequirements && (found.Index < 0 || found.Index >= len(in.Requirements)):
				t.Errorf("index %d of %d requirements", found.Index, len(in.Requirements))
			case found.Subject != gpulint.OfRequirements && found.Index != -1:
				t.Errorf("index %d of %s", found.Index, found.Subject)
			case found.Code == "" || found.Severity == "" || found.Summary == "" || strings.Contains(found.Summary, "\n"):
				t.Errorf("%+v", found)
			case strings.Contains(found.Summary+found.Detail+found.Suggestion, "hunter2") && !strings.Contains(base, "hunter2"):
				t.Errorf("a password is shown: %+v", found)
			}
		}
	})
}

func BenchmarkCheck(b *testing.B) {
	a := compute.Accelerator{Name: "h100", Count: 1}
	in := gpulint.Input{Accelerator: &a, BaseImage: "python:3.12-slim", Requirements: []string{"torch==2.6.0", "transformers", "pandas>=2"}}
	gpulint.Check(in) // reads the tables
	for b.Loop() {
		gpulint.Check(in)
	}
}
