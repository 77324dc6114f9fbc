package gpulint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// images is what images.yaml says. It is read apart, since steps without an
// accelerator need nothing else.
type images struct {
	Images  []baseImage `yaml:"images"`
	Monthly []month     `yaml:"monthly"`
}

type baseImage struct {
	Repository string   `yaml:"repository"`
	Holds      kind     `yaml:"holds"`
	Tag        string   `yaml:"tag"`
	Devel      bool     `yaml:"devel"`
	Monthly    bool     `yaml:"monthly"`
	Frameworks []string `yaml:"frameworks"`
	Source     string   `yaml:"source"`
}

type month struct {
	Month  version `yaml:"month"`
	CUDA   version `yaml:"cuda"`
	Source string  `yaml:"source"`
}

var knownImages = sync.OnceValue(func() *images {
	var f images
	if err := decode(imagesText, &f); err != nil {
		panic(fmt.Sprintf("images.yaml of gpulint: %v", err)) // embedded, and read whole by a test
	}
	return &f
})

// base is what is known of a base image. Of an unknown one nothing is.
type base struct {
	known      bool
	short      string // its name as people write it
	holds      kind
	cuda       version
	devel      bool // with the CUDA compiler
	frameworks []string
	version    version // of the framework
}

func (b base) has(framework string) bool { return slices.Contains(b.frameworks, framework) }

// readBase finds what an image reference says of its contents.
func (f *images) readBase(reference string) base {
	repository, tag := splitReference(reference)
	if repository == "" {
		return base{}
	}
	for _, row := range f.Images {
		if repository != row.Repository && !strings.HasSuffix(repository, "/"+row.Repository) {
			continue
		}
		b := base{known: true, short: strings.TrimPrefix(row.Repository, "library/"), holds: row.Holds, devel: row.Devel, frameworks: row.Frameworks}
		if tag != "" {
			b.short += ":" + tag
		}
		if row.Tag != "" {
			pattern := regexp.MustCompile(row.Tag) // of the table, which a test compiles
			groups := pattern.FindStringSubmatch(tag)
			if groups == nil {
				continue
			}
			for i, name := range pattern.SubexpNames() {
				switch v, _ := parseVersion(groups[i]); name {
				case "cuda":
					b.cuda = v
				case "version":
					b.version = v
				}
			}
		}
		if row.Monthly {
			b.cuda = f.monthly(tag)
		}
		return b
	}
	return base{}
}

// monthly is the CUDA of a container that NVIDIA publishes each month, from its
// tag such as 24.06-py3: exact for the months of the table, the major version
// between two of the same, and nothing else.
func (f *images) monthly(tag string) version {
	v, ok := parseVersion(tag)
	if !ok || len(v) < 2 {
		return nil
	}
	var newer version
	for _, m := range f.Monthly {
		switch c := v[:2].compare(m.Month); {
		case c == 0:
			return m.CUDA
		case c > 0 && newer != nil && newer.at(0) == m.CUDA.at(0):
			return m.CUDA[:1]
		case c > 0:
			return nil
		}
		newer = m.CUDA
	}
	return nil
}

// splitReference gives the repository without the registry, library/ in front
// of Docker Hub's own, and the tag.
func splitReference(reference string) (repository, tag string) {
	reference, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(reference)), "@")
	slash := strings.LastIndexByte(reference, '/')
	last, tag, _ := strings.Cut(reference[slash+1:], ":")
	if last == "" || strings.ContainsAny(reference, " \t\n") {
		return "", ""
	}
	repository = reference[:slash+1] + last
	host, rest, found := strings.Cut(repository, "/")
	switch {
	case !found:
		return "library/" + repository, tag
	case host == "docker.io" || host == "index.docker.io" || host == "registry-1.docker.io":
		if !strings.Contains(rest, "/") {
			rest = "library/" + rest
		}
		return rest, tag
	case strings.ContainsAny(host, ".:") || host == "localhost":
		return rest, tag
	}
	return repository, tag
}
