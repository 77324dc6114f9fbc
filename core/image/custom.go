package image

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// custom is a Dockerfile of the user's own, with the folder that it copies
// from.
type custom struct {
	text    string
	uses    []use // of images that no stage is, in the parts that are built
	last    use   // what the stage to be built starts from, through other stages
	tree    *source.Tree
	args    map[string]string
	labels  map[string]string
	end     int    // last line of the stage that is built, where labels go
	escape  string // the Dockerfile's escape character
	target  string
	options map[string]any // other keys of dockerfile_build
	pull    bool
	noCache bool
	digests map[string]string // by reference
	mounts  []secretMount

	// Of the Go form, which reads it again for other platforms.
	file     string
	problems diag.List
}

// secretMount is a RUN that mounts a secret.
type secretMount struct {
	id       string // empty where it depends on variables
	line     int
	required bool
}

// checkMounts refuses secrets that the Dockerfile needs and the settings do not
// give, and tells of those that it can do without.
func (c *custom) checkMounts(file string, secrets []BuildSecret) diag.List {
	var problems diag.List
	for _, m := range c.mounts {
		if m.id == "" || slices.ContainsFunc(secrets, func(s BuildSecret) bool { return s.Name == m.id }) {
			continue
		}
		p := dockerfileProblem(file, c.text, m.line, "the Dockerfile mounts the secret %s, which build_secrets does not name", m.id)
		p.Code, p.Suggestion = diag.SecretMissing, "add build_secrets: [{name: "+m.id+"}]"
		if !m.required {
			p.Severity = diag.Warning
			p.Detail = "The command will run without it: the Dockerfile does not say required=true."
		}
		problems = append(problems, p)
	}
	return problems
}

// use is a place in a Dockerfile that names an image.
type use struct {
	first, end int    // lines, from 1, both included
	written    string // the word to replace: of FROM the whole instruction
	rewrite    func(pinned string) string
	reference  string // mirrors applied
	digest     string // where the reference has one
	at         diag.Range
}

// readCustom reads the Dockerfile that s names, and its context.
func readCustom(s Settings, o Options, platforms []string, at func(...string) diag.Range) (*custom, diag.List) {
	abs := absolute(o.SourceRoot, s.Dockerfile)
	data, err := os.ReadFile(abs)
	if err != nil {
		return nil, diag.List{withRange(diag.New(diag.FileUnreadable, "cannot read the Dockerfile %q: %v", s.Dockerfile, cause(err)), at("dockerfile"))}
	}
	c := &custom{text: string(data), digests: map[string]string{}}
	var ignore string
	if b := s.DockerfileBuild; b != nil {
		c.options = b.options()
		c.args, c.labels, c.target, c.pull, c.noCache = b.Args, maps.Clone(b.Labels), b.Target, isTrue(b.Pull), isTrue(b.NoCache)
		if b.Dockerignore != "" {
			ignore = absolute(o.SourceRoot, b.Dockerignore)
			if _, err := os.ReadFile(ignore); err != nil {
				return nil, diag.List{withRange(diag.New(diag.FileUnreadable, "cannot read the ignore file %q: %v", b.Dockerignore, cause(err)), at("dockerfile_build", "dockerignore"))}
			}
		}
	}
	problems := c.parse(s.Dockerfile, o.Mirrors, platforms, at)
	root := filepath.Dir(abs)
	if s.BuildContextRoot != "" {
		root = absolute(o.SourceRoot, s.BuildContextRoot)
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			return nil, append(problems, withRange(diag.New(diag.FileUnreadable, "the build context %q is not a folder", s.BuildContextRoot), at("build_context_root")))
		}
	}
	if own := abs + ".dockerignore"; ignore == "" {
		if _, err := os.Stat(own); err == nil {
			ignore = own
		}
	}
	tree, err := o.scan(source.Options{Root: root, IgnoreFile: ignore})
	if err != nil {
		return nil, append(problems, diag.FromError(err)...)
	}
	c.tree = tree
	return c, append(problems, tree.Warnings()...)
}

// base is what the image starts from in the end.
func (c *custom) base() (reference, digest string) {
	return c.last.reference, c.digestOf(c.last)
}

func (c *custom) digestOf(u use) string {
	if u.digest != "" {
		return u.digest
	}
	return c.digests[u.reference]
}

// unpinned is the references whose digests are not known, each once, sorted.
func (c *custom) unpinned() []string {
	var all []string
	for _, u := range c.uses {
		if c.digestOf(u) == "" {
			all = append(all, u.reference)
		}
	}
	sort.Strings(all)
	return slices.Compact(all)
}

