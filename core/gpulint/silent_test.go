package gpulint_test

import (
	"strings"
	"testing"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/gpulint"
)

// given is a case in a line: accelerator, base image, requirements and indexes,
// each with spaces between, except that requirements have " & " between.
type given struct {
	accelerator  string
	base         string
	requirements string
	indexes      string
	change       func(*gpulint.Input)
}

func (g given) input(t *testing.T) gpulint.Input {
	t.Helper()
	in := gpulint.Input{BaseImage: g.base, IndexURLs: strings.Fields(g.indexes), Python: "3.12"}
	if g.requirements != "" {
		in.Requirements = strings.Split(g.requirements, " & ")
	}
	a, err := compute.ParseAccelerator(g.accelerator)
	if err != nil {
		t.Fatal(err)
	}
	in.Accelerator = &a
	if g.change != nil {
		g.change(&in)
	}
	return in
}

func arm64(in *gpulint.Input)      { in.Platform = "linux/arm64" }
func python39(in *gpulint.Input)   { in.Python = "3.9" }
func commands(in *gpulint.Input)   { in.Commands = true }
func dockerfile(in *gpulint.Input) { in.Dockerfile = true }

func variable(name, value string) func(*gpulint.Input) {
	return func(in *gpulint.Input) { in.Environment = map[string]string{name: value} }
}

func arguments(args ...string) func(*gpulint.Input) {
	return func(in *gpulint.Input) { in.InstallerArgs = args }
}

func apt(in *gpulint.Input) { in.AptPackages = []string{"libgomp1", "nvidia-cuda-toolkit"} }

const (
	slim  = "python:3.12-slim"
	whl   = "https://download.pytorch.org/whl/"
	devel = "nvidia/cuda:12.4.1-cudnn-devel-ubuntu22.04"
)

