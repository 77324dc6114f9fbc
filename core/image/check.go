package image

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
)

// checker gathers what is wrong with settings, at the places where they were
// written.
type checker struct {
	rangeOf func(path ...string) diag.Range
	found   diag.List
}

func (c *checker) at(path ...string) diag.Range {
	if c.rangeOf == nil {
		return diag.Range{}
	}
	return c.rangeOf(path...)
}

// fail adds an error about the setting at path.
func (c *checker) fail(code diag.Code, path []string, format string, args ...any) *diag.Diagnostic {
	c.found = append(c.found, withRange(diag.New(code, format, args...), c.at(path...)))
	return &c.found[len(c.found)-1]
}

// withRange gives d a place where one is known.
func withRange(d diag.Diagnostic, r diag.Range) diag.Diagnostic {
	if r != (diag.Range{}) {
		d.Range = &r
	}
	return d
}

// Check is what can be told to be wrong with s alone: without files, the
// caller's environment, or the other layers. Compile does it too.
func (s Settings) Check(rangeOf func(path ...string) diag.Range) diag.List {
	c := &checker{rangeOf: rangeOf}
	c.modes(s)
	c.bases(s)
	c.packages(s)
	c.variables("environment", s.Environment, "environment")
	c.variables("runtime_environment", s.RuntimeEnv, "runtime_environment")
	c.python(s)
	c.checkSecrets(s.BuildSecrets, "build_secrets")
	c.checkLayers(s.Layers)
	c.oneValue(s)
	for i, copied := range s.Copy {
		c.destinationOf(copied, []string{"copy", strconv.Itoa(i)})
	}
	c.owner(s)
	c.platforms(s.Platform)
	c.destination(s)
	if s.Build != nil {
		c.build("build", s.Build.Args, s.Build.Labels)
		c.buildOptions("build", s.Build.Network, s.Build.ExtraHosts, s.Build.CacheFrom, s.Build.CacheTo)
		if s.Build.Target != "" {
			c.fail(diag.BadValue, []string{"build", "target"}, "the generated Dockerfile has one stage, so it has no target").
				Suggestion = "for the stages of your own Dockerfile there is dockerfile_build.target"
		}
	}
	if s.DockerfileBuild != nil {
		c.build("dockerfile_build", s.DockerfileBuild.Args, s.DockerfileBuild.Labels)
		c.buildOptions("dockerfile_build", s.DockerfileBuild.Network, s.DockerfileBuild.ExtraHosts, s.DockerfileBuild.CacheFrom, s.DockerfileBuild.CacheTo)
	}
	return c.found
}

func (c *checker) modes(s Settings) {
	switch s.Mode {
	case "", Bundled, Custom:
	case Prebuilt:
		c.found = append(c.found, withRange(notBuilt(diag.Range{}, "mode prebuilt"), c.at("mode")))
	default:
		c.fail(diag.BadValue, []string{"mode"}, "mode %q does not exist", s.Mode).Suggestion = "one of bundled, prebuilt, custom"
	}
}

func (c *checker) bases(s Settings) {
	for _, b := range []struct{ name, text string }{{"base_image", s.BaseImage}, {"parent_image", s.ParentImage}} {
		if b.text == "" || b.text == scratch {
			continue
		}
		if _, _, err := parseReference(b.text, nil); err != nil {
			c.fail(diag.BadValue, []string{b.name}, "%q is not an image reference", b.text).Detail = "Such as python:3.12-slim or ghcr.io/acme/base@sha256:…."
		}
	}
	if s.PythonVersion != "" && !pythonShape().MatchString(s.PythonVersion) {
		c.fail(diag.BadValue, []string{"python_version"}, "python_version %q is not a version of Python 3, such as 3.12", s.PythonVersion)
	}
}

