package gpulint

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// use is a requirement of a package that has to do with accelerators.
type use struct {
	index     int
	text      string // as it is shown
	name      string
	framework string
	gives     kind
	// explicit says that the requirement or an index names this kind of build,
	// rather than that it is what PyPI happens to have.
	explicit bool
	how      string // what makes it that kind, where it is not the requirement
	indirect bool   // it brings the framework in, if anything does
	compiles bool
	links    bool
	try      string

	specs   []spec
	version version // what is installed, where it is clear
	open    bool    // the installer chooses: version is the newest known one
	cuda    version
}

// buildIndexes is what the indexes offer.
type buildIndexes struct {
	builds  []string // such as cu124, cpu
	unknown bool     // one may hold any build
}

func (f *facts) readIndexes(urls []string) buildIndexes {
	var b buildIndexes
	for _, u := range urls {
		if build, ok := f.buildOf(u); ok {
			if !slices.Contains(b.builds, build) {
				b.builds = append(b.builds, build)
			}
			continue
		}
		parsed, err := url.Parse(strings.TrimSpace(u))
		if err != nil || !slices.Contains(f.Indexes.Public, strings.ToLower(parsed.Hostname())) {
			b.unknown = true
		}
	}
	return b
}

func (f *facts) buildOf(address string) (string, bool) {
	m := f.builds.FindStringSubmatch(strings.ToLower(address))
	if m == nil {
		return "", false
	}
	return m[f.builds.SubexpIndex("build")], true
}

// readUses reads the requirements that the tables know.
func (s *step) readUses() []use {
	urls := append([]string(nil), s.in.IndexURLs...)
	for _, text := range s.in.Requirements {
		if u, ok := optionIndex(text); ok {
			urls = append(urls, u)
		}
	}
	offered := s.facts.readIndexes(urls)
	var uses []use
	for i, text := range s.in.Requirements {
		l := parseLine(text)
		p, ok := s.facts.packages[l.name]
		if l.isOption || !ok {
			continue
		}
		holds := markerOf(l.marker, s.arch, s.in.Python)
		if holds == never {
			continue
		}
		u := use{index: i, text: shown(text, l), name: l.name, framework: p.Framework, gives: p.Gives, cuda: p.CUDA,
			indirect: p.Indirect, compiles: p.Compiles && !l.isWheel, links: p.Links, try: p.Try, specs: l.specs}
		u.explicit = p.Gives != cpu && !p.Indirect && l.name != "torch" && l.name != "tensorflow" && l.name != "tf-nightly"
		also := u.extras(p, l.extras)
		u.version, _ = exact(l.specs)
		switch {
		case l.name == "torch":
			s.torchBuild(&u, l, offered)
		case l.name == "jaxlib":
			jaxBuild(&u, l)
		case l.name == "tensorflow" && u.gives == cuda:
			u.cuda = andCUDA(s.facts.AndCUDA, u.version)
		}
		if u.gives == cuda && u.cuda == nil && offered.unknown && !u.explicit {
			u.version = nil // an index that may hold any build
		}
		if holds == perhaps { // it may not be there, so nothing is held against it
			u.specs, u.version, u.compiles, u.links = nil, nil, false, false
			u.cuda, u.explicit = nil, false
			if u.gives == cpu || u.gives == cpuOnly || u.gives == libraries {
				continue
			}
		}
		uses = append(uses, u)
		for _, k := range also {
			u.gives, u.cuda = k, nil
			uses = append(uses, u)
		}
	}
	return s.follow(uses, offered)
}

// extras takes the best of what the extras give, as jax[cpu,cuda12] is for CUDA,
// and gives the other accelerators that it is for beside that.
func (u *use) extras(p pkg, written []string) (also []kind) {
	order := []kind{cpu, cpuOnly, libraries, rocm, tpu, cuda}
	for _, name := range written {
		e, ok := p.Extras[name]
		if !ok {
			continue
		}
		worse := e.Gives
		if slices.Index(order, e.Gives) >= slices.Index(order, u.gives) {
			worse = u.gives
			u.gives, u.cuda, u.explicit = e.Gives, e.CUDA, true
		}
		if worse != u.gives && (worse == rocm || worse == tpu) {
			also = append(also, worse)
		}
	}
	return also
}

