package gpulint

import (
	"fmt"

	"github.com/stackrun/stack/core/diag"
)

// unusedBase is GPU105: a base image for GPUs on a step that has none.
func (s *step) unusedBase() []Finding {
	if s.base.holds != cuda && s.base.holds != rocm {
		return nil
	}
	f := aboutBase(diag.GPUUnused, diag.Info)
	f.Summary = fmt.Sprintf("base image %s is for GPUs, and the step asks for none", s.base.short)
	f.Detail = "It works, but the image is larger than it needs to be."
	f.Suggestion = "if the step needs a GPU, write resources: {accelerator: gpu}"
	return []Finding{f}
}

// cpuPackages is GPU101: a framework that is written to be for the CPU, with
// nothing else that could use the GPU.
func (s *step) cpuPackages() []Finding {
	if s.target == tpu {
		return nil // torch and TensorFlow for the CPU are what one installs there
	}
	var all []Finding
	for _, u := range s.uses {
		if u.gives != cpuOnly || u.indirect && !u.explicit || s.otherwise(u.framework) {
			continue
		}
		f := about(u, diag.GPUCPUOnly, s.certain())
		f.Summary = fmt.Sprintf("%s is for the CPU only, and the step asks for %s", u.text, s.name)
		if u.how != "" {
			f.Summary = fmt.Sprintf("%s from %s is for the CPU only, and the step asks for %s", u.text, u.how, s.name)
		}
		f.Detail = "It would run, on the CPU, beside an accelerator that is paid for."
		f.Suggestion = s.gpuBuild(u)
		all = append(all, f)
	}
	return all
}

// otherwise reports whether something beside this framework can use the GPU.
func (s *step) otherwise(framework string) bool {
	for _, f := range s.base.frameworks {
		if f != framework && s.serves(s.base.holds) {
			return true
		}
	}
	return s.anyUse(func(u use) bool {
		return u.framework != framework && (s.serves(u.gives) || u.gives == libraries)
	})
}

// gpuBuild is what to write in place of a CPU build.
func (s *step) gpuBuild(u use) string {
	if u.framework != "torch" {
		return instead(u.try)
	}
	if s.target == rocm {
		return "use an index such as https://download.pytorch.org/whl/rocm7.2"
	}
	if f, ok := s.floor("torch"); ok && f.CUDA.at(0) > 11 {
		return fmt.Sprintf("use torch without +cpu from a CUDA index: at least torch %s with CUDA %s for %s", f.Release, f.CUDA, s.name)
	}
	if s.arch == "arm64" {
		return "use an index such as https://download.pytorch.org/whl/cu130"
	}
	return "use torch without +cpu, from PyPI or an index such as https://download.pytorch.org/whl/cu126"
}

func instead(what string) string {
	if what == "" {
		return ""
	}
	return "install " + what
}

// nothingServes is GPU103: packages that would use the accelerator if the image
// had what they need, and nothing else that uses it.
func (s *step) nothingServes() []Finding {
	if !s.base.known || s.in.Commands {
		return nil
	}
	if len(s.uses) == 0 {
		return s.cpuBase()
	}
	lacking := func(u use) bool {
		switch u.gives {
		case libraries:
			return !s.supplied() || s.target == tpu || s.target == rocm
		case cpu:
			return !s.otherwise(u.framework) && !s.anyUse(func(o use) bool { return s.serves(o.gives) || o.gives == libraries }) &&
				!(s.base.has(u.framework) && s.serves(s.base.holds))
		}
		return false
	}
	if s.target != cuda && s.target != anyGPU && s.supplied() {
		return nil
	}
	var all []Finding
	said := map[string]bool{}
	for _, u := range s.uses {
		if said[u.framework] || !lacking(u) || s.target != cuda && s.target != anyGPU && u.explicit {
			continue
		}
		said[u.framework] = true
		f := about(u, diag.GPUNoRuntime, diag.Warning)
		f.Summary = fmt.Sprintf("%s does not use %s in this image", u.text, s.name)
		f.Detail = fmt.Sprintf("As it comes from PyPI %s runs on the CPU only.", u.name)
		if u.gives == libraries {
			f.Detail = fmt.Sprintf("%s needs the CUDA libraries, which neither base image %s nor another requirement brings; without them it runs on the CPU or fails.", u.name, s.base.short)
		}
		f.Suggestion = s.runtime(u)
		all = append(all, f)
	}
	return all
}

// runtime is what to install for a package to use the accelerator.
func (s *step) runtime(u use) string {
	switch {
	case s.target == tpu && u.framework == "jax":
		return "install jax[tpu]"
	case s.target == tpu && u.framework == "tensorflow":
		return "install tensorflow-tpu"
	case s.target == tpu:
		return "install jax[tpu], or torch with torch_xla[tpu]"
	case s.target == rocm:
		return fmt.Sprintf("install %s for ROCm, or start from an image such as rocm/%s", u.framework, map[string]string{"torch": "pytorch", "tensorflow": "tensorflow", "jax": "jax"}[u.framework])
	case u.framework == "jax" && !s.runsOn13():
		return "install jax[cuda12]"
	}
	return instead(u.try)
}

// runsOn13 reports whether CUDA 13 knows the GPU.
func (s *step) runsOn13() bool { return s.capability == nil || !s.capability.less(version{7, 5}) }