func (c *checker) packages(s Settings) {
	c.aptNames(s.AptPackages, "apt_packages")
	for i, command := range s.Commands {
		c.command(command, []string{"commands", strconv.Itoa(i)})
	}
	if s.LocalProjectInstall != "" {
		c.command(s.LocalProjectInstall, []string{"local_project_install_command"})
	}
	if s.Installer != "" && s.Installer != UV && s.Installer != Pip {
		c.fail(diag.BadValue, []string{"python_package_installer"}, "installer %q does not exist", s.Installer).Suggestion = "one of uv, pip"
	}
	c.argumentNames(s.InstallerArgs, []string{"python_package_installer_args"})
	c.index([]string{"index_url"}, s.IndexURL)
	for i, u := range s.ExtraIndexURLs {
		if u == "" {
			c.fail(diag.BadValue, []string{"extra_index_urls", strconv.Itoa(i)}, "the URL is empty")
		}
		c.index([]string{"extra_index_urls", strconv.Itoa(i)}, u)
	}
}

func (c *checker) aptNames(packages []string, at ...string) {
	for i, p := range packages {
		if !aptShape().MatchString(p) {
			c.fail(diag.BadValue, append(append([]string(nil), at...), strconv.Itoa(i)), "%q is not the name of a Debian package", p).
				Detail = "A name is [a-z0-9][a-z0-9+.-]*, with :architecture and =version behind it where wanted."
		}
	}
}

func (c *checker) command(text string, at []string) {
	switch {
	case strings.TrimSpace(text) == "":
		c.fail(diag.BadValue, at, "the command is empty")
	case !carried(text):
		c.fail(diag.BadValue, at, "the command has a NUL character or invalid UTF-8 in it")
	default:
		c.told(at, "the command", secretInScript(text))
	}
}

// argumentNames checks options of an installer.
func (c *checker) argumentNames(args InstallerArgs, at []string) {
	for _, name := range sortedKeys(args) {
		here := append(append([]string(nil), at...), name)
		value := args[name]
		if !optionShape().MatchString(strings.TrimLeft(name, "-")) {
			c.fail(diag.BadValue, here, "%q is not the name of an option", name)
		}
		if value != nil {
			c.plain(here, "option "+name, *value)
		}
	}
}

func (c *checker) index(at []string, text string) {
	if text == "" {
		return
	}
	if !strings.Contains(text, "://") || strings.ContainsAny(text, " \t\r\n") {
		c.fail(diag.BadValue, at, "%q is not a URL", redacted(text))
		return
	}
	c.plain(at, "the URL", text)
}

// plain checks a value that ends up in an image or its history.
func (c *checker) plain(at []string, what, value string) {
	if !carried(value) {
		c.fail(diag.BadValue, at, "%s has a NUL character or invalid UTF-8 in its value", what)
		return
	}
	c.secret(at, what, value)
}

func (c *checker) secret(at []string, what, value string) { c.told(at, what, secretIn(value)) }

// told refuses a setting that holds a secret, which is empty where it does not.
func (c *checker) told(at []string, what, secret string) {
	if secret == "" {
		return
	}
	held := secret
	if what == "the URL" {
		held = strings.TrimPrefix(secret, "a URL with ")
	}
	d := c.fail(diag.SecretInPlain, at, "%s holds %s, which would be readable in the image", what, held)
	d.Suggestion = "give it to the build with build_secrets: [{name: NAME}], which sets the variable NAME while it installs and runs commands"
	if strings.Contains(secret, "URL") {
		d.Suggestion = "write ${NAME} in its place where the URL is that of an index or a requirement, and name NAME in build_secrets"
	}
	if at[0] == "runtime_environment" {
		d.Suggestion = "put it into secret_environment_from"
	}
}

func (c *checker) variables(setting string, vars map[string]string, path ...string) {
	for _, name := range sortedKeys(vars) {
		at := append(append([]string(nil), path...), name)
		if !variableShape().MatchString(name) {
			c.fail(diag.BadName, at, "%q cannot be the name of an environment variable", name).Detail = "Names are [A-Za-z_][A-Za-z0-9_]*."
			continue
		}
		if strings.HasPrefix(name, carrierPrefix) {
			c.fail(diag.BadName, at, "variables that begin with %s are set by stack alone", carrierPrefix)
			continue
		}
		if soundsSecret(name) && secretIn(vars[name]) == "" {
			d := c.fail(diag.SecretName, at, "%s sounds like a secret, and anybody who can read the image can read it", name)
			d.Severity = diag.Warning
			d.Suggestion = "if it is one, put it into build_secrets"
			if setting == "runtime_environment" {
				d.Suggestion = "if it is one, put it into secret_environment_from"
			}
		}
		if name == "PATH" && strings.Contains(vars[name], "$PATH") {
			d := c.fail(diag.BadValue, at, "$PATH stays as it is written here, so that programs will not be found")
			d.Severity = diag.Warning
			d.Suggestion = "write out all folders, such as /opt/bin:/usr/local/bin:/usr/bin:/bin"
		}
		c.plain(at, name, vars[name])
	}
}

