package image

import (
	"slices"
	"sort"
	"strconv"

	"github.com/stackrun/stack/core/diag"
)

// layerPrefix begins the names of the inputs of `layers`.
const layerPrefix = "layers."

// ordered puts on im the layers of the setting `layers`, as they are written.
func (c *compiler) ordered(im Image, s Settings) Image {
	for i, l := range s.Layers {
		kinds := l.kinds()
		if len(kinds) != 1 {
			continue // told by Check
		}
		at := func(more ...string) []string { return append([]string{"layers", strconv.Itoa(i)}, more...) }
		made, ok := c.layer(&im, l, s, kinds[0], at)
		if ok {
			c.wanted(made, kinds[0], c.at(at(kinds[0])...))
			im = im.with(named{made, layerPrefix + kinds[0]})
		}
	}
	return im
}

// wanted notes the Python packages of a layer, for contradictions.
func (c *compiler) wanted(l layer, kind string, at diag.Range) {
	one := set{name: layerPrefix + kind, at: func(string) diag.Range { return at }}
	switch l := l.(type) {
	case pythonLayer:
		one.files = l.files
	case uvLayer:
		one.files = []requirementsFile{{lines: l.packages}}
	default:
		return
	}
	c.sets = append(c.sets, one)
}

// unusedBuild warns of options of a generated build where none is generated.
func (c *compiler) unusedBuild(im Image, s Settings) {
	if im.custom == nil || im.generated || s.Build == nil || !isTrue(s.Build.Pull) && !isTrue(s.Build.NoCache) && s.Build.options() == nil {
		return
	}
	d := c.fail(diag.SettingIgnored, []string{"build"}, "build is about what is put on top of the Dockerfile, and nothing is")
	d.Severity, d.Suggestion = diag.Warning, "for the Dockerfile there is dockerfile_build"
}

// onScratch refuses to run anything in an image that has nothing in it.
func (c *compiler) onScratch(im Image) {
	if im.custom != nil || im.base.reference != scratch {
		return
	}
	for _, l := range im.layers {
		if n, ok := l.(named); ok {
			l = n.layer
		}
		switch l.(type) {
		case aptLayer, pythonLayer, uvLayer, commandsLayer, localLayer, ownerLayer:
			c.fail(diag.Conflict, []string{"base_image"}, "scratch is an empty image, in which nothing can be installed or run").
				Suggestion = "use a base image with a shell, such as debian:12-slim"
			return
		}
	}
}

// layer is one entry of `layers`.
func (c *compiler) layer(im *Image, l LayerSetting, s Settings, kind string, at func(...string) []string) (layer, bool) {
	l.Secrets = addSecrets(l.Secrets, nil) // the caller may change its own
	if l.python() {
		l = l.inheriting(s)
	}
	how := c.installed(s.Installer, l.IndexURL, l.ExtraIndexURLs, l.Pre, l.Args, l.Secrets, at("args")...)
	switch kind {
	case "apt":
		return newAptLayer(l.Apt, l.Secrets), len(l.Apt) > 0
	case "run":
		return commandsLayer{[]string{l.Run}, l.Secrets}, true
	case "env":
		return envLayer{"env", l.Env}, len(l.Env) > 0
	case "workdir":
		im.begin, im.workdir = im.firstWorkdir(), l.Workdir
		return workdirLayer{l.Workdir}, true
	case "copy":
		return c.readCopies([]Copy{*l.Copy}, func(int) []string { return at("copy") }), true
	case "uv_project":
		return c.uvProject("uv_project", l.UVProject, l.uvLock, how, at("uv_project"), at("uv_project"))
	}
	wanted := Requirements{Items: l.Pip, File: l.Requirements}
	files, problems := readRequirements(wanted, c.options.SourceRoot, variablesSet(s, l.Secrets), func(item int) diag.Range {
		if item < 0 {
			return c.at(at("requirements")...)
		}
		return c.at(at("pip", strconv.Itoa(item))...)
	})
	c.found = append(c.found, problems...)
	return pythonLayer{"layers-" + kind, files, how}, slices.ContainsFunc(files, func(f requirementsFile) bool { return len(f.lines) > 0 })
}

// inheriting is l with what the image says of installs, where l says nothing.
func (l LayerSetting) inheriting(s Settings) LayerSetting {
	if l.IndexURL == "" {
		l.IndexURL = s.IndexURL
	}
	if l.ExtraIndexURLs == nil {
		l.ExtraIndexURLs = s.ExtraIndexURLs
	}
	if l.Pre == nil {
		l.Pre = s.Pre
	}
	if l.Args == nil {
		l.Args = s.InstallerArgs
	}
	return l
}

func newAptLayer(packages []string, secrets []BuildSecret) aptLayer {
	packages = slices.Clone(packages)
	sort.Strings(packages)
	return aptLayer{slices.Compact(packages), secrets}
}

// firstWorkdir is the work directory that the image begins with.
func (im Image) firstWorkdir() string {
	if im.begin != "" {
		return im.begin
	}
	return im.workdir
}

// integrationPackages is the Debian packages of the integrations of s. Unknown
// ones are told where their Python packages are looked for.
func (c *compiler) integrationPackages(s Settings) []string {
	var all []string
	for _, name := range s.RequiredIntegrations {
		all = append(all, c.options.Integrations[name].AptPackages...)
	}
	for _, p := range all {
		if !aptShape().MatchString(p) {
			c.fail(diag.BadValue, []string{"required_integrations"}, "%q, of apt_packages of an integration, is not the name of a Debian package", p)
		}
	}
	return all
}

// unusedSecrets warns of secrets that nothing can read.
func (c *compiler) unusedSecrets(im Image, s Settings) {
	if len(s.BuildSecrets) == 0 {
		return
	}
	for _, l := range im.layers {
		if n, ok := l.(named); ok {
			l = n.layer
		}
		switch l.(type) {
		case aptLayer, pythonLayer, uvLayer, commandsLayer, localLayer:
			return
		}
	}
	if im.custom != nil && len(im.custom.mounts) > 0 {
		for i, secret := range s.BuildSecrets {
			if !slices.ContainsFunc(im.custom.mounts, func(m secretMount) bool { return m.id == secret.Name || m.id == "" }) {
				c.fail(diag.SettingIgnored, []string{"build_secrets", strconv.Itoa(i)}, "nothing in this image can read the secret %s: the Dockerfile does not mount it", secret.Name).Severity = diag.Warning
			}
		}
		return
	}
	d := c.fail(diag.SettingIgnored, []string{"build_secrets"}, "nothing in this image can read build_secrets: it installs nothing and runs no commands")
	d.Severity = diag.Warning
}