func (c *custom) pin(digests map[string]string) *custom {
	next := *c
	next.digests = map[string]string{}
	for reference, digest := range c.digests {
		next.digests[reference] = digest
	}
	for _, u := range c.uses {
		if d := digests[u.reference]; d != "" && next.digests[u.reference] == "" {
			next.digests[u.reference] = d
		}
	}
	return &next
}

func (c *custom) parts() []part {
	p := newPart("base_image", basePart)
	for _, u := range c.uses {
		p.text(c.digestOf(u))
	}
	for _, u := range c.uses {
		p.show(pinnedFully(u.reference, c.digestOf(u)))
	}
	p.lines = slices.Compact(p.lines)
	text := newPart("dockerfile", linesPart)
	text.text(c.text)
	text.text(c.target)
	if c.target != "" {
		text.show("target " + c.target)
	}
	files := newPart("build_context_root", filesPart)
	files.text(c.tree.Digest())
	for _, f := range c.tree.Files() {
		files.show(fileLine(f))
	}
	all := []part{p, text, files}
	if len(c.args) > 0 {
		all = append(all, namesPart("dockerfile_build.args", c.args))
	}
	if len(c.labels) > 0 {
		all = append(all, namesPart("dockerfile_build.labels", c.labels))
	}
	if p, ok := optionsPart("dockerfile_build.options", c.options); ok {
		all = append(all, p)
	}
	return all
}

// name is what the next stage's FROM calls this one. No registry has it: the
// domain is one that never exists.
func (c *custom) name() string {
	key, _ := keyOf(c.parts())
	return "stack.invalid/dockerfile:" + key[:16]
}

func (c *custom) stage() (Stage, error) {
	text, err := c.rewritten()
	if err != nil {
		return Stage{}, err
	}
	args := map[string]string{}
	for name, value := range c.args {
		args[name] = value
	}
	text = c.labelled(text, args)
	return Stage{Dockerfile: []byte(text), Files: c.tree.Files(), Args: args, Target: c.target, Options: maps.Clone(c.options), Pull: c.pull}, nil
}

// labelled is text with the labels at the end of the stage that is built;
// values that no line can hold are put into args.
func (c *custom) labelled(text string, args map[string]string) string {
	if len(c.labels) == 0 {
		return text
	}
	r := &renderer{args: args}
	for _, key := range sortedKeys(c.labels) {
		r.variable("LABEL", key, c.labels[key])
	}
	added := r.out.String()
	if c.escape != `\` { // in double quotes the escape character is the only one there is
		added = ""
		for _, key := range sortedKeys(c.labels) {
			e := c.escape
			added += "LABEL " + key + `="` + strings.NewReplacer(e, e+e, `"`, e+`"`, "$", e+"$").Replace(c.labels[key]) + "\"\n"
		}
	}
	lines := strings.SplitAfter(text, "\n")
	above, below := strings.Join(lines[:c.end], ""), strings.Join(lines[c.end:], "")
	if !strings.HasSuffix(above, "\n") {
		above += "\n"
	}
	return above + added + below
}

// dockerfileProblem is a mistake in the Dockerfile, at its own line.
func dockerfileProblem(file string, text string, line int, format string, args ...any) diag.Diagnostic {
	d := diag.At(diag.Range{File: file, Line: max(line, 1), Column: 1}, diag.BadDockerfile, format, args...)
	lines := strings.Split(text, "\n")
	if line >= 1 && line <= len(lines) {
		written := strings.TrimRight(lines[line-1], "\r")
		d.Range.Column = 1 + len(written) - len(strings.TrimLeft(written, " \t"))
		d.Range.EndLine, d.Range.EndColumn = line, len([]rune(written))+1
	}
	return d
}

// parserProblem makes an error of BuildKit's parser a diagnostic.
func parserProblem(file, text string, err error) diag.Diagnostic {
	line := 1
	var located *parser.LocationError
	if errors.As(err, &located) && len(located.Locations) > 0 && len(located.Locations[0]) > 0 {
		line = located.Locations[0][0].Start.Line
	}
	return dockerfileProblem(file, text, line, "the Dockerfile is not well formed: %v", err)
}

// cause is an error about a file without the path, which is named already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func parseDockerfile(text string) (*parser.Result, error) {
	return parser.Parse(bytes.NewReader([]byte(text)))
}
