package gpulint

import (
	"net/url"
	"slices"
	"strings"

	"github.com/stackrun/stack/core/requirement"
)

// origin is where packages come from.
type origin struct {
	builds  []string // of PyTorch, such as cu124 or cpu, that indexes are for
	unknown bool     // an index may have any build of anything
	// wheels says that an index beside PyPI's and PyTorch's may have finished
	// wheels of what PyPI has the source of.
	wheels bool
	// constrained says that constraints may choose versions.
	constrained bool
}

// index takes in the address of an index, or of a page with links.
func (o *origin) index(f *facts, address string) {
	address = strings.TrimSpace(address)
	if _, named, ok := strings.Cut(address, "="); ok && strings.Contains(named, "://") && !strings.Contains(address[:strings.Index(address, "=")], "/") {
		address = named // uv's name=URL
	}
	if build, ok := f.buildOf(address); ok {
		o.build(build)
		return
	}
	host := ""
	if parsed, err := url.Parse(address); err == nil {
		host = strings.ToLower(parsed.Hostname())
	}
	if !slices.Contains(f.Indexes.Public, host) {
		o.unknown = true
	}
	if host != "pypi.org" && host != "download.pytorch.org" {
		o.wheels = true
	}
}

func (o *origin) build(name string) {
	if !slices.Contains(o.builds, name) {
		o.builds = append(o.builds, name)
	}
}

func (f *facts) buildOf(address string) (string, bool) {
	m := f.builds.FindStringSubmatch(strings.ToLower(address))
	if m == nil {
		return "", false
	}
	return m[f.builds.SubexpIndex("build")], true
}

// option takes in an option of pip or uv by its long name.
func (o *origin) option(f *facts, name, value string) {
	switch strings.TrimLeft(name, "-") {
	case "index-url", "extra-index-url", "find-links", "index", "default-index", "i", "f":
		for _, address := range strings.Fields(value) {
			o.index(f, address)
		}
	case "no-index", "config-file":
		o.unknown = true
	case "constraint", "constraints", "override", "overrides", "c":
		o.constrained = true
	case "torch-backend":
		if value == "auto" || value == "" {
			o.unknown = true
		} else {
			o.build(strings.ToLower(value))
		}
	}
}

// readOrigin gathers what the input says of where packages come from.
func (s *step) readOrigin(lines []readLine) origin {
	var o origin
	for _, address := range s.in.IndexURLs {
		if strings.TrimSpace(address) != "" {
			o.index(s.facts, address)
		}
	}
	for i, arg := range s.in.InstallerArgs {
		name, value, joined := strings.Cut(arg, "=")
		if !joined && i+1 < len(s.in.InstallerArgs) && !strings.HasPrefix(s.in.InstallerArgs[i+1], "-") {
			value = s.in.InstallerArgs[i+1]
		}
		if strings.HasPrefix(name, "-") {
			o.option(s.facts, name, value)
		}
	}
	for name, value := range s.in.Environment {
		for _, prefix := range []string{"PIP_", "UV_"} {
			if option, ok := strings.CutPrefix(name, prefix); ok && value != "" {
				o.option(s.facts, strings.ReplaceAll(strings.ToLower(option), "_", "-"), value)
			}
		}
	}
	for _, l := range lines {
		for _, option := range append(l.options, l.Options...) {
			o.option(s.facts, option.Name, option.Value)
		}
		if l.kind == requirement.Include || l.kind == requirement.Constraint {
			o.constrained = true
		}
	}
	slices.Sort(o.builds) // the environment has no order
	return o
}
