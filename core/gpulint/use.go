package gpulint

import (
	"slices"
	"strings"

	"github.com/stackrun/stack/core/requirement"
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

	// fromBase says that it is in the base image already, which is judged itself.
	fromBase bool
	anyBuild bool // of an index that may have any

	specs   requirement.Specifiers
	version version // what is installed, where it is clear
	open    bool    // the installer chooses: version is the newest known one
	cuda    version
}

// readUses reads the requirements that the tables know.
func (s *step) readUses() []use {
	var lines []readLine
	for _, text := range s.in.Requirements {
		l := s.read(text)
		if l.kind == requirement.Include { // what is in it is not known here
			s.in.Commands = true
		}
		lines = append(lines, l)
	}
	s.origin = s.readOrigin(lines)
	var uses []use
	for i, l := range lines {
		p, ok := s.facts.packages[l.Name]
		if !ok && l.holds != requirement.False && l.kind != requirement.Options && l.kind != requirement.Blank {
			s.others = true
		}
		if !ok || l.holds == requirement.False {
			continue
		}
		u := use{index: i, text: l.shown(), name: l.Name, framework: p.Framework, gives: p.Gives, cuda: p.CUDA, indirect: p.Indirect,
			compiles: p.Compiles && !l.wheel, links: p.Links, try: p.Try, specs: l.Specifiers, version: l.pinned}
		u.explicit = p.Gives != cpu && !p.Indirect && !slices.Contains([]string{"torch", "tensorflow", "tf-nightly"}, l.Name)
		also := u.extras(p, l.Extras)
		switch {
		case l.Name == "torch":
			s.torchBuild(&u, l, s.origin)
		case l.Name == "jaxlib":
			jaxBuild(&u, l)
		case p.Framework == "tensorflow" && u.gives == cuda:
			u.cuda = andCUDA(s.facts.AndCUDA, u.version)
		}
		if l.holds != requirement.True { // it may not be there: nothing is held against it
			if u.gives == cpu || u.gives == cpuOnly || u.gives == libraries {
				continue
			}
			u.specs, u.version, u.cuda = nil, nil, nil
			u.compiles, u.links, u.explicit = false, false, false
		}
		uses = append(uses, u)
		for _, k := range also {
			u.gives, u.cuda = k, nil
			uses = append(uses, u)
		}
	}
	return s.follow(uses, s.origin)
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

// jaxBuild reads +cuda12.cudnn89 of the jaxlib wheels that had CUDA in them.
func jaxBuild(u *use, l readLine) {
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
