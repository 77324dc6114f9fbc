package gpulint

import (
	"fmt"

	"github.com/stackrun/stack/core/diag"
)

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
		if other != cuda && other != rocm && other != tpu || s.serves(other) {
			continue
		}
		implied := !u.explicit && (!s.base.known || s.serves(s.base.holds)) // the base image may have another build
		if u.indirect || u.anyBuild || implied || s.baseServes(u.framework) {
			continue
		}
		severity := s.certain()
		if s.others && s.target == tpu && !u.explicit {
			severity = diag.Warning // they may bring torch_xla
		}
		f := about(u, diag.GPUOtherKind, severity)
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
