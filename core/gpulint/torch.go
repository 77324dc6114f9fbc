package gpulint

import (
	"regexp"
	"slices"
	"sync"
)

// torchBuild settles which build of torch a requirement means: the one that it
// names, that of the only index of builds, or PyPI's.
func (s *step) torchBuild(u *use, l readLine, offered origin) {
	pinned := len(l.pinned) > 0
	if build, ok := s.facts.buildOf(l.URL); ok && l.local == "" {
		l.local = build
	}
	if l.local != "" {
		u.explicit = setBuild(u, l.local)
		if !u.explicit { // a build of somebody's own
			u.version, u.cuda, u.anyBuild = nil, nil, true
		}
		return
	}
	switch {
	case l.URL+l.Path != "":
		u.version, u.anyBuild = nil, true
		return
	case s.base.has("torch") && s.base.satisfies(l):
		u.gives, u.explicit, u.fromBase = s.base.holds, false, true
		u.version, u.specs = nil, nil
		return
	case offered.unknown:
		u.version, u.anyBuild = nil, true
		return
	case len(offered.builds) > 0:
		s.fromIndex(u, offered.builds, pinned)
		return
	}
	if !s.base.known || offered.constrained && !pinned {
		return // whose build, and of what version, is not known
	}
	s.fromPyPI(u, pinned)
}

// fromIndex takes the build that the indexes name. Of several nothing follows
// but that a GPU's comes before the CPU's, as installers order them.
func (s *step) fromIndex(u *use, builds []string, pinned bool) {
	if gpu := slices.DeleteFunc(slices.Clone(builds), func(b string) bool { return b == "cpu" }); len(gpu) > 0 {
		builds = gpu
	}
	setBuild(u, builds[0])
	u.explicit, u.open = true, !pinned
	u.how = "the index whl/" + builds[0]
	if len(builds) > 1 {
		u.cuda, u.explicit = nil, false
	}
}

// fromPyPI finds PyPI's build of the version that is asked for, or of the newest
// that is known.
func (s *step) fromPyPI(u *use, pinned bool) {
	python, _ := parseVersion(s.in.Python)
	for _, r := range s.facts.PyPITorch {
		if python != nil && python.less(r.Python) {
			continue
		}
		v, ok := u.version, u.version.within(r.Release)
		if !pinned {
			v, ok = newestOf(u.specs, r.Release)
		}
		if !ok {
			continue
		}
		u.version, u.open = v, !pinned
		switch {
		case s.arch == "amd64":
			u.cuda, u.how = r.CUDA, "PyPI"
		case s.arch == "arm64" && v.less(s.facts.ARM64CPU.Release):
			u.gives, u.how = cpuOnly, "PyPI for linux/arm64"
		}
		return
	}
	u.open = !pinned
}

var buildShape = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(cpu|cu|rocm)(\d*)`) })

// setBuild reads cpu, cu124 or rocm6.2, with what may follow.
func setBuild(u *use, build string) bool {
	m := buildShape().FindStringSubmatch(build)
	if m == nil || m[1] == "cu" && m[2] == "" {
		return false
	}
	switch m[1] {
	case "cpu":
		u.gives, u.cuda = cpuOnly, nil
	case "rocm":
		u.gives, u.cuda = rocm, nil
	default:
		u.gives, u.cuda = cuda, compact(m[2])
	}
	return true
}

// satisfies reports whether the base image's framework is what is asked for, so
// that the installer leaves it.
func (b base) satisfies(l readLine) bool {
	if len(b.version) == 0 {
		return len(l.pinned) == 0
	}
	return allow(l.Specifiers, b.version)
}

// follow gives packages that bring torch in the build that torch has, and takes
// a CPU index for theirs where torch itself is not written.
func (s *step) follow(uses []use, offered origin) []use {
	gives := cuda
	direct := slices.IndexFunc(uses, func(u use) bool { return u.name == "torch" })
	switch {
	case direct >= 0:
		gives = uses[direct].gives
	case s.base.has("torch"):
		gives = s.base.holds
	case len(offered.builds) == 1 && !offered.unknown:
		var u use
		setBuild(&u, offered.builds[0])
		gives = u.gives
	}
	said := direct >= 0 || gives != cpuOnly
	for i := range uses {
		if !uses[i].indirect {
			continue
		}
		uses[i].gives = gives
		if !said {
			uses[i].how, uses[i].explicit = "the index whl/cpu", true
			said = true // of the first
		}
	}
	return uses
}
