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
			im = im.with(named{made, layerPrefix + kinds[0]})
		}
	}
	return im
}

// layer is one entry of `layers`.
func (c *compiler) layer(im *Image, l LayerSetting, s Settings, kind string, at func(...string) []string) (layer, bool) {
	l.Secrets = addSecrets(l.Secrets, nil) // the caller may change its own
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