// shown is a requirement without what may be secret in a URL.
func shown(text string, l line) string {
	if l.url != "" || strings.Contains(text, "://") {
		if l.local != "" && len(l.specs) > 0 {
			return l.name + "==" + l.specs[0].version.String() + "+" + l.local
		}
		return l.name
	}
	text, _, _ = cutMarker(strings.TrimSpace(text))
	if i := strings.Index(text, " --"); i >= 0 {
		text = text[:i]
	}
	return strings.TrimSpace(text)
}

// torchBuild settles which build of torch a requirement means: the one that it
// names, that of the only index of builds, or PyPI's.
func (s *step) torchBuild(u *use, l line, offered buildIndexes) {
	_, pinned := exact(l.specs)
	if build, ok := s.facts.buildOf(l.url); ok && l.local == "" {
		l.local = build
	}
	if l.local != "" {
		u.explicit = setBuild(u, l.local)
		if !u.explicit { // a build of somebody's own
			u.version, u.cuda = nil, nil
		}
		return
	}
	if l.url != "" || s.base.has("torch") && s.base.satisfies(l.specs) {
		u.version, u.cuda, u.specs = nil, nil, nil // not PyPI's, or the base image's own
		if l.url == "" {
			u.gives, u.explicit = s.base.holds, false
			if u.gives == plain {
				u.gives = cpu
			}
		}
		return
	}
	if len(offered.builds) > 0 {
		s.fromIndex(u, offered, pinned)
		return
	}
	if offered.unknown || !s.base.known {
		u.open = !pinned
		return // whose build, and of what version, is not known
	}
	s.fromPyPI(u, pinned)
}

// fromIndex takes the build that the indexes name. Of several nothing follows
// but that CUDA comes before the CPU, as installers order them.
func (s *step) fromIndex(u *use, offered buildIndexes, pinned bool) {
	builds := offered.builds
	if gpu := slices.DeleteFunc(slices.Clone(builds), func(b string) bool { return b == "cpu" }); len(gpu) > 0 {
		builds = gpu
	}
	setBuild(u, builds[0])
	u.explicit, u.open = true, !pinned
	u.how = "the index whl/" + builds[0]
	if len(builds) > 1 || offered.unknown {
		u.cuda, u.explicit = nil, false
		if u.gives == cpuOnly {
			u.gives = cpu
		}
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
		v, ok := newestOf(u.specs, r.Release)
		if pinned {
			v, ok = u.version, u.version.within(r.Release)
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

// jaxBuild reads +cuda12.cudnn89 of the jaxlib wheels that had CUDA in them.
func jaxBuild(u *use, l line) {
	if digits, ok := strings.CutPrefix(l.local, "cuda"); ok {
		major, _ := parseVersion(digits)
		if len(major) > 0 {
			major = major[:1]
		}
		u.gives, u.cuda, u.explicit = cuda, major, true
	}
}

// andCUDA is the CUDA that tensorflow[and-cuda] of a version brings.
func andCUDA(table []release, v version) version {
	if len(v) == 0 {
		return nil
	}
	for i, r := range table {
		if !v.less(r.Release) {
			if i == 0 && !v.less(version{r.Release.at(0), r.Release.at(1) + 3}) {
				return nil // newer than what is known
			}
			return r.CUDA
		}
	}
	return nil
}

// satisfies reports whether the base image's framework is what is asked for, so
// that the installer leaves it.
func (b base) satisfies(specs []spec) bool {
	if len(b.version) == 0 {
		_, pinned := exact(specs)
		return !pinned
	}
	return allow(specs, b.version)
}

// follow gives packages that bring torch in the build that torch has, and takes
// a CPU index for theirs where torch itself is not written.
func (s *step) follow(uses []use, offered buildIndexes) []use {
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
	cpuIndex := direct < 0 && gives == cpuOnly
	for i := range uses {
		if !uses[i].indirect {
			continue
		}
		uses[i].gives = gives
		if cpuIndex {
			uses[i].how, uses[i].explicit = "the index whl/cpu", true
			cpuIndex = false // said once
		} else if direct >= 0 || gives == cpuOnly {
			uses[i].gives = gives
			uses[i].explicit = false
		}
	}
	return uses
}
