package image

import (
	"context"
	"maps"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// Options is what Compile needs besides settings.
type Options struct {
	// SourceRoot is the absolute folder that relative paths start at.
	SourceRoot string
	// Tree is the source; nil leaves it out of the image.
	Tree *source.Tree
	// Platform is used where the settings name none; linux/amd64 when empty.
	Platform string
	// Lookup is the caller's environment, for ${VAR}; nil has no variables.
	Lookup func(name string) (string, bool)
	// Mirrors maps registries to what stands in for them, such as docker.io to
	// mirror.corp/hub.
	Mirrors map[string]string
	// StackRequirements are Python requirements of the stack's components, and
	// StackRequirementRanges where each was written, if that is known.
	StackRequirements      []string
	StackRequirementRanges []diag.Range
	// StackAptPackages are Debian packages of the stack's components.
	StackAptPackages []string
	// Integrations are those that required_integrations can name.
	Integrations map[string]Integration
	// Python asks the tools of this machine; nil refuses what needs them.
	Python Python
	// SecretFiles is the names of secrets by the files, absolute, that those of
	// other images are read from: no image has a copy of them.
	SecretFiles map[string]string
	// RangeOf says where a setting of the image was written, by its path, such
	// as ("environment", "A") or ("commands", "0"). nil knows nothing; a zero
	// range is unknown too.
	RangeOf func(path ...string) diag.Range
	// Scan reads the build context of a user's Dockerfile; nil reads it without
	// a stat index.
	Scan func(source.Options) (*source.Tree, error)
}

// DefaultWorkdir and DefaultPython hold where the settings say nothing.
const (
	DefaultWorkdir  = "/app"
	DefaultPython   = "3.12"
	DefaultPlatform = "linux/amd64"
)

// Compile makes s an Image, and reports every mistake and warning that it
// finds. With errors among them the Image is of no use. It reads the files
// that the settings name, and no network.
func Compile(s Settings, o Options) (Image, diag.List) {
	c := &compiler{checker: checker{rangeOf: o.RangeOf}, options: o, secretFiles: maps.Clone(o.SecretFiles)}
	if c.secretFiles == nil {
		c.secretFiles = map[string]string{}
	}
	s.SecretFiles(c.secretFiles, o.SourceRoot)
	s = c.expanded(s)
	if s.Dockerignore != "" {
		c.ignore = absolute(o.SourceRoot, s.Dockerignore)
		if _, err := os.ReadFile(c.ignore); err != nil {
			c.fail(diag.FileUnreadable, []string{"dockerignore"}, "cannot read the ignore file %q: %v", s.Dockerignore, cause(err))
			c.ignore = "" // what is copied is read all the same, for its own mistakes
		}
	}
	c.found = append(c.found, s.Check(o.RangeOf)...)
	im := c.image(s)
	if c.found.HasErrors() {
		return Image{}, c.found
	}
	return im, c.found
}

type compiler struct {
	checker
	options Options
	// secretFiles is the names of secrets by the files that they are read from.
	secretFiles map[string]string
	sets        []set  // of Python packages, in the order of their installs
	ignore      string // the user's own dockerignore, absolute, or empty
}

// expanded replaces ${VAR} where the settings allow it.
func (c *compiler) expanded(s Settings) Settings {
	s.Environment = c.expandAll(s.Environment, "environment")
	s.RuntimeEnv = c.expandAll(s.RuntimeEnv, "runtime_environment")
	if s.Build != nil {
		b := *s.Build
		b.Args = c.expandAll(b.Args, "build", "args")
		s.Build = &b
	}
	if s.DockerfileBuild != nil {
		b := *s.DockerfileBuild
		b.Args = c.expandAll(b.Args, "dockerfile_build", "args")
		s.DockerfileBuild = &b
	}
	layers := slices.Clone(s.Layers)
	for i := range layers {
		layers[i].Env = c.expandAll(layers[i].Env, "layers", strconv.Itoa(i), "env")
	}
	s.Layers = layers
	return s
}

func (c *compiler) expandAll(m map[string]string, path ...string) map[string]string {
	if m == nil {
		return nil
	}
	all := make(map[string]string, len(m))
	for _, name := range sortedKeys(m) {
		at := append(slices.Clone(path), name)
		value, err := expand(m[name], c.options.Lookup)
		if err != nil {
			c.fail(diag.UnsetVariable, at, "%s: %v", strings.Join(at, "."), err).Suggestion = "set it, or write ${NAME:-default}"
		}
		all[name] = value
	}
	return all
}

func (c *compiler) image(s Settings) Image {
	im := Image{action: ActionBuild, workdir: DefaultWorkdir, user: s.User, environment: map[string]string{}}
	maps.Copy(im.environment, s.Environment)
	for _, l := range s.Layers {
		maps.Copy(im.environment, l.Env)
	}
	maps.Copy(im.environment, s.RuntimeEnv)
	im.platforms = c.platform(s.Platform)
	if c.isCustom(s) {
		return c.asItIs(im, s)
	}
	im = c.from(im, s)
	im = c.layers(im, s)
	if im.custom == nil && !im.generated {
		im.action = ActionUse
	}
	if !c.found.HasErrors() {
		c.unusedSecrets(im, s)
	}
	c.unusedBuild(im, s)
	c.onScratch(im)
	return im
}

func (c *compiler) platform(wanted Platforms) []string {
	all := slices.Clone([]string(wanted))
	if len(all) == 0 {
		all = []string{c.options.Platform}
	}
	if all[0] == "" {
		all = []string{DefaultPlatform}
	}
	sort.Strings(all)
	return all
}

// where says in words where the other one of two settings was written.
func (c *compiler) where(path ...string) string {
	r := c.at(path...)
	if r == (diag.Range{}) {
		return "which is set too"
	}
	return "which is set at " + r.String()
}

// baseImage is the base that s names in either spelling.
func (c *compiler) baseImage(s Settings) string {
	if s.BaseImage != "" && s.ParentImage != "" && s.BaseImage != s.ParentImage {
		c.fail(diag.Conflict, []string{"parent_image"}, "parent_image and base_image, %s, are two spellings of one setting", c.where("base_image"))
	}
	if s.BaseImage != "" {
		return s.BaseImage
	}
	return s.ParentImage
}

func (c *compiler) base(text string) base {
	if text == scratch {
		return base{reference: scratch}
	}
	reference, digest, err := parseReference(text, c.options.Mirrors)
	if err != nil {
		if !c.found.HasErrors() { // Check reports a wrong reference; this is a wrong mirror
			c.fail(diag.BadValue, []string{"base_image"}, "%q has no usable mirror: %v", text, err)
		}
		return base{reference: text}
	}
	return base{reference: reference, digest: digest}
}

// from gives im what it starts from.
func (c *compiler) from(im Image, s Settings) Image {
	reference := c.baseImage(s)
	if s.Dockerfile == "" {
		for name, set := range map[string]bool{"build_context_root": s.BuildContextRoot != "", "dockerfile_build": s.DockerfileBuild != nil} {
			if set {
				c.fail(diag.Conflict, []string{name}, "%s is for a Dockerfile of your own, and there is none", name).Suggestion = "set dockerfile"
			}
		}
		if reference == "" {
			reference = "python:" + c.pythonOf(s) + "-slim"
		}
		im.base = c.base(reference)
		return im
	}
	if reference != "" {
		c.fail(diag.Conflict, []string{"dockerfile"}, "dockerfile and base_image, %s, exclude each other", c.where("base_image"))
		return im
	}
	own, problems := readCustom(s, c.options, im.platforms, c.at)
	c.found = append(c.found, problems...)
	if own != nil {
		c.found = append(c.found, own.checkMounts(s.Dockerfile, s.BuildSecrets)...)
	}
	im.custom = own
	return im
}

// layers puts on im what the settings add, what changes least first.
func (c *compiler) layers(im Image, s Settings) Image {
	if s.Workdir != "" {
		im.workdir, im.generated = s.Workdir, true
	}
	im.secrets = addSecrets(s.BuildSecrets, nil)
	if s.Build != nil {
		im.args, im.labels, im.options = s.Build.Args, maps.Clone(s.Build.Labels), s.Build.options()
		im.generated = im.generated || len(im.args) > 0 || len(im.labels) > 0
		im.pull, im.noCache = isTrue(s.Build.Pull), isTrue(s.Build.NoCache)
	}
	if len(s.Environment) > 0 {
		im = im.with(envLayer{"environment", s.Environment})
	}
	if packages := c.aptPackages(s); len(packages) > 0 {
		im = im.with(newAptLayer(packages, nil))
	}
	im = c.python(im, s)
	if len(s.Copy) > 0 {
		im = im.with(c.readCopies(s.Copy, func(i int) []string { return []string{"copy", strconv.Itoa(i)} }))
	}
	if len(s.Commands) > 0 {
		im = im.with(commandsLayer{commands: slices.Clone(s.Commands)})
	}
	im = c.ordered(im, s)
	c.contradictions(c.sets, im.markers(s))
	if s.User != "" {
		im = im.with(ownerLayer{s.User, im.workdir})
	}
	im = c.source(im, s)
	if len(s.RuntimeEnv) > 0 {
		im = im.with(envLayer{"runtime_environment", s.RuntimeEnv})
	}
	return im
}

// source puts the source on im, and the project that it is.
func (c *compiler) source(im Image, s Settings) Image {
	if isFalse(s.AllowIncludingFiles) {
		c.noCode(s)
		return im
	}
	if c.options.Tree == nil {
		return im
	}
	im = im.with(sourceLayer{c.options.Tree, s.User, im.workdir})
	if s.LocalProjectInstall != "" {
		how := c.installed(s.Installer, s.IndexURL, s.ExtraIndexURLs, nil, s.InstallerArgs, nil, "python_package_installer_args")
		im = im.with(localLayer{s.LocalProjectInstall, install{installer: how.installer, args: how.indexes()}})
		if s.User != "" { // what the command has written is the user's too
			im = im.with(named{ownerLayer{s.User, im.workdir}, "user"})
		}
	}
	return im
}

// aptPackages is those of the settings and, unless they are not wanted, those
// of the stack.
func (c *compiler) aptPackages(s Settings) []string {
	packages := append(slices.Clone(s.AptPackages), c.integrationPackages(s)...)
	if isFalse(s.InstallStackReqs) {
		return packages
	}
	for _, p := range c.options.StackAptPackages {
		if !aptShape().MatchString(p) {
			c.fail(diag.BadValue, []string{"apt_packages"}, "%q, of apt_packages of the stack, is not the name of a Debian package", p)
		}
	}
	return append(packages, c.options.StackAptPackages...)
}

// noCode says that nothing brings the code to the steps.
func (c *compiler) noCode(s Settings) {
	d := c.fail(diag.SettingConflict, []string{"allow_including_files_in_images"},
		"the code does not reach the steps: the image may not include it, and this version of stack has no other way")
	if s.BaseImage != "" || s.ParentImage != "" || s.Dockerfile != "" {
		d.Severity = diag.Warning
		d.Detail = "It is taken to be in the image that you named."
	}
}

// scan reads a build context.
func (o Options) scan(s source.Options) (*source.Tree, error) {
	if o.Scan != nil {
		return o.Scan(s)
	}
	return source.Scan(context.Background(), s)
}
