package image

import (
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/requirement"
)

// Python is what the Python tools of this machine say. Warnings are sentences.
type Python interface {
	// Freeze is the packages of the local Python environment, as requirements.
	Freeze(installer Installer) (lines, warnings []string, err error)

	// Export is the requirements of a pyproject.toml, an absolute path, as lines
	// of a requirements file; command is the user's own way to tell them, or
	// empty.
	Export(pyproject string, command []string) (lines, warnings []string, err error)

	// Detect is the path of the nearest requirements.txt, else pyproject.toml,
	// from root up to the repository's root; empty where there is none.
	Detect(root string) (string, diag.List)

	// CheckLock says how a uv.lock does not fit its pyproject.toml.
	CheckLock(pyproject, lock []byte) error
}

// Integration is packages that images ask for by one name.
type Integration struct {
	Requirements []string
	AptPackages  []string
}

// set is requirements of one origin.
type set struct {
	name  string // of the setting
	files []requirementsFile
	at    func(line string) diag.Range // where a line of them was asked for
}

// python adds the layers of Python packages, in their order: what this machine
// has, the stack's, the integrations', the project's, and those asked for.
func (c *compiler) python(im Image, s Settings) Image {
	variables := variablesSet(s, nil)
	how := c.installed(s.Installer, s.IndexURL, s.ExtraIndexURLs, s.Pre, s.InstallerArgs, nil, "python_package_installer_args")
	s = c.detected(s)
	var sets []set
	add := func(name string, r Requirements, at func(item int) diag.Range) {
		files, problems := readRequirements(r, c.options.SourceRoot, variables, at)
		c.found = append(c.found, problems...)
		if slices.ContainsFunc(files, func(f requirementsFile) bool { return len(f.lines) > 0 }) {
			sets = append(sets, set{name, files, placeOfLine(r, at)})
			im = im.with(pythonLayer{name, files, how})
		}
	}
	whole := func(name string) func(int) diag.Range { return func(int) diag.Range { return c.at(name) } }
	if isTrue(s.ReplicateLocalPython) {
		add("local_environment", Requirements{Items: c.frozen(how.installer)}, whole("replicate_local_python_environment"))
	}
	if !isFalse(s.InstallStackReqs) {
		add("stack_requirements", Requirements{Items: c.options.StackRequirements}, func(i int) diag.Range { return c.options.stackPlace(i) })
	}
	if packages := c.integrations(s).Requirements; len(packages) > 0 {
		add("required_integrations", Requirements{Items: packages}, whole("required_integrations"))
	}
	if s.PyprojectPath != "" || len(s.PyprojectExportCommand) > 0 {
		add("pyproject", Requirements{lines: c.exported(s)}, whole("pyproject_path"))
	}
	if s.UVProject != "" {
		if l, ok := c.uvProject("uv_project", s.UVProject, s.UVLock, how, []string{"uv_project"}, []string{"uv_lock"}); ok {
			im = im.with(l)
			sets = append(sets, set{"uv_project", []requirementsFile{{lines: l.packages}}, func(string) diag.Range { return c.at("uv_project") }})
		}
	}
	if s.UVScript != "" {
		plain := how
		var lines []string
		lines, how = c.scriptRequirements(s, how)
		add("uv_script", Requirements{Items: lines}, whole("uv_script"))
		how = plain
	}
	wanted := Requirements{}
	if s.Requirements != nil {
		wanted = *s.Requirements
	}
	given := len(wanted.Items)
	wanted = c.injected(wanted, s, sets)
	add("requirements", wanted, func(item int) diag.Range {
		switch {
		case item < 0, s.Requirements != nil && s.Requirements.File != "" && item == 0:
			return c.at("requirements")
		case item >= given:
			return c.at("inject")
		}
		return c.at("requirements", strconv.Itoa(item))
	})
	c.sets = sets
	return im
}

// markers is what is known of where the image will run.
func (im Image) markers(s Settings) requirement.Environment {
	env := requirement.Environment{}
	if len(im.platforms) == 1 {
		env.Platform = im.platforms[0]
	}
	if name, version, ok := strings.Cut(strings.TrimSuffix(im.base.reference, "-slim"), ":"); ok && path.Base(name) == "python" && s.Dockerfile == "" {
		env.Python = version
	}
	return env
}

