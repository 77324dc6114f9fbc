package image

import (
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// install is how a layer installs Python packages.
type install struct {
	installer Installer
	args      []string // options, as words; index options among them
	secrets   []BuildSecret
}

// installed makes an install of options as they are written in settings. at is
// where args were written.
func (c *checker) installed(installer Installer, index string, extra []string, pre *bool, args InstallerArgs, secrets []BuildSecret, at ...string) install {
	if installer == "" {
		installer = UV
	}
	out := install{installer: installer, secrets: secrets}
	if index != "" {
		out.args = append(out.args, "--index-url="+index)
	}
	for _, u := range extra {
		out.args = append(out.args, "--extra-index-url="+u)
	}
	if isTrue(pre) {
		out.args = append(out.args, map[Installer]string{UV: "--prerelease=allow", Pip: "--pre"}[installer])
	}
	for _, name := range sortedKeys(args) {
		value := args[name]
		here := append(append([]string(nil), at...), name)
		name := strings.TrimLeft(name, "-")
		switch name {
		case "i":
			name = "index-url"
		case "f":
			name = "find-links"
		}
		if name == "find-links" && value != nil && len(variablesOf(*value)) > 0 {
			c.fail(diag.BadValue, here, "no variable is filled in in --find-links").Suggestion = "write --find-links into a requirements file, where the installer fills variables in"
		}
		switch name {
		case "system", "break-system-packages":
			continue // what is done anyway
		case "c", "constraint", "constraints", "override", "overrides", "b", "build-constraint", "build-constraints", "config-file":
			c.fail(diag.BadValue, here, "the option --%s names a file of this machine, which the build does not have", name).
				Suggestion = "write -c FILE among requirements, or in a requirements file"
			continue
		case "python", "p", "target", "t", "prefix", "root", "user", "requirement", "requirements", "r", "editable", "e", "dry-run":
			c.fail(diag.BadValue, here, "the option --%s cannot be set: where and what to install is settled by stack", name)
			continue
		}
		option := "--" + name
		if len(name) == 1 {
			option = "-" + name
		}
		switch {
		case value == nil:
			out.args = append(out.args, option)
		case len(name) == 1:
			out.args = append(out.args, option, *value)
		default:
			out.args = append(out.args, option+"="+*value)
		}
	}
	return out
}

// indexes is the options of i that say where packages come from.
func (i install) indexes() []string {
	var args []string
	for _, a := range i.args {
		if name, _, _ := strings.Cut(a, "="); indexOption(strings.TrimPrefix(name, "--")) {
			args = append(args, a)
		}
	}
	return args
}

// indexOption reports whether an installer's option names a package index.
func indexOption(name string) bool {
	switch strings.TrimLeft(name, "-") {
	case "i", "index-url", "extra-index-url", "default-index", "index":
		return true
	}
	return false
}

// project is i without what a lock settles.
func (i install) project() install {
	var args []string
	if i.installer == UV {
		for _, a := range i.args {
			if !strings.HasPrefix(a, "--index-url=") && !strings.HasPrefix(a, "--extra-index-url=") && a != "--prerelease=allow" {
				args = append(args, a)
			}
		}
	}
	return install{installer: UV, args: args, secrets: i.secrets}
}

// cacheMounts is where the installer keeps what it has downloaded.
func (i install) cacheMounts(d Dialect) []string {
	if !d.CacheMounts {
		return nil
	}
	return []string{"--mount=type=cache,id=stack-" + string(i.installer) + ",target=/tmp/.stack-cache/" + string(i.installer)}
}

// input adds i to an input of the key.
func (i install) input(p *part) {
	p.text(string(i.installer))
	p.count(len(i.args))
	for _, a := range i.args {
		p.text(a)
	}
	p.secrets(i.secrets)
	for _, a := range i.args {
		p.show(a)
	}
}