func (c *checker) owner(s Settings) {
	if s.User != "" && !userShape().MatchString(s.User) {
		c.fail(diag.BadValue, []string{"user"}, "%q is not a user", s.User).Detail = "A user is a name or a number, with :group behind it where wanted."
	}
	if s.Workdir != "" {
		if problem := workdirProblem(s.Workdir); problem != "" {
			c.fail(diag.BadValue, []string{"workdir"}, "%s", problem)
		}
	}
}

func (c *checker) platforms(all Platforms) {
	if all != nil && len(all) == 0 {
		c.fail(diag.BadValue, []string{"platform"}, "the list of platforms is empty")
	}
	seen := map[string]bool{}
	for i, p := range all {
		at := []string{"platform", strconv.Itoa(i)}
		if len(all) == 1 {
			at = at[:1]
		}
		switch {
		case !platformShape().MatchString(p) || !knownPlatform(p):
			c.fail(diag.BadValue, at, "%q is not a platform", p).Suggestion = diag.DidYouMean(p, []string{"linux/amd64", "linux/arm64", "linux/arm/v7"})
		case seen[p]:
			c.fail(diag.Duplicate, at, "the platform %s is there twice", p)
		}
		seen[p] = true
	}
}

func (c *checker) destination(s Settings) {
	if s.ImageTag != "" && !tagShape().MatchString(s.ImageTag) {
		c.fail(diag.BadValue, []string{"image_tag"}, "%q cannot be a tag", s.ImageTag).Detail = "A tag is [A-Za-z0-9_][A-Za-z0-9_.-]*, 128 characters at most."
	}
	if s.TargetRepository != "" && !repoShape().MatchString(s.TargetRepository) {
		c.fail(diag.BadValue, []string{"target_repository"}, "%q cannot be a repository", s.TargetRepository).Detail = "A repository is lower-case names with slashes between them, such as acme/train."
	}
	if s.Registry != "" && !registryShape().MatchString(s.Registry) {
		c.fail(diag.BadValue, []string{"registry"}, "%q cannot be a registry", redacted(s.Registry)).Detail = "A registry is a host with a port where needed, such as localhost:5000 or ghcr.io/acme."
	}
}

func (c *checker) build(setting string, args, labels map[string]string) {
	for _, name := range sortedKeys(args) {
		at := []string{setting, "args", name}
		if !variableShape().MatchString(name) || strings.HasPrefix(name, carrierPrefix) {
			c.fail(diag.BadName, at, "%q cannot be the name of a build argument", name)
			continue
		}
		if soundsSecret(name) && secretIn(args[name]) == "" {
			d := c.fail(diag.SecretName, at, "%s sounds like a secret, and build arguments are in the history of the image", name)
			d.Severity = diag.Warning
			d.Suggestion = "if it is one, put it into build_secrets"
		}
		c.plain(at, fmt.Sprintf("build argument %s", name), args[name])
	}
	for _, key := range sortedKeys(labels) {
		at := []string{setting, "labels", key}
		if !labelShape().MatchString(key) {
			c.fail(diag.BadName, at, "%q cannot be the key of a label", key).Detail = "Keys are letters, digits, and . _ / - between them."
			continue
		}
		if strings.HasPrefix(key, "dev.stackrun.") {
			c.fail(diag.BadName, at, "labels that begin with dev.stackrun. are set by stack alone")
			continue
		}
		c.plain(at, fmt.Sprintf("label %s", key), labels[key])
	}
}

func isTrue(b *bool) bool  { return b != nil && *b }
func isFalse(b *bool) bool { return b != nil && !*b }