// variablesSet is the names of the variables that installs of s see.
func variablesSet(s Settings, more []BuildSecret) []string {
	names := sortedKeys(s.Environment)
	for _, secret := range addSecrets(s.BuildSecrets, more) {
		if name := secret.variable(); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// placeOfLine finds the item that a line was made of.
func placeOfLine(r Requirements, at func(item int) diag.Range) func(string) diag.Range {
	return func(line string) diag.Range {
		for i, item := range r.Items {
			if strings.TrimSpace(item) == line {
				return at(i)
			}
		}
		return at(-1)
	}
}

// detected is s with the requirements that are found where none are asked for.
func (c *compiler) detected(s Settings) Settings {
	asked := isTrue(s.ReplicateLocalPython) || s.PyprojectPath != "" || len(s.PyprojectExportCommand) > 0 ||
		s.UVProject != "" || s.UVScript != "" || s.Requirements != nil
	if !isFalse(s.DisableAutoDetection) || asked || c.options.Python == nil {
		return s
	}
	found, problems := c.options.Python.Detect(c.options.SourceRoot)
	for _, p := range problems {
		c.found = append(c.found, withRange(p, c.at("disable_automatic_requirements_detection")))
	}
	switch {
	case found == "":
	case filepath.Base(found) == "pyproject.toml":
		s.PyprojectPath = found
	default:
		s.Requirements = &Requirements{File: found}
	}
	return s
}

// frozen is the packages of this machine's Python environment.
func (c *compiler) frozen(installer Installer) []string {
	at := []string{"replicate_local_python_environment"}
	if c.options.Python == nil {
		c.fail(diag.Unsupported, at, "the local Python environment is not known here")
		return nil
	}
	lines, warnings, err := c.options.Python.Freeze(installer)
	c.said(warnings, err, at)
	return lines
}

// exported is the requirements of the project that s names.
func (c *compiler) exported(s Settings) []string {
	path := s.PyprojectPath
	if path == "" {
		path = "pyproject.toml"
	}
	at := []string{"pyproject_path"}
	if s.PyprojectPath == "" {
		at = []string{"pyproject_export_command"}
	}
	if c.options.Python == nil {
		c.fail(diag.Unsupported, at, "a project's requirements cannot be exported here")
		return nil
	}
	lines, warnings, err := c.options.Python.Export(absolute(c.options.SourceRoot, path), s.PyprojectExportCommand)
	c.said(warnings, err, at)
	return lines
}

// said reports what a tool said at the setting that asked it.
func (c *compiler) said(warnings []string, err error, at []string) {
	for _, w := range warnings {
		c.fail(diag.SettingIgnored, at, "%s", w).Severity = diag.Warning
	}
	if err == nil {
		return
	}
	for _, d := range diag.FromError(err) {
		if d.Range == nil {
			d = withRange(d, c.at(at...))
		}
		c.found = append(c.found, d)
	}
}

// integrations is the packages of the integrations that s asks for.
func (c *compiler) integrations(s Settings) Integration {
	var all Integration
	for i, name := range s.RequiredIntegrations {
		found, known := c.options.Integrations[name]
		if !known {
			d := c.fail(diag.StackComponent, []string{"required_integrations", strconv.Itoa(i)}, "there is no integration %q in stacks.hcl", name)
			d.Suggestion = diag.DidYouMean(name, sortedKeys(c.options.Integrations))
			if d.Suggestion == "" {
				d.Suggestion = "add a block integration \"" + name + "\" { requirements = [] }"
			}
			continue
		}
		all.Requirements = append(all.Requirements, found.Requirements...)
		all.AptPackages = append(all.AptPackages, found.AptPackages...)
	}
	return all
}

// injected is wanted with what `inject` adds: packages that nothing else asks
// for, on a base image that is not the user's own.
func (c *compiler) injected(wanted Requirements, s Settings, sets []set) Requirements {
	if len(s.Inject) == 0 || s.BaseImage != "" || s.ParentImage != "" || s.Dockerfile != "" {
		return wanted
	}
	have := map[string]bool{}
	note := func(files []requirementsFile) {
		for _, f := range files {
			for _, line := range f.lines {
				have[requirement.Name(line)] = true
			}
		}
	}
	for _, one := range sets {
		note(one.files)
	}
	quiet := &compiler{options: c.options} // what is wrong is told where it is added
	nowhere := func(int) diag.Range { return diag.Range{} }
	own, _ := readRequirements(wanted, c.options.SourceRoot, variablesSet(s, nil), nowhere)
	note(own)
	for _, l := range s.Layers {
		own, _ := readRequirements(Requirements{Items: l.Pip, File: l.Requirements}, c.options.SourceRoot, variablesSet(s, l.Secrets), nowhere)
		note(own)
		if l.UVProject != "" {
			if locked, ok := quiet.uvProject("", l.UVProject, l.uvLock, install{}, nil, nil); ok {
				note([]requirementsFile{{lines: locked.packages}})
			}
		}
	}
	if wanted.File != "" {
		wanted = Requirements{Items: []string{"-r " + wanted.File}}
	} else {
		wanted.Items = slices.Clone(wanted.Items)
	}
	for i, line := range s.Inject {
		name := requirement.Name(line)
		if name == "" {
			c.fail(diag.BadRequirement, []string{"inject", strconv.Itoa(i)}, "%q does not say which package it is", line).Suggestion = "write name @ URL"
			continue
		}
		if !have[name] {
			have[name] = true
			wanted.Items = append(wanted.Items, line)
		}
	}
	return wanted
}

// stackPlace is where the stack's requirement i was written.
func (o Options) stackPlace(i int) diag.Range {
	if i >= 0 && i < len(o.StackRequirementRanges) {
		return o.StackRequirementRanges[i]
	}
	return diag.Range{}
}
