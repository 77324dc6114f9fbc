package image

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/stackrun/stack/core/source"
)

// recipe is the version of everything that is not in the settings: the order
// of instructions and the encoding of the key. Whatever of it changes, changes
// this. What our scripts do counts by itself.
const recipe = "stack image 2"

// recipeOf is the recipe with what the scripts of the image's layers say.
func recipeOf() string {
	all := newPart("", exactPart)
	for _, name := range []string{"apt.sh", "python.sh", "owner.sh"} {
		all.text(script(name))
	}
	return recipe + " " + short(string(all.encoding))
}

// part is one named input of a key: an encoding that decides, and lines that
// tell people what is in it.
type part struct {
	name     string
	kind     partKind
	encoding []byte
	lines    []string
}

// partKind says how two versions of an input are compared for people.
type partKind byte

const (
	exactPart        partKind = 'e' // the lines are one value, and are all of it
	linesPart        partKind = 'l' // entries as they are, such as packages
	namesPartKind    partKind = 'n' // NAME=digest of the value
	filesPart        partKind = 'f' // digest and path
	requirementsPart partKind = 'r' // requirements
	basePart         partKind = 'b' // reference@digest of each image that is started or copied from
	orderPart        partKind = 'o' // names of other inputs, told where nothing but their order differs
)

// secretLine begins the lines that name the secrets of a layer.
const secretLine = "secret "

func newPart(name string, kind partKind) part { return part{name: name, kind: kind} }

// text appends s to the encoding, preceded by its length.
func (p *part) text(s string) {
	p.encoding = binary.AppendUvarint(p.encoding, uint64(len(s)))
	p.encoding = append(p.encoding, s...)
}

func (p *part) count(n int) { p.encoding = binary.AppendUvarint(p.encoding, uint64(n)) }

// list appends items to the encoding, and to what people see.
func (p *part) list(items []string) {
	p.count(len(items))
	for _, item := range items {
		p.text(item)
		if p.kind != requirementsPart {
			p.show(item)
		}
	}
}

func (p *part) show(line string) {
	p.lines = append(p.lines, strings.ReplaceAll(line, "\n", `\n`))
}

// namesPart is the part of a map whose values are not shown.
func namesPart(name string, m map[string]string) part {
	p := newPart(name, namesPartKind)
	p.count(len(m))
	for _, k := range sortedKeys(m) {
		p.text(k)
		p.text(m[k])
		p.show(k + "=" + short(m[k]))
	}
	return p
}

func scalarPart(name, value string) part {
	p := newPart(name, exactPart)
	p.text(value)
	p.show(value)
	return p
}

func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:6])
}

// fileLine shows a file: what it is and how it would be told apart.
func fileLine(f source.File) string {
	switch f.Type {
	case source.Directory:
		return "d " + f.Path
	case source.Link:
		return "l" + short(f.Target) + " " + f.Path
	}
	kind := "f"
	if f.Exec {
		kind = "x"
	}
	return kind + f.Digest[:min(12, len(f.Digest))] + " " + f.Path
}

// parts is every input of the key, in a fixed order.
func (im Image) parts() []part {
	all := []part{scalarPart("recipe", recipeOf()), scalarPart("platform", strings.Join(im.platforms, ","))}
	if im.custom != nil {
		all = append(all, im.custom.parts()...)
	} else {
		p := newPart("base_image", basePart)
		p.text(im.base.digest)
		p.text(map[bool]string{true: scratch}[im.base.reference == scratch])
		p.show(pinnedFully(im.base.reference, im.base.digest))
		all = append(all, p)
	}
	if len(im.secrets) > 0 {
		all = append(all, secretsPart("build_secrets", im.secrets))
	}
	if !im.generated {
		return all
	}
	all = append(all, scalarPart("workdir", im.firstWorkdir()))
	if p, ok := optionsPart("build.options", im.options); ok {
		all = append(all, p)
	}
	if len(im.args) > 0 {
		all = append(all, namesPart("build.args", im.args))
	}
	order := newPart("layers", orderPart)
	for _, l := range im.layers {
		input := l.input()
		all = append(all, input)
		order.text(input.name)
		order.show(input.name)
	}
	if slices.ContainsFunc(order.lines, func(name string) bool { return strings.HasPrefix(name, layerPrefix) }) {
		all = append(all, order) // elsewhere there is but one
	}
	if len(im.labels) > 0 {
		all = append(all, namesPart("build.labels", im.labels))
	}
	return all
}

// Key is the SHA-256, 64 hex digits, over a typed and length-prefixed encoding
// of everything that can change the image, and what went into it. Images with
// one key are interchangeable. It needs Pin.
func (im Image) Key() (key string, inputs Inputs, err error) {
	if im.action != ActionBuild {
		return "", nil, fmt.Errorf("make a key for %s: the image is taken as it is", im.base.reference)
	}
	if missing := im.References(); len(missing) > 0 {
		return "", nil, fmt.Errorf("make a key: the digest of %s is not known", strings.Join(missing, ", "))
	}
	key, inputs = keyOf(im.parts())
	return key, inputs, nil
}

func keyOf(parts []part) (string, Inputs) {
	inputs := Inputs{}
	var all part
	all.count(len(parts))
	for _, p := range parts {
		all.text(p.name)
		all.text(string(p.encoding))
		inputs[p.name] = p.input()
	}
	sum := sha256.Sum256(all.encoding)
	return hex.EncodeToString(sum[:]), inputs
}

func sortedFiles(files []source.File) []source.File {
	sort.SliceStable(files, func(i, j int) bool { return files[i].Path < files[j].Path })
	return files
}
