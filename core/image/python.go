package image

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// python adds the layers of Python packages: the stack's, then the user's.
func (c *compiler) python(im Image, s Settings) Image {
	installer := s.Installer
	if installer == "" {
		installer = UV
	}
	args := c.installerArgs(s, installer)
	if !isFalse(s.InstallStackReqs) {
		files, problems := readRequirements(Requirements{Items: c.options.StackRequirements}, c.options.SourceRoot, func(int) diag.Range { return diag.Range{} })
		c.found = append(c.found, problems...)
		if len(files) > 0 {
			im = im.with(pythonLayer{"stack_requirements", files, installer, args})
		}
	}
	if s.Requirements == nil {
		return im
	}
	files, problems := readRequirements(*s.Requirements, c.options.SourceRoot, func(item int) diag.Range {
		if item < 0 {
			return c.at("requirements")
		}
		return c.at("requirements", strconv.Itoa(item))
	})
	c.found = append(c.found, problems...)
	if slices.ContainsFunc(files, func(f requirementsFile) bool { return len(f.lines) > 0 }) {
		im = im.with(pythonLayer{"requirements", files, installer, args})
	}
	return im
}

// installerArgs is the options of the installer as words of a command line.
func (c *compiler) installerArgs(s Settings, installer Installer) []string {
	var args []string
	if s.IndexURL != "" {
		args = append(args, "--index-url="+s.IndexURL)
	}
	for _, u := range s.ExtraIndexURLs {
		args = append(args, "--extra-index-url="+u)
	}
	if isTrue(s.Pre) {
		args = append(args, map[Installer]string{UV: "--prerelease=allow", Pip: "--pre"}[installer])
	}
	for _, name := range sortedKeys(s.InstallerArgs) {
		value := s.InstallerArgs[name]
		name := strings.TrimLeft(name, "-")
		switch name {
		case "system", "break-system-packages":
			continue // what is done anyway
		case "python", "target", "prefix", "root", "user", "requirement", "requirements", "r", "editable", "e", "dry-run":
			c.fail(diag.BadValue, []string{"python_package_installer_args", name}, "the option --%s cannot be set: where and what to install is settled by stack", name)
			continue
		}
		option := "--" + name
		if len(name) == 1 {
			option = "-" + name
		}
		if value == nil {
			args = append(args, option)
		} else if len(name) == 1 {
			args = append(args, option, *value)
		} else {
			args = append(args, option+"="+*value)
		}
	}
	return args
}
