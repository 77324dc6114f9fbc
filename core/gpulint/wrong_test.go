package gpulint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackrun/stack/core/gpulint"
)

// told is a finding in a line: code, severity and subject.
func told(all []gpulint.Finding) string {
	var lines []string
	for _, f := range all {
		line := fmt.Sprintf("%s %s %s", f.Code, f.Severity, f.Subject)
		if f.Index >= 0 {
			line += fmt.Sprintf(".%d", f.Index)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, " & ")
}

const (
	at0  = " image.requirements.0"
	at1  = " image.requirements.1"
	base = " image.base_image"
)

func TestWhatDoesNotWork(t *testing.T) {
	for _, c := range []struct {
		given
		want string
		says string // somewhere in the finding
	}{
		// GPU101: for the CPU only.
		{given{"h100", slim, "torch==2.6.0+cpu", "", nil}, "GPU101 error" + at0, "without +cpu"},
		{given{"h100", slim, "pandas & torch==2.6.0", whl + "cpu", nil}, "GPU101 error" + at1, "index whl/cpu"},
		{given{"h100", slim, "torch", "https://name:secret@download.pytorch.org/whl/cpu", nil}, "GPU101 error" + at0, "index whl/cpu"},
		{given{"h100", slim, "--extra-index-url " + whl + "cpu & torch", "", nil}, "GPU101 error" + at1, "index whl/cpu"},
		{given{"gpu", slim, "torch @ " + whl + "cpu/torch-2.3.1%2Bcpu-cp312-cp312-linux_x86_64.whl", "", nil}, "GPU101 error" + at0, "torch==2.3.1+cpu"},
		{given{"h100", slim, "sentence-transformers", whl + "cpu", nil}, "GPU101 error" + at0, "index whl/cpu"},
		{given{"a100", slim, "tensorflow-cpu==2.16.1", "", nil}, "GPU101 error" + at0, "tensorflow[and-cuda]"},
		{given{"a100", slim, "jax[cpu]", "", nil}, "GPU101 error" + at0, "jax[cuda12]"},
		{given{"h100", devel, "torch==2.6.0+cpu", "", nil}, "GPU101 error" + at0, ""},
		{given{"h100", "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime", "torch==2.6.0+cpu", "", nil}, "GPU101 error" + at0, ""},
		{given{"h100", "registry.example.com/ml/base:1", "torch==2.6.0+cpu", "", nil}, "GPU101 warning" + at0, ""},
		{given{"h100", slim, "torch==2.6.0+cpu", "", commands}, "GPU101 warning" + at0, ""},
		{given{"gb200", slim, "torch==2.9.1", "", arm64}, "GPU101 error" + at0, "PyPI for linux/arm64"},
		{given{"h100", slim, "torch==2.8.0", "", arm64}, "GPU101 error" + at0, "whl/cu130"},
		{given{"mi300x", slim, "torch==2.6.0+cpu", "", nil}, "GPU101 error" + at0, "whl/rocm"},

		{given{"h100", slim, "pandas & torch", "", arguments("--torch-backend", "cpu")}, "GPU101 error" + at1, "index whl/cpu"},
		{given{"h100", slim, "torch", "", variable("UV_TORCH_BACKEND", "cpu")}, "GPU101 error" + at0, ""},
		{given{"h100", slim, "tensorflow-cpu & ours", "", nil}, "GPU101 warning" + at0, ""},

		// GPU102: no code for the GPU.
		{given{"h100", slim, "torch==1.13.1", "", nil}, "GPU102 error" + at0, "torch>=2.0.1"},
		{given{"h100", slim, "torch==2.0.1", "", nil}, "GPU102 error" + at0, "CUDA 11.7"},
		{given{"h100", slim, "torch==2.0.1+cu117", whl + "cu117", nil}, "GPU102 error" + at0, "11.8"},
		{given{"h200", slim, "torch<2.0", "", nil}, "GPU102 error" + at0, ""},
		{given{"h100-mega:8", slim, "torch~=1.13.0", "", nil}, "GPU102 error" + at0, ""},
		{given{"a100", slim, "torch==1.12.1", "", nil}, "GPU102 error" + at0, "CUDA 10.2"},
		{given{"b200", slim, "torch==2.6.0", "", nil}, "GPU102 error" + at0, "torch>=2.7.0 with CUDA 12.8"},
		{given{"b200", slim, "torch==2.7.1", "", nil}, "GPU102 error" + at0, "CUDA 12.6"},
		{given{"b200", slim, "torch==2.7.0+cu118", whl + "cu118", nil}, "GPU102 error" + at0, ""},
		{given{"b200", slim, "torch==2.9.0", whl + "cu126", nil}, "GPU102 error" + at0, "the index whl/cu126"},
		{given{"b200", slim, "torch", whl + "cu124", nil}, "GPU102 warning" + at0, "CUDA 12.8"},
		{given{"rtx-pro-6000", slim, "torch>=2.0,<2.7", "", nil}, "GPU102 error" + at0, ""},
		{given{"b300", slim, "torch==2.5.1+cu124", "", nil}, "GPU102 error" + at0, ""},
		{given{"v100", slim, "torch", "", nil}, "GPU102 warning" + at0, "whl/cu126"},
		{given{"v100", slim, "torch==2.11.0", "", nil}, "GPU102 error" + at0, "CUDA 13.0"},
		{given{"v100", slim, "torch==2.11.0+cu128", "", nil}, "GPU102 error" + at0, "7.5"},
		{given{"v100", slim, "torch==2.7.1+cu128", "", nil}, "GPU102 error" + at0, "7.5"},
		{given{"v100-32gb", slim, "torch==2.10.0+cu130", whl + "cu130", nil}, "GPU102 error" + at0, ""},
		{given{"p100", slim, "torch==2.8.0", "", nil}, "GPU102 error" + at0, "cu126"},
		{given{"k80", slim, "torch==2.3.0", "", nil}, "GPU102 error" + at0, "cu118"},
		{given{"v100", slim, "jax[cuda13]", "", nil}, "GPU102 error" + at0, "jax[cuda12]"},
		{given{"p4", slim, "jax[cuda13-local]", "", nil}, "GPU103 warning" + at0, "jax[cuda12]"},
		{given{"k80", slim, "jax[cuda12]", "", nil}, "GPU102 error" + at0, "CUDA 12.0"},
		{given{"m60", slim, "tensorflow[and-cuda]==2.18.0", "", nil}, "GPU102 error" + at0, "6.0"},
		{given{"h100", "pytorch/pytorch:1.13.1-cuda11.6-cudnn8-runtime", "", "", nil}, "GPU102 error" + base, "torch in base image"},
		{given{"b200", "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-devel", "transformers & torch", "", nil}, "GPU102 error" + base, ""},
		{given{"v100", "nvcr.io/nvidia/pytorch:25.12-py3", "", "", nil}, "GPU102 error" + base, "CUDA 13.0"},
		{given{"v100", "nvcr.io/nvidia/pytorch:25.10-py3", "", "", nil}, "GPU102 error" + base, ""},
		{given{"b200", "registry.example.com/ml/base:1", "torch==2.6.0", "", nil}, "GPU102 error" + at0, ""},
		{given{"b200", slim, "torch==2.6.0 & jax[cuda12]", "", nil}, "GPU102 warning" + at0, ""},
		{given{"b200", slim, "torch==2.6.0", "", commands}, "GPU102 warning" + at0, ""},

		// GPU103: nothing that serves it.
		{given{"h100", slim, "tensorflow==2.16.1", "", nil}, "GPU103 warning" + at0, "tensorflow[and-cuda]"},
		{given{"h100", slim, "tensorflow-gpu==2.10.0", "", nil}, "GPU103 warning" + at0, ""},
		{given{"h100", slim, "flax & jax", "", nil}, "GPU103 warning" + at1, "jax[cuda12]"},
		{given{"h100", slim, "jax & jaxlib", "", nil}, "GPU103 warning" + at0, ""},
		{given{"h100", devel, "jax", "", nil}, "GPU103 warning" + at0, "jax[cuda12]"},
		{given{"l4", "debian:12", "onnxruntime", "", nil}, "GPU103 warning" + at0, "onnxruntime-gpu"},
		{given{"l4", "ubuntu:24.04", "onnxruntime-gpu", "", nil}, "GPU103 warning" + at0, "CUDA libraries"},
		{given{"l4", "ghcr.io/astral-sh/uv:python3.12-bookworm-slim", "faster-whisper", "", nil}, "GPU103 warning" + at0, ""},
		{given{"t4", slim, "cupy-cuda12x", "", nil}, "GPU103 warning" + at0, "cupy-cuda12x[ctk]"},
		{given{"a100", slim, "tensorflow & onnxruntime-gpu", "", nil}, "GPU103 warning" + at0 + " & GPU103 warning" + at1, ""},
		{given{"h100", "mirror.example.com/hub/library/python:3.12", "tensorflow", "", nil}, "GPU103 warning" + at0, ""},
		{given{"a100", "tensorflow/tensorflow:2.16.1", "", "", nil}, "GPU103 warning" + base, "-gpu"},
		{given{"tpu-v5e:4", slim, "jax", "", nil}, "GPU103 warning" + at0, "jax[tpu]"},
		{given{"tpu-v5e:4", slim, "tensorflow", "", nil}, "GPU103 warning" + at0, "tensorflow-tpu"},
		{given{"mi300x", slim, "jax", "", nil}, "GPU103 warning" + at0, "rocm/jax"},

		// GPU104: two CUDA versions.
		{given{"h100", "nvidia/cuda:11.8.0-cudnn8-devel-ubuntu22.04", "torch==2.6.0 & flash-attn==2.7.4.post1", "", nil}, "GPU104 warning" + at1, "CUDA 12.4"},
		{given{"h100", devel, "torch==2.9.1+cu130 & mamba-ssm & causal-conv1d", whl + "cu130", nil}, "GPU104 warning" + at1 + " & GPU104 warning image.requirements.2", ""},
		{given{"h100", devel, "torch & flash-attn", "", nil}, "GPU104 warning" + at1, "2.14"},
		{given{"h100", "pytorch/pytorch:2.4.0-cuda12.4-cudnn9-devel", "torch==2.12.0 & flash-attn", "", nil}, "GPU104 warning" + at1, ""},
		{given{"h100", "nvidia/cuda:11.8.0-runtime-ubuntu22.04", "cupy-cuda12x", "", nil}, "GPU104 warning" + at0, "CUDA 11"},

		// GPU105: a base image for nothing.
		{given{"cpu", "nvidia/cuda:12.4.1-base-ubuntu22.04", "pandas", "", nil}, "GPU105 info" + base, ""},
		{given{"cpu", "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime", "", "", nil}, "GPU105 info" + base, ""},
		{given{"cpu", "tensorflow/tensorflow:2.16.1-gpu", "", "", nil}, "GPU105 info" + base, ""},
		{given{"cpu", "nvcr.io/nvidia/pytorch:24.06-py3", "", "", nil}, "GPU105 info" + base, ""},
		{given{"cpu", "rocm/pytorch:latest", "", "", nil}, "GPU105 info" + base, ""},

		// GPU106: another kind.
		{given{"tpu-v5e:4", slim, "torch==2.6.0+cu124", whl + "cu124", nil}, "GPU106 error" + at0, "torch_xla[tpu]"},
		{given{"tpu-v5e:4", slim, "torch", "", nil}, "GPU106 error" + at0, "torch_xla[tpu]"},
		{given{"tpu-v5e:4", slim, "ours & torch", "", nil}, "GPU106 warning" + at1, "torch_xla[tpu]"},
		{given{"tpu-v5e:4", slim, "torch", whl + "cu128", nil}, "GPU106 error" + at0, ""},
		{given{"tpu-v6e:8", slim, "jax[cuda12]", "", nil}, "GPU106 error" + at0, "jax[tpu]"},
		{given{"tpu-v6e:8", slim, "tensorflow[and-cuda]", "", nil}, "GPU106 error" + at0, ""},
		{given{"tpu-v4:8", slim, "tensorflow-gpu", "", nil}, "GPU106 error" + at0, "tensorflow-tpu"},
		{given{"tpu-v4:8", "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime", "", "", nil}, "GPU106 error" + base, "TPUs"},
		{given{"tpu-v4:8", "gcr.io/example/tpu:1", "jax[cuda12]", "", nil}, "GPU106 warning" + at0, ""},
		{given{"mi300x", slim, "torch", "", nil}, "GPU106 error" + at0, "whl/rocm"},
		{given{"mi300x", "rocm/pytorch:latest", "torch==2.6.0+cu124", whl + "cu124", nil}, "GPU106 error" + at0, ""},
		{given{"h100", slim, "torch==2.6.0+rocm6.2", whl + "rocm6.2", nil}, "GPU106 error" + at0, "AMD GPUs"},
		{given{"h100", slim, "jax[tpu]", "", nil}, "GPU106 error" + at0, "jax[cuda12]"},
		{given{"h100", "rocm/pytorch:latest", "", "", nil}, "GPU106 error" + base, "AMD GPUs"},
	} {
		name := c.accelerator + " " + c.base + " " + c.requirements
		found := gpulint.Check(c.input(t))
		if diff := cmp.Diff(c.want, told(found)); diff != "" {
			t.Errorf("%s (-want +got):\n%s%+v", name, diff, found)
			continue
		}
		f := found[0]
		if text := f.Summary + "\n" + f.Detail + "\n" + f.Suggestion; !strings.Contains(text, c.says) || strings.Contains(text, "secret") {
			t.Errorf("%s: %q is not in\n%s", name, c.says, text)
		}
		if f.Summary == "" || f.Detail == "" || strings.HasSuffix(f.Summary, ".") {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
