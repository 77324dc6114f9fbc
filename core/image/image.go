package image

import (
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/source"
)

// Image is an immutable description of an image. The zero Image is nothing; an
// Image comes from Compile, or from one of the From functions.
type Image struct {
	action    Action
	base      base
	custom    *custom // the user's own Dockerfile, in place of base
	platforms []string

	// What is added on top. generated is false when nothing is.
	generated bool
	args      map[string]string
	labels    map[string]string
	workdir   string // in the end
	begin     string // work directory before any layer changes it, if one does
	user      string
	layers    []layer
	secrets   []BuildSecret  // that every command and install may read
	options   map[string]any // other keys of image.build
	pull      bool
	noCache   bool

	environment map[string]string

	// Of the Go form: what it is called, what is wrong with it, and what later
	// calls need.
	place      place
	problems   diag.List
	pythonBase bool   // the base is Python's own image
	ignore     string // file of patterns
}

// base is the image that an image starts from.
type base struct {
	reference string // after mirrors; "scratch" is no image
	digest    string // sha256:…, or local:… for one that is in no registry; empty until it is pinned
}

// Action is what a plan does about an image.
type Action string

const (
	ActionBuild Action = "build" // build it, or reuse it by its key
	ActionUse   Action = "use"   // take it as it is
)

// Action says whether the image has to be built at all.
func (im Image) Action() Action { return im.action }

// Platforms is what the image is for, sorted; at least one.
func (im Image) Platforms() []string { return append([]string(nil), im.platforms...) }

// Pull reports whether the builder is to ask the registry for base images even
// if they are on its machine.
func (im Image) Pull() bool { return im.pull || im.custom != nil && im.custom.pull }

// NoCache reports whether the builder is to do without its layer cache.
func (im Image) NoCache() bool { return im.noCache || im.custom != nil && im.custom.noCache }

// Environment is what the settings put into the environment of a step, for
// platforms that run it without the image.
func (im Image) Environment() map[string]string {
	all := make(map[string]string, len(im.environment))
	for k, v := range im.environment {
		all[k] = v
	}
	return all
}

// Base is the image that this one starts from and its digest, once pinned. For
// a user's Dockerfile it is what the last stage starts from.
func (im Image) Base() (reference, digest string) {
	if im.custom != nil {
		return im.custom.base()
	}
	return im.base.reference, im.base.digest
}

// References is every image reference, mirrors applied, whose digest the key
// needs and does not know: the base, and all that a Dockerfile names.
func (im Image) References() []string {
	if im.custom != nil {
		return im.custom.unpinned()
	}
	if im.base.reference == scratch || im.base.digest != "" {
		return nil
	}
	return []string{im.base.reference}
}

// PlaceOf is the instruction of the user's Dockerfile that names one of the
// References; the zero range where none does.
func (im Image) PlaceOf(reference string) diag.Range {
	if im.custom != nil {
		for _, u := range im.custom.uses {
			if u.reference == reference {
				return u.at
			}
		}
	}
	return diag.Range{}
}

// Pin returns the image with the digests of its References filled in. A digest
// is "sha256:…" of the manifest or index in the registry, or "local:sha256:…",
// the id of an image that only the builder's own store has.
func (im Image) Pin(digests map[string]string) Image {
	if im.custom != nil {
		im.custom = im.custom.pin(digests)
		return im
	}
	if d := digests[im.base.reference]; d != "" && im.base.digest == "" {
		im.base.digest = d
	}
	return im
}

// with returns the image with one more layer on top. No two inputs of a key
// have one name.
func (im Image) with(l layer) Image {
	name, taken := l.input().name, map[string]bool{}
	for _, have := range im.layers {
		taken[have.input().name] = true
	}
	for n := 2; taken[name]; n++ {
		name = l.input().name + "-" + strconv.Itoa(n)
	}
	if name != l.input().name {
		if n, ok := l.(named); ok {
			l = n.layer // one name is enough, and whoever looks for a kind of layer takes off one
		}
		l = named{l, name}
	}
	im.layers = append(im.layers[:len(im.layers):len(im.layers)], l)
	im.generated, im.action = true, ActionBuild
	return im
}

// Stages is the image as Dockerfiles with the files they read: one, or two
// where the user's own comes first and settings go on top. It needs Pin.
func (im Image) Stages(d Dialect) ([]Stage, error) {
	if im.action != ActionBuild {
		return nil, fmt.Errorf("render %s: the image is taken as it is", im.base.reference)
	}
	if missing := im.References(); len(missing) > 0 {
		return nil, fmt.Errorf("render the image: the digest of %s is not known", strings.Join(missing, ", "))
	}
	var stages []Stage
	from := pinned(im.base.reference, im.base.digest)
	below := ""
	if im.custom != nil {
		first, err := im.custom.stage()
		if err != nil {
			return nil, err
		}
		stages = append(stages, first)
		from = im.custom.name()
		below = from
	}
	if im.generated {
		s := im.render(d, from)
		s.Base = below
		stages = append(stages, s)
	}
	return stages, nil
}

// Dockerfile is the image as text for people, the user's own Dockerfile
// before what is added to it. What is not pinned yet is shown by name.
func (im Image) Dockerfile(d Dialect) string {
	if im.action != ActionBuild {
		return ""
	}
	var text strings.Builder
	from := pinned(im.base.reference, im.base.digest)
	if im.custom != nil {
		own, err := im.custom.rewritten()
		if err != nil {
			own = im.custom.text // told when planning; shown as it is
		}
		text.WriteString(im.custom.labelled(own, map[string]string{}))
		from = im.custom.name()
	}
	if im.generated {
		if text.Len() > 0 {
			text.WriteString("\n")
		}
		text.Write(im.render(d, from).Dockerfile)
	}
	return text.String()
}

// render writes the stage of the layers.
func (im Image) render(d Dialect, from string) Stage {
	r := &renderer{dialect: d, seen: map[string]bool{}, args: map[string]string{}, secrets: im.secrets}
	r.files = append(r.files, source.File{Path: "build", Type: source.Directory})
	r.line("FROM " + from)
	if im.user != "" {
		r.line("USER 0") // the base may run as somebody who may not install
	}
	r.line("WORKDIR " + word(im.firstWorkdir()))
	for _, name := range sortedKeys(im.args) {
		r.variable("ARG", name, im.args[name])
	}
	for _, l := range im.layers {
		l.render(r)
	}
	if len(im.labels) > 0 {
		r.blank()
	}
	for _, key := range sortedKeys(im.labels) {
		r.variable("LABEL", key, im.labels[key])
	}
	if im.user != "" {
		r.line("USER " + word(im.user))
	}
	return Stage{Dockerfile: []byte(r.out.String()), Files: withFolders(r.files), Args: r.args, Options: maps.Clone(im.options), Pull: im.pull}
}

// withFolders adds the folders that files are in, where they lack.
func withFolders(files []source.File) []source.File {
	have := map[string]bool{}
	for _, f := range files {
		have[f.Path] = true
	}
	var all []source.File
	for _, f := range files {
		for i, c := range f.Path {
			if c == '/' && !have[f.Path[:i]] {
				have[f.Path[:i]] = true
				all = append(all, source.File{Path: f.Path[:i], Type: source.Directory})
			}
		}
		all = append(all, f)
	}
	return sortedFiles(all)
}
