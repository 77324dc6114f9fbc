package gpulint

import (
	"fmt"
	"slices"

	"github.com/stackrun/stack/core/diag"
)

// unusedBase is GPU105: a base image for GPUs on a step that has none.
func unusedBase(b base) []Finding {
	if b.holds != cuda && b.holds != rocm {
		return nil
	}
	f := aboutBase(diag.GPUUnused, diag.Info)
	f.Summary = fmt.Sprintf("base image %s is for GPUs, and the step asks for none", b.short)
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
		severity := s.certain()
		if s.others && u.framework != "torch" {
			severity = diag.Warning // they may bring another framework
		}
		f := about(u, diag.GPUCPUOnly, severity)
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
	return s.baseServes(framework) || s.anyUse(func(u use) bool {
		return u.framework != framework && (s.serves(u.gives) || u.gives == libraries)
	})
}

// baseServes reports whether the base image has a framework beside this one that
// uses the accelerator.
func (s *step) baseServes(framework string) bool {
	return s.serves(s.base.holds) && slices.ContainsFunc(s.base.frameworks, func(f string) bool { return f != framework })
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
