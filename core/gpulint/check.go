package gpulint

import (
	"slices"
	"strings"

	"github.com/stackrun/stack/core/compute"
	"github.com/stackrun/stack/core/diag"
)

// Input is a step's accelerator and what its image is made of.
type Input struct {
	// Accelerator is nil, or its zero value, for a step without one.
	Accelerator *compute.Accelerator
	Platform    string // such as linux/arm64; linux/amd64 where it is empty
	// BaseImage is the reference that the image starts from. Empty, and one
	// that is not in images.yaml, may hold anything.
	BaseImage string
	// Dockerfile says that the image is the user's own Dockerfile, of which
	// nothing is known.
	Dockerfile bool
	// Commands says that shell commands of the user's run in the build: they
	// may bring anything.
	Commands     bool
	AptPackages  []string // with their versions or without
	Requirements []string // as they are installed: lines of requirements files
	Python       string   // such as 3.12; empty where it is not known

	// Where packages come from, PyPI where nothing is said: addresses of indexes,
	// options of the installer, such as --torch-backend=cu126, and the variables
	// of the build, such as PIP_EXTRA_INDEX_URL.
	IndexURLs     []string
	InstallerArgs []string
	Environment   map[string]string
}

// Finding is one thing that will not do what the step asks for.
type Finding struct {
	Code       diag.Code
	Severity   diag.Severity
	Summary    string
	Detail     string
	Suggestion string
	// Subject is the setting that it is about: resources.accelerator,
	// image.base_image or image.requirements.
	Subject string
	Index   int // of Input.Requirements, where Subject is that; else -1
}

// The settings that findings are about.
const (
	OfAccelerator  = "resources.accelerator"
	OfBaseImage    = "image.base_image"
	OfRequirements = "image.requirements"
)

// Check compares what a step asks for with what its image brings. It gives
// findings in the order of their codes, and none for what works or cannot be
// known.
func Check(in Input) []Finding {
	if in.Dockerfile {
		return nil
	}
	b := knownImages().readBase(in.BaseImage)
	if in.Accelerator == nil || in.Accelerator.Name == "" {
		return unusedBase(b)
	}
	s := newStep(in, known(), b)
	if s.target == "" {
		return nil
	}
	var all []Finding
	for _, rule := range []func() []Finding{s.cpuPackages, s.tooOld, s.nothingServes, s.mixedCUDA, s.otherKind} {
		all = append(all, rule()...)
	}
	return all
}

// step is what the rules look at.
type step struct {
	facts *facts
	in    Input
	name  string // of the accelerator
	// target is what the packages must be for: cuda, rocm or tpu; anyGPU where
	// the step leaves it open; empty for an accelerator that has no row.
	target     kind
	capability version // of the GPU, where it is known
	arch       string
	base       base
	uses       []use
	origin     origin
	others     bool // packages that the tables lack, which may need anything
}

const anyGPU kind = "gpu"

func newStep(in Input, f *facts, b base) *step {
	s := &step{facts: f, in: in, name: in.Accelerator.Name, arch: archOf(in.Platform), base: b}
	s.in.Commands = s.in.Commands || slices.ContainsFunc(in.AptPackages, ofAccelerators)
	known, ok := f.accelerators[s.name]
	switch {
	case ok && known.Platform != "":
		s.target = known.Platform
	case ok:
		s.target, s.capability = cuda, known.Capability
	case in.Accelerator.Kind() == compute.GPU:
		s.target = anyGPU
	}
	s.uses = s.readUses()
	return s
}

// ofAccelerators reports whether a Debian package sounds like one of CUDA or ROCm.
func ofAccelerators(name string) bool {
	return slices.ContainsFunc([]string{"cuda", "cudnn", "cublas", "nvidia", "tensorrt", "rocm"}, func(word string) bool {
		return strings.Contains(strings.ToLower(name), word)
	})
}

func archOf(platform string) string {
	switch {
	case platform == "" || strings.HasPrefix(platform, "linux/amd64"):
		return "amd64"
	case strings.HasPrefix(platform, "linux/arm64"):
		return "arm64"
	}
	return platform
}

// serves reports whether a package or image for k is of use to the step.
func (s *step) serves(k kind) bool {
	return k == s.target && k != "" || s.target == anyGPU && (k == cuda || k == rocm)
}

// supplied reports whether anything is there that the accelerator needs.
func (s *step) supplied() bool {
	return s.serves(s.base.holds) || s.anyUse(func(u use) bool { return s.serves(u.gives) })
}

func (s *step) anyUse(match func(use) bool) bool {
	for _, u := range s.uses {
		if match(u) {
			return true
		}
	}
	return false
}

// certain is the severity of what the base image or commands might mend: an
// error where neither can.
func (s *step) certain() diag.Severity {
	if s.base.known && !s.in.Commands {
		return diag.Error
	}
	return diag.Warning
}

func about(u use, code diag.Code, severity diag.Severity) Finding {
	return Finding{Code: code, Severity: severity, Subject: OfRequirements, Index: u.index}
}

func aboutBase(code diag.Code, severity diag.Severity) Finding {
	return Finding{Code: code, Severity: severity, Subject: OfBaseImage, Index: -1}
}