// TestWhatWorksIsSilent is combinations that people use and that work.
func TestWhatWorksIsSilent(t *testing.T) {
	for _, g := range []given{
		// CUDA wheels bring their own CUDA.
		{"h100", slim, "torch", "", nil},
		{"h100:8", slim, "torch>=2.6", "", nil},
		{"h100", slim, "torch==2.6.0 & transformers & accelerate", "", nil},
		{"h100", slim, "torch==2.4.1", "", nil},
		{"h100", slim, "torch==2.1.0", "", nil},
		{"h100", slim, "torch==2.0.1+cu118", whl + "cu118", nil},
		{"h200", slim, "torch~=2.7.0", "", nil},
		{"a100", slim, "torch==1.13.1", "", nil},
		{"a100-80gb:8", slim, "torch==2.0.1", "", nil},
		{"a10g", slim, "torch==1.12.1+cu113", whl + "cu113", nil},
		{"l4", slim, "torch==1.13.1", "", nil},
		{"l40s", slim, "torch==2.3.1 & torchvision==0.18.1", "", nil},
		{"t4", slim, "torch", "", nil},
		{"t4", slim, "torch==1.8.1", "", nil},
		{"b200", slim, "torch", "", nil},
		{"b200", slim, "torch==2.7.1+cu128", whl + "cu128", nil},
		{"b200", slim, "torch==2.8.0", "", nil},
		{"b300", slim, "torch==2.9.1+cu130", whl + "cu130", nil},
		{"rtx-pro-6000", slim, "torch==2.8.0", "", nil},
		{"b200", slim, "torch==2.7.0.dev20250310+cu128", whl + "nightly/cu128", nil},
		{"gb200", slim, "torch==2.9.1+cu130", whl + "cu130", arm64},
		{"gb200", slim, "torch", "", arm64},
		{"h100", slim, "torch @ https://download.pytorch.org/whl/cu121/torch-2.3.1%2Bcu121-cp312-cp312-linux_x86_64.whl", "", nil},
		{"h100", slim, "https://download.pytorch.org/whl/cu121/torch-2.3.1%2Bcu121-cp312-cp312-linux_x86_64.whl", "", nil},
		{"h100", slim, "vllm==0.6.3", "", nil},
		{"gpu:2", slim, "torch", "", nil},
		{"gpu", slim, "torch==2.6.0", whl + "rocm6.2", nil},

		// Old GPUs with builds that still have them.
		{"v100", slim, "torch==2.6.0", "", nil},
		{"v100", slim, "torch==2.8.0", "", nil},
		{"v100", slim, "torch==2.12.0+cu126", whl + "cu126", nil},
		{"v100", slim, "torch<2.11", "", nil},
		{"v100", slim, "torch", "", python39},
		{"p100", slim, "torch==2.7.1", "", nil},
		{"p4", slim, "torch==2.3.0", "", nil},
		{"k80", slim, "torch==2.0.1+cu118", whl + "cu118", nil},
		{"m60", slim, "torch==2.5.1", "", nil},
		{"v100", slim, "jax[cuda12]", "", nil},
		{"p100", slim, "tensorflow[and-cuda]==2.19.0", "", nil},

		// Other frameworks that bring CUDA.
		{"h100", slim, "jax[cuda12]==0.4.35 & flax", "", nil},
		{"h100", slim, "jax[cuda13]", "", nil},
		{"h100", slim, "jax[cuda12_pip]==0.4.20", "https://storage.googleapis.com/jax-releases/jax_cuda_releases.html", nil},
		{"a100", slim, "jax==0.4.13 & jaxlib==0.4.13+cuda12.cudnn89", "https://storage.googleapis.com/jax-releases/jax_cuda_releases.html", nil},
		{"h100", slim, "jax & jax-cuda12-plugin[with-cuda]", "", nil},
		{"h100", slim, "tensorflow[and-cuda]==2.16.1", "", nil},
		{"a100", slim, "tensorflow[and_cuda]>=2.15", "", nil},
		{"h100", slim, "onnxruntime-gpu[cuda,cudnn]", "", nil},
		{"h100", slim, "onnxruntime-gpu & torch", "", nil},
		{"h100", slim, "cupy-cuda12x[ctk]", "", nil},
		{"h100", slim, "cupy-cuda12x & torch==2.6.0", "", nil},
		{"a100", slim, "cudf-cu12 & cuml-cu12", "https://pypi.nvidia.com", nil},
		{"t4", slim, "xgboost & pandas", "", nil},
		{"l4", slim, "faster-whisper & nvidia-cublas-cu12 & nvidia-cudnn-cu12", "", nil},
		{"h100", slim, "pandas & scikit-learn", "", nil},
		{"h100", slim, "", "", nil},

		// One framework for the CPU beside one for the GPU.
		{"h100", slim, "torch & tensorflow-cpu", "", nil},
		{"h100", slim, "jax[cuda12] & torch==2.6.0+cpu", whl + "cpu", nil},
		{"a100", slim, "torch & jax", "", nil},
		{"a100", slim, "torch & tensorflow", "", nil},
		{"a100", slim, "torch & onnxruntime", "", nil},

		// Markers that do not hold here.
		{"h100", slim, "torch==2.6.0; sys_platform == 'linux' & torch==2.6.0+cpu; sys_platform == 'darwin'", "", nil},
		{"h100", slim, `torch==2.6.0+cpu; platform_machine == "aarch64" & torch==2.6.0+cu124; platform_machine == "x86_64"`, "", nil},
		{"h100", slim, "torch==1.12.1; python_version < '3.9' & torch==2.6.0; python_version >= '3.9'", "", nil},
		{"h100", slim, "torch==2.6.0+cpu; extra == 'cpu' & torch==2.6.0", "", nil},

		// Base images with CUDA, and with frameworks.
		{"h100", "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04", "torch==2.6.0", "", nil},
		{"h100", "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04", "tensorflow==2.17.0", "", nil},
		{"h100", "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04", "onnxruntime-gpu", "", nil},
		{"h100", "nvidia/cuda:12.4.1-cudnn-runtime-ubuntu22.04", "cupy-cuda12x", "", nil},
		{"h100", devel, "torch==2.6.0 & flash-attn==2.7.4.post1", "", nil},
		{"h100", "nvidia/cuda:12.8.1-devel-ubuntu24.04", "torch==2.6.0 & flash-attn", "", nil}, // minor versions may differ
		{"h100", "nvidia/cuda:11.8.0-devel-ubuntu22.04", "torch==2.6.0 & https://github.com/Dao-AILab/flash-attention/releases/download/v2.7.4.post1/flash_attn-2.7.4.post1+cu12torch2.6cxx11abiFALSE-cp312-cp312-linux_x86_64.whl", "", nil},
		{"h100", "nvidia/cuda:11.8.0-runtime-ubuntu22.04", "torch==2.6.0 & xformers", "", nil}, // the wheel's own CUDA counts
		{"v100", "nvidia/cuda:13.0.1-runtime-ubuntu24.04", "torch==2.6.0+cu124", whl + "cu124", nil},
		{"h100", "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime", "", "", nil},
		{"b200", "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-devel", "flash-attn", "", nil},
		{"h100", "pytorch/pytorch:2.4.0-cuda12.4-cudnn9-runtime", "torch>=2.1 & transformers", "", nil},
		{"v100", "pytorch/pytorch:2.4.0-cuda12.1-cudnn9-runtime", "torch", "", nil},
		{"h100", "pytorch/pytorch:1.13.1-cuda11.6-cudnn8-runtime", "torch==2.6.0", "", nil}, // replaced
		{"h100", "pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", "tensorflow-cpu", "", nil},
		{"h100", "tensorflow/tensorflow:2.16.1-gpu", "pandas", "", nil},
		{"h100", "tensorflow/tensorflow:2.16.1-gpu-jupyter", "tensorflow", "", nil},
		{"h100", "nvcr.io/nvidia/pytorch:24.06-py3", "transformers", "", nil},
		{"h100", "nvcr.io/nvidia/pytorch:24.08-py3", "torch", "", nil},
		{"b200", "nvcr.io/nvidia/pytorch:25.12-py3", "", "", nil},
		{"h100", "vllm/vllm-openai:v0.6.3", "", "", nil},
		{"h100", "docker.io/pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime", "", "", nil},
		{"h100", "127.0.0.1:5000/library/python:3.11-slim", "torch", "", nil},
		{"h100", "python:3.12-slim@sha256:0000000000000000000000000000000000000000000000000000000000000000", "torch", "", nil},

		// What cannot be known is not judged.
		{"h100", "registry.example.com/ml/base:1", "torch & jax & tensorflow", "", nil},
		{"h100", "registry.example.com/python:3.12", "tensorflow", "", nil},
		{"h100", "", "tensorflow", "", nil},
		{"tpu-v5e", "gcr.io/example/tpu:1", "torch", "", nil},
		{"v100", "registry.example.com/ml/base:1", "torch", "", nil},
		{"b200", slim, "torch==2.6.0", "https://pypi.example.com/simple", nil},
		{"h100", slim, "torch==2.6.0a0+ecf3bae40a.nv25.01", "", nil},
		{"h100", slim, "torch==9.9.9", "", nil},
		{"h100", slim, "tensorflow", "", commands},
		{"h100", slim, "torch==2.6.0+cpu", whl + "cpu", dockerfile},
		{"h100", slim, "torch==2.6.0", whl + "cpu " + whl + "cu124", nil},
		{"gpu", slim, "torch==1.12.1", "", nil},

		// Where else it may be said where packages come from.
		{"b200", slim, "torch==2.7.1", "", variable("PIP_INDEX_URL", whl+"cu128")},
		{"b200", slim, "torch==2.7.1", "", variable("UV_EXTRA_INDEX_URL", "https://pypi.org/simple "+whl+"cu128")},
		{"b200", slim, "torch==2.7.1", "", variable("UV_TORCH_BACKEND", "cu128")},
		{"b200", slim, "torch==2.7.1", "", variable("UV_TORCH_BACKEND", "auto")},
		{"v100", slim, "torch", "", variable("PIP_CONSTRAINT", "constraints.txt")},
		{"b200", slim, "torch==2.7.1", "", arguments("--torch-backend=cu128")},
		{"b200", slim, "torch==2.7.1", "", arguments("--no-cache", "--index", "torch="+whl+"cu128")},
		{"h100", slim, "tensorflow", "", apt},
		{"h100", "nvidia/cuda:11.8.0-devel-ubuntu22.04", "torch==2.6.0 & torch-scatter", "https://data.pyg.org/whl/torch-2.6.0+cu124.html", nil},

		// TPUs and AMD's GPUs.
		{"tpu-v6e:8", slim, "vllm-tpu & torch", "", nil},
		{"tpu-v5e:4", slim, "jax[tpu]", "", nil},
		{"tpu-v6e:8", slim, "jax[tpu]==0.4.35 & flax & torch==2.6.0+cpu", whl + "cpu", nil},
		{"tpu-v5e:4", slim, "torch~=2.6.0 & torch_xla[tpu]~=2.6.0", "", nil},
		{"tpu-v4:8", slim, "jax & libtpu", "", nil},
		{"tpu-v5p:8", slim, "jax[tpu] & tensorflow-cpu", "", nil},
		{"tpu-v5e:1", slim, "jax[tpu,cuda12]", "", nil},
		{"mi300x", slim, "torch==2.8.0", whl + "rocm6.4", nil},
		{"mi300x", slim, "torch==2.8.0+rocm6.4", whl + "rocm6.4", nil},
		{"mi300x", "rocm/pytorch:latest", "torch & transformers", "", nil},
		{"mi300x", slim, "jax[rocm]", "", nil},
		{"mi300x", slim, "torch @ git+https://github.com/ROCm/pytorch@release", "", nil},
		{"h100", slim, "torch", whl + "cpu https://pypi.example.com/simple", nil},
		{"mi300x", "rocm/pytorch:latest", "jax[cuda12]", "", nil},
		{"mi300x", slim, "torch", "https://pypi.example.com/rocm/simple", nil},
		{"h100", "pytorch/pytorch:2.7.1-cuda12.8-cudnn9-runtime", "jax[tpu]", "", nil},
		{"v100", slim, "-c constraints.txt & torch", "", nil},
		{"h100", slim, "-r more.txt & tensorflow", "", nil},

		// Without an accelerator nothing is asked of the packages.
		{"cpu", slim, "torch==2.6.0+cpu", whl + "cpu", nil},
		{"cpu", slim, "torch", "", nil},
		{"cpu", slim, "jax[cuda12] & tensorflow", "", nil},
		{"cpu", "tensorflow/tensorflow:2.16.1", "", "", nil},
	} {
		for _, f := range gpulint.Check(g.input(t)) {
			t.Errorf("%s on %s with %q %s: %s %s: %s\n%s", g.accelerator, g.base, g.requirements, g.indexes, f.Severity, f.Code, f.Summary, f.Detail)
		}
	}
}
