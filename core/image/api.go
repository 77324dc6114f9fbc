package image

import (
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// Option is what the From functions and Clone take beside what they start from.
type Option func(*Image)

// Registry is where the image is pushed, such as ghcr.io/acme.
func Registry(uri string) Option {
	return func(im *Image) { im.place.registry = strings.TrimSuffix(uri, "/") }
}

// Name is the image's repository below its registry.
func Name(name string) Option { return func(im *Image) { im.place.name = name } }

// Tag is the image's tag, in place of its Identifier.
func Tag(tag string) Option { return func(im *Image) { im.place.tag = tag } }

// Platform is what the image is built for, such as linux/amd64 and linux/arm64;
// more than one makes an index. DefaultPlatform where it is not given.
func Platform(platforms ...string) Option {
	return func(im *Image) {
		im.report(func(c *checker) { c.platforms(Platforms(platforms)) })
		im.platforms = slices.Clone(platforms)
		sort.Strings(im.platforms)
		if len(im.platforms) == 0 {
			im.platforms = []string{DefaultPlatform}
		}
		if im.custom != nil {
			im.custom = im.custom.again(im.platforms)
		}
	}
}

// PythonVersion is the version of Python, such as 3.12, of images that start
// from FromDebianBase or FromUVScript.
func PythonVersion(version string) Option {
	return func(im *Image) {
		im.report(func(c *checker) {
			if !im.pythonBase {
				c.fail(diag.Conflict, nil, "the Python of %s is its own: its version cannot be chosen", im.base.reference)
				return
			}
			c.bases(Settings{PythonVersion: version})
		})
		if im.pythonBase && pythonShape().MatchString(version) {
			im.base = base{reference: "python:" + version + "-slim"}
		}
	}
}

// place is what an image is called.
type place struct{ registry, name, tag string }

// Install is how Python packages are installed; the zero Install is uv with the
// default index.
type Install struct {
	Installer      Installer
	IndexURL       string
	ExtraIndexURLs []string
	Pre            bool // allow pre-releases
	Args           InstallerArgs
	Secrets        []BuildSecret // that the installer may read
}

// FromDebianBase starts from Python on Debian, python:<version>-slim.
func FromDebianBase(options ...Option) Image {
	im := begin(base{reference: "python:" + DefaultPython + "-slim"})
	im.pythonBase = true
	return im.configured(options)
}

// FromBase starts from an image that exists. As long as nothing is added, it is
// that image: nothing is built.
func FromBase(reference string, options ...Option) Image {
	im := begin(base{})
	im.report(func(c *checker) { c.bases(Settings{BaseImage: reference}) })
	compile := &compiler{}
	im.base = compile.base(reference)
	if im.problems == nil {
		im.problems = compile.found
	}
	return im.configured(options)
}

// FromDockerfile starts from what a Dockerfile of the user's own builds, whose
// folder is what it copies from. What With adds goes on top of it.
func FromDockerfile(path string, options ...Option) Image {
	im := begin(base{})
	im.action = ActionBuild
	own := &custom{file: path}
	im.custom = own.again(im.platforms)
	return im.configured(options)
}

// again is c read anew for platforms, with the digests that it has.
func (c *custom) again(platforms []string) *custom {
	next, problems := readCustom(Settings{Dockerfile: c.file}, Options{}, platforms, nowhere)
	if next == nil {
		next = &custom{digests: map[string]string{}, tree: &source.Tree{}}
	}
	next.file, next.problems = c.file, problems
	return next.pin(c.digests)
}

// FromUVScript starts from Python on Debian in the version that the script's
// PEP 723 header asks for, with the packages that it names.
func FromUVScript(path string, options ...Option) Image {
	im := begin(base{})
	im.pythonBase = true
	c := &compiler{}
	s := Settings{UVScript: path}
	im.base = c.base("python:" + c.pythonOf(s) + "-slim")
	c.found = nil // told once more by what follows
	im = c.python(im, s)
	im.problems = append(im.problems, c.found...)
	return im.configured(options)
}

func begin(from base) Image {
	return Image{action: ActionUse, base: from, platforms: []string{DefaultPlatform}, workdir: DefaultWorkdir, environment: map[string]string{}}
}

func nowhere(...string) diag.Range { return diag.Range{} }

// configured is im with options.
func (im Image) configured(options []Option) Image {
	for _, option := range options {
		option(&im)
	}
	return im
}

// report adds what check finds to the problems of im, without changing those of
// the image that im was made of.
func (im *Image) report(check func(*checker)) {
	c := &checker{}
	check(c)
	im.problems = append(im.problems[:len(im.problems):len(im.problems)], c.found...)
}

// Clone is the image with options, such as another name, registry, platform or
// version of Python.
func (im Image) Clone(options ...Option) Image { return im.configured(options) }

// WithPipPackages adds a layer that installs Python packages, PEP 508
// requirements. At most one Install says how. No packages add nothing.
func (im Image) WithPipPackages(packages []string, how ...Install) Image {
	if len(packages) == 0 {
		return im
	}
	return im.layered(LayerSetting{Pip: packages}, how)
}

// WithRequirements adds a layer that installs what a requirements file names.
func (im Image) WithRequirements(file string, how ...Install) Image {
	return im.layered(LayerSetting{Requirements: file}, how)
}

// WithUVProject adds a layer that installs the locked packages of a uv project,
// a pyproject.toml or its folder, without the project itself. lock is its
// uv.lock; empty is the one beside pyproject.toml.
func (im Image) WithUVProject(pyproject, lock string, how ...Install) Image {
	return im.layered(LayerSetting{UVProject: pyproject, uvLock: lock}, how)
}

// WithAptPackages adds a layer that installs Debian packages. No packages add
// nothing.
func (im Image) WithAptPackages(packages []string, secrets ...BuildSecret) Image {
	if len(packages) == 0 {
		return im
	}
	return im.layered(LayerSetting{Apt: packages, Secrets: secrets}, nil)
}

// WithCommands adds a layer for each shell script of commands, in their order.
func (im Image) WithCommands(commands []string, secrets ...BuildSecret) Image {
	for _, c := range commands {
		im = im.layered(LayerSetting{Run: c, Secrets: secrets}, nil)
	}
	return im
}

// WithSourceFolder copies the content of a folder to dst, relative to the work
// directory; empty is the work directory.
func (im Image) WithSourceFolder(src, dst string) Image {
	if dst != "" && !strings.HasSuffix(dst, "/") {
		dst += "/"
	}
	return im.layered(LayerSetting{Copy: &Copy{Src: src, Dst: dst}}, nil)
}

// WithSourceFile copies a file: to dst, or into it where it ends in a slash;
// empty is the work directory.
func (im Image) WithSourceFile(src, dst string) Image {
	return im.layered(LayerSetting{Copy: &Copy{Src: src, Dst: dst}}, nil)
}

// WithDockerignore names the file of patterns that say what of source folders
// is left out, of those that are there already too.
func (im Image) WithDockerignore(path string) Image {
	im.ignore = path
	im.layers = slices.Clone(im.layers)
	for i, l := range im.layers {
		n, ok := l.(named)
		if c, copies := n.layer.(copyLayer); ok && copies {
			im.layers[i] = named{im.copies(c.asked), n.name}
		}
	}
	return im
}

// copies reads copies for the Go form, which knows no places.
func (im *Image) copies(all []Copy) copyLayer {
	c := im.compiler()
	l := c.readCopies(all, func(int) []string { return nil })
	im.problems = append(im.problems[:len(im.problems):len(im.problems)], c.found...)
	return l
}

// WithEnvVars sets environment variables from here on. Never for secrets.
func (im Image) WithEnvVars(vars map[string]string) Image {
	environment := im.Environment()
	own := map[string]string{}
	for name, value := range vars {
		environment[name], own[name] = value, value
	}
	im.environment = environment
	return im.layered(LayerSetting{Env: own}, nil)
}

// WithWorkdir sets the work directory from here on, and of steps.
func (im Image) WithWorkdir(dir string) Image {
	return im.layered(LayerSetting{Workdir: dir}, nil)
}

// WithUser makes steps run as a user, who owns the work directory and is made
// where the base lacks it.
func (im Image) WithUser(user string) Image {
	im.report(func(c *checker) { c.owner(Settings{User: user}) })
	im.user = user
	return im.with(ownerLayer{user, im.workdir})
}

// layered puts one layer of the setting `layers` on top.
func (im Image) layered(l LayerSetting, how []Install) Image {
	s := Settings{}
	for _, h := range how {
		s.Installer, l.IndexURL, l.ExtraIndexURLs, l.Args, l.Secrets = h.Installer, h.IndexURL, h.ExtraIndexURLs, h.Args, h.Secrets
		if h.Pre {
			l.Pre = &h.Pre
		}
	}
	s.Layers = []LayerSetting{l}
	c := im.compiler()
	c.packages(Settings{Installer: s.Installer})
	c.checkLayers(s.Layers)
	c.checker.python(s)
	if len(how) > 1 {
		c.fail(diag.Duplicate, nil, "a layer is installed in one way, and %d are given", len(how))
	}
	next := im
	if !c.found.HasErrors() {
		next = c.ordered(im, s)
	}
	next.problems = append(im.problems[:len(im.problems):len(im.problems)], c.found...)
	return next
}

func (im Image) compiler() *compiler {
	c := &compiler{}
	if im.ignore != "" {
		c.ignore = absolute("", im.ignore)
		if abs, err := filepath.Abs(im.ignore); err == nil {
			c.ignore = abs
		}
	}
	return c
}

// Validate is everything that is wrong with the image, as a diag.List: files
// that are not there, names and values that cannot be. It is nil for an image
// that can be built.
func (im Image) Validate() error {
	c := &checker{}
	c.destination(Settings{Registry: im.place.registry, TargetRepository: im.place.name, ImageTag: im.place.tag})
	all := slices.Clone(im.problems)
	if im.custom != nil {
		all = append(all, im.custom.problems...)
	}
	return append(all, c.found...).Err()
}

// Identifier is 64 hex digits that stand for the description: the base by its
// digest once pinned, by its name before, and every layer with the content of
// the files it reads. Of a pinned image that is built it is its Key. It knows
// nothing of registry, name and tag.
func (im Image) Identifier() string {
	parts := im.parts()
	if unknown := im.References(); len(unknown) > 0 {
		parts = append(parts, scalarPart("references", strings.Join(unknown, " ")))
	}
	key, _ := keyOf(parts)
	return key
}

// URI is registry/name:tag, with the Identifier as tag unless one was given. Of
// an image to which nothing is added it is the base itself.
func (im Image) URI() string {
	if im.action == ActionUse {
		return pinnedFully(im.base.reference, im.base.digest)
	}
	uri := first(im.place.name, "image") + ":" + first(im.place.tag, im.Identifier())
	if im.place.registry != "" {
		uri = im.place.registry + "/" + uri
	}
	return uri
}
