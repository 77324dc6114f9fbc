package gpulint

import (
	"fmt"

	"github.com/stackrun/stack/core/diag"
)

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
		case u.compiles && s.base.devel && !s.origin.wheels && len(torch) > 0 && torch.at(0) != have:
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
