package gpulint

import (
	"fmt"
	"slices"

	"github.com/stackrun/stack/core/diag"
)

// tooOld is GPU102: a framework that has no code for the GPU, because it is
// older than the GPU, built with a CUDA that is, or with one that left the GPU
// behind.
func (s *step) tooOld() []Finding {
	if len(s.capability) == 0 {
		return nil
	}
	var all []Finding
	replaced := false
	for _, u := range s.uses {
		replaced = replaced || u.name == "torch" && !u.fromBase
		if u.gives != cuda || u.indirect || u.fromBase {
			continue
		}
		why := s.lacks(u.framework, u.version, u.cuda)
		if why == "" {
			continue
		}
		severity := diag.Error
		if s.in.Commands || s.older(u) || s.another(u) {
			severity = diag.Warning
		}
		f := about(u, diag.GPUTooOld, severity)
		f.Summary = fmt.Sprintf("%s has no code for %s (compute capability %s)", u.text, s.name, s.capability)
		if u.open && u.how == "PyPI" {
			f.Summary = fmt.Sprintf("%s from PyPI has no code for %s (compute capability %s)", u.text, s.name, s.capability)
			why = fmt.Sprintf("An installer takes the newest release, %s as far as is known here, which PyPI has with CUDA %s: %s", u.version[:2], u.cuda, why)
		} else if u.how != "" && len(u.cuda) > 0 {
			why = fmt.Sprintf("%s has it with CUDA %s: %s", u.how, u.cuda, why)
		}
		f.Detail = why
		f.Suggestion = s.newer(u.framework)
		all = append(all, f)
	}
	if s.base.has("torch") && s.base.holds == cuda && !replaced {
		if why := s.lacks("torch", s.base.version, s.base.cuda); why != "" {
			f := aboutBase(diag.GPUTooOld, diag.Error)
			if s.in.Commands || s.another(use{framework: "torch"}) {
				f.Severity = diag.Warning
			}
			f.Summary = fmt.Sprintf("torch in base image %s has no code for %s (compute capability %s)", s.base.short, s.name, s.capability)
			f.Detail, f.Suggestion = why, s.newer("torch")
			all = append(all, f)
		}
	}
	return all
}

// older reports whether a release that an open requirement allows would run.
func (s *step) older(u use) bool {
	if !u.open {
		return false
	}
	if u.how != "PyPI" {
		return true // an index that PyPI stands beside
	}
	for _, r := range s.facts.PyPITorch {
		if v, ok := newestOf(u.specs, r.Release); ok && s.lacks(u.framework, v, r.CUDA) == "" {
			return true
		}
	}
	return false
}

// another reports whether another framework is there that runs on the GPU.
func (s *step) another(u use) bool {
	return s.anyUse(func(o use) bool {
		return o.framework != u.framework && o.framework != "" && o.gives == cuda && !o.indirect && s.lacks(o.framework, o.version, o.cuda) == ""
	})
}

// lacks says why a framework does not run on the GPU; it is empty if it does or
// if that is not known. The version or the CUDA may be unknown.
func (s *step) lacks(framework string, v, c version) string {
	if len(c) > 0 {
		if d, ok := s.drop(); ok && len(d.Version) > 0 && !c.less(d.Version) {
			return fmt.Sprintf("CUDA %s and later have no support for it.", d.Version)
		}
	}
	if len(v) > 0 && len(c) > 1 {
		for _, w := range s.facts.Wheels {
			if w.Framework == framework && !v.less(w.From) && v.less(w.Below) && (w.Arch == "" || w.Arch == s.arch) &&
				slices.ContainsFunc(w.CUDA, func(b version) bool { return b.compare(c[:2]) == 0 }) {
				if w.runs(s.capability) {
					return ""
				}
				return fmt.Sprintf("The build of %s %s for CUDA %s is for compute capabilities %s.", framework, version(v[:min(2, len(v))]), c, list(w.SM))
			}
		}
	}
	f, ok := s.floor(framework)
	switch {
	case !ok:
	case len(v) > 0 && v.less(f.Release):
		return fmt.Sprintf("The first %s with code for it is %s with CUDA %s.", framework, f.Release, f.CUDA)
	case len(c) > 1 && c.less(f.CUDA) || len(c) == 1 && c.at(0) < f.CUDA.at(0):
		return fmt.Sprintf("It takes CUDA %s or later.", f.CUDA)
	}
	return ""
}

// runs reports whether a build has code for a compute capability: native code
// of the same major version and no higher minor one, or PTX of a lower one.
func (w wheel) runs(capability version) bool {
	for _, sm := range w.SM {
		if sm.at(0) == capability.at(0) && sm.at(1) <= capability.at(1) {
			return true
		}
	}
	return slices.ContainsFunc(w.PTX, func(p version) bool { return !capability.less(p) })
}

func list(all versions) string {
	text := ""
	for i, v := range all {
		if i > 0 {
			text += ", "
		}
		text += v.String()
	}
	return text
}

// drop and floor are the rows of the highest capability that is not above the
// GPU's.
func (s *step) drop() (found drop, ok bool) {
	for _, d := range s.facts.CUDADrops {
		if !s.capability.less(d.Capability) && (!ok || found.Capability.less(d.Capability)) {
			found, ok = d, true
		}
	}
	return found, ok
}

func (s *step) floor(framework string) (found floor, ok bool) {
	for _, f := range s.facts.Floors {
		if f.Framework == framework && len(s.capability) > 0 && !s.capability.less(f.Capability) && (!ok || found.Capability.less(f.Capability)) {
			found, ok = f, true
		}
	}
	return found, ok
}

// newer is what to write instead.
func (s *step) newer(framework string) string {
	d, dropped := s.drop()
	dropped = dropped && len(d.Version) > 0
	f, ok := s.floor(framework)
	switch {
	case framework == "torch" && dropped && s.capability.at(0) > 3:
		return "use torch from https://download.pytorch.org/whl/cu126, of a release before 2.15"
	case framework == "torch" && dropped:
		return "use torch==2.7.1 from https://download.pytorch.org/whl/cu118, or a newer accelerator"
	case framework == "torch" && ok:
		return fmt.Sprintf("use torch>=%s with CUDA %s or later, such as from https://download.pytorch.org/whl/%s", f.Release, f.CUDA, s.indexFor())
	case framework == "jax" && dropped && s.capability.at(0) > 3:
		return "install jax[cuda12]"
	}
	return "use another accelerator, or a release that supports it"
}

// indexFor is a build of PyTorch that has been made for long and knows the GPU.
func (s *step) indexFor() string {
	switch {
	case s.capability.at(0) >= 10:
		return "cu128"
	}
	return "cu126"
}
