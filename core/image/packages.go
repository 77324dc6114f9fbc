package image

import "strings"

// Package is a line of requirements that the image installs.
type Package struct {
	Line    string // a PEP 508 requirement, or options of a requirements file
	Setting string // the input of the key that it is in, such as requirements or layers.pip
}

// Packages is every requirement that is installed, in the order of installs,
// with the options and constraint files that stand between them.
func (im Image) Packages() []Package {
	var all []Package
	for _, l := range im.layers {
		setting := l.input().name
		if n, ok := l.(named); ok {
			l = n.layer
		}
		switch l := l.(type) {
		case pythonLayer:
			for _, f := range l.files {
				for _, line := range f.lines {
					if !strings.HasPrefix(line, "-r ") {
						all = append(all, Package{line, setting})
					}
				}
			}
		case uvLayer:
			for _, line := range l.packages {
				all = append(all, Package{line, setting})
			}
		}
	}
	return all
}

// Indexes is the URLs of the package indexes that installs are told to use,
// each once; main is false where the default index is used beside them.
func (im Image) Indexes() (urls []string, main bool) {
	seen := map[string]bool{}
	for _, l := range im.layers {
		if n, ok := l.(named); ok {
			l = n.layer
		}
		p, ok := l.(pythonLayer)
		if !ok {
			continue
		}
		for _, arg := range p.how.args {
			name, value, _ := strings.Cut(arg, "=")
			if name != "--index-url" && name != "--extra-index-url" {
				continue
			}
			main = main || name == "--index-url"
			if !seen[value] {
				seen[value] = true
				urls = append(urls, value)
			}
		}
	}
	return urls, main
}

// HasCommands reports whether scripts of the user's own run in the build, which
// may install anything.
func (im Image) HasCommands() bool {
	for _, l := range im.layers {
		if n, ok := l.(named); ok {
			l = n.layer
		}
		if _, ok := l.(commandsLayer); ok {
			return true
		}
	}
	return false
}