// cpuBase is GPU103 for a base image with a framework for the CPU.
func (s *step) cpuBase() []Finding {
	if s.base.holds != plain || len(s.base.frameworks) == 0 {
		return nil
	}
	f := aboutBase(diag.GPUNoRuntime, diag.Warning)
	f.Summary = fmt.Sprintf("base image %s is for the CPU, and the step asks for %s", s.base.short, s.name)
	f.Detail = fmt.Sprintf("The %s in it does not use accelerators.", s.base.frameworks[0])
	f.Suggestion = "use the image's tag for GPUs, such as tensorflow/tensorflow:2.19.0-gpu"
	if s.target != cuda && s.target != anyGPU {
		f.Suggestion = ""
	}
	return []Finding{f}
}

// mixedCUDA is GPU104: CUDA code that is compiled with the base image's CUDA for
// a torch of another, and packages linked to another CUDA than there is.
func (s *step) mixedCUDA() []Finding {
	if len(s.base.cuda) == 0 || s.target != cuda && s.target != anyGPU {
		return nil
	}
	have := s.base.cuda.at(0)
	torch, from := s.torchCUDA()
	var all []Finding
	for _, u := range s.uses {
		f := about(u, diag.GPUMixedCUDA, diag.Warning)
		switch {
		case u.compiles && s.base.devel && len(torch) > 0 && torch.at(0) != have:
			f.Summary = fmt.Sprintf("%s is compiled with CUDA %s of base image %s for a torch of CUDA %s", u.text, s.base.cuda, s.base.short, torch)
			f.Detail = fmt.Sprintf("PyTorch refuses to compile extensions with another major version of CUDA than its own (%s). Where a finished wheel of %s is found it works.", from, u.name)
			f.Suggestion = fmt.Sprintf("use a base image with CUDA %d, or a torch for CUDA %d", torch.at(0), have)
		case u.links && u.gives == libraries && u.cuda.at(0) != have && !s.anyUse(func(o use) bool { return o.gives == cuda && o.cuda.at(0) == u.cuda.at(0) }):
			f.Summary = fmt.Sprintf("%s is for CUDA %s, and base image %s has CUDA %s", u.text, u.cuda, s.base.short, s.base.cuda)
			f.Detail = "It loads the libraries of the CUDA in its name."
			f.Suggestion = fmt.Sprintf("install the build for CUDA %d, or use a base image with CUDA %s", have, u.cuda)
		default:
			continue
		}
		all = append(all, f)
	}
	return all
}

// torchCUDA is the CUDA of the torch that will be there, and where it is from.
func (s *step) torchCUDA() (version, string) {
	for _, u := range s.uses {
		if u.name == "torch" {
			if u.gives != cuda || len(u.cuda) == 0 {
				return nil, ""
			}
			if u.open && u.how == "PyPI" {
				return u.cuda, fmt.Sprintf("torch %s, the newest that is allowed and known here, has CUDA %s", u.version[:2], u.cuda)
			}
			return u.cuda, u.text
		}
	}
	return nil, ""
}

// otherKind is GPU106: frameworks built for another kind of accelerator.
func (s *step) otherKind() []Finding {
	if s.target == anyGPU || s.anyUse(func(u use) bool { return s.serves(u.gives) }) {
		return nil
	}
	var all []Finding
	for _, u := range s.uses {
		switch u.framework {
		case "torch", "jax", "tensorflow":
		default:
			continue
		}
		other := u.gives
		if other == libraries && u.explicit {
			other = cuda
		}
		if u.indirect || other != cuda && other != rocm && other != tpu || !u.explicit && (!s.base.known || s.serves(s.base.holds)) {
			continue
		}
		f := about(u, diag.GPUOtherKind, s.certain())
		f.Summary = fmt.Sprintf("%s is built for %s, and the step asks for %s", u.text, other.name(), s.name)
		f.Detail = fmt.Sprintf("%s needs a build for %s; nothing else in the image has one.", s.name, s.target.name())
		f.Suggestion = s.kindBuild(u)
		all = append(all, f)
	}
	if len(s.uses) == 0 && len(s.base.frameworks) > 0 && s.base.holds != plain && !s.serves(s.base.holds) {
		f := aboutBase(diag.GPUOtherKind, s.certain())
		f.Summary = fmt.Sprintf("base image %s is built for %s, and the step asks for %s", s.base.short, s.base.holds.name(), s.name)
		f.Detail = fmt.Sprintf("%s needs an image or packages for %s.", s.name, s.target.name())
		all = append(all, f)
	}
	return all
}

// name is what a kind is called.
func (k kind) name() string {
	switch k {
	case cuda:
		return "NVIDIA GPUs"
	case rocm:
		return "AMD GPUs"
	case tpu:
		return "TPUs"
	}
	return "the CPU"
}

// kindBuild is what to write for the kind of accelerator that is asked for.
func (s *step) kindBuild(u use) string {
	switch {
	case s.target == tpu && u.framework == "torch":
		return "add torch_xla[tpu], or install jax[tpu]"
	case s.target == cuda && u.framework == "torch":
		return "install torch from PyPI, or from an index such as https://download.pytorch.org/whl/cu126"
	case s.target == rocm && u.framework == "torch":
		return "install torch from an index such as https://download.pytorch.org/whl/rocm7.2"
	}
	return s.runtime(u)
}
