//go:build e2e

package e2e_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// built is an image that stack has built, as the registry has it: a test must
// not see an image through the eyes of what made it.
type built struct {
	t  *testing.T
	at place
	shownImage
	image  v1.Image
	config *v1.ConfigFile
	layers []layerFiles // those above the test base image, in order
}

// shownImage is an image as `stack plan` and `stack build` print it.
type shownImage struct {
	planImage
	Steps      []string
	Dockerfile string
	Base       planBase
}

// layerFiles is what a layer's archive holds, by path, such as "app/flow.yaml".
type layerFiles map[string]entry

// entry is one file, folder or link of a layer.
type entry struct {
	*tar.Header
	content []byte
}

// String is what tests compare: type, permissions, owner.
func (e entry) String() string {
	kind := map[byte]string{tar.TypeReg: "file", tar.TypeDir: "folder", tar.TypeSymlink: "link"}[e.Typeflag]
	if e.Typeflag == tar.TypeSymlink {
		return fmt.Sprintf("link to %s", e.Linkname)
	}
	return fmt.Sprintf("%s %04o %d:%d", kind, e.Mode&0o7777, e.Uid, e.Gid)
}

// makes runs `stack build` on flow.yaml and gives the image of each step.
func (p *project) makes(more ...string) (map[string]*built, result) {
	p.t.Helper()
	r := p.must(0, append([]string{"build", "flow.yaml", "-o", "json"}, more...)...)
	return p.inspected(r), r
}

// inspected is the images of what a command with -o json has printed, by step.
func (p *project) inspected(r result) map[string]*built {
	p.t.Helper()
	found := map[string]*built{}
	for _, shown := range shownImages(p.t, r) {
		b := inspect(p.t, p.at, shown)
		for _, step := range shown.Steps {
			found[step] = b
		}
	}
	return found
}

// shownImages is the images in the last JSON value of the output of a command.
func shownImages(t *testing.T, r result) []shownImage {
	t.Helper()
	var out struct{ Images []shownImage }
	for values := json.NewDecoder(strings.NewReader(r.stdout)); ; {
		err := values.Decode(&out)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("standard output is not JSON: %v\n%s", err, r)
		}
	}
	if len(out.Images) == 0 {
		t.Fatalf("no images in the output:\n%s", r)
	}
	return out.Images
}

// inspect reads an image from the test registry.
func inspect(t *testing.T, at place, shown shownImage) *built {
	t.Helper()
	b := &built{t: t, at: at, shownImage: shown, image: remoteImage(t, shown.Reference)}
	var err error
	if b.config, err = b.image.ConfigFile(); err != nil {
		t.Fatal(err)
	}
	base, err := remoteImage(t, need(t, "STACK_E2E_REGISTRY")+"/library/"+need(t, "STACK_E2E_BASE")).ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	below := 0
	for below < len(base.RootFS.DiffIDs) && below < len(b.config.RootFS.DiffIDs) && base.RootFS.DiffIDs[below] == b.config.RootFS.DiffIDs[below] {
		below++
	}
	layers, err := b.image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers[below:] {
		b.layers = append(b.layers, readLayer(t, l))
	}
	return b
}

func remoteImage(t *testing.T, reference string) v1.Image {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	im, err := remote.Image(ref)
	if err != nil {
		t.Fatalf("read %s: %v", reference, err)
	}
	return im
}

func readLayer(t *testing.T, l v1.Layer) layerFiles {
	t.Helper()
	stream, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	files := layerFiles{}
	for archive := tar.NewReader(stream); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		} else if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		files[strings.Trim(path.Clean("/"+header.Name), "/")] = entry{header, content}
	}
}

// layerOf is the number of the last layer that holds a path, or -1. A path with
// a "*" is a pattern of path.Match.
func (b *built) layerOf(pattern string) int {
	for i := len(b.layers) - 1; i >= 0; i-- {
		for file := range b.layers[i] {
			if match, _ := path.Match(pattern, file); match || file == pattern {
				return i
			}
		}
	}
	return -1
}

// file is what is at a path in the end; ok is false where the layers above the
// base have nothing there.
func (b *built) file(name string) (entry, bool) {
	name = strings.Trim(name, "/")
	for i := len(b.layers) - 1; i >= 0; i-- {
		if e, ok := b.layers[i][name]; ok {
			return e, true
		}
		if _, gone := b.layers[i][path.Join(path.Dir(name), ".wh."+path.Base(name))]; gone {
			return entry{}, false
		}
	}
	return entry{}, false
}

// is fails the test unless what is at a path is as wanted: see entry.String.
func (b *built) is(name, want string) {
	b.t.Helper()
	e, ok := b.file(name)
	if !ok {
		b.t.Errorf("the image of %v has no %q; it has %v", b.Steps, name, b.paths(path.Dir(name)))
	} else if e.String() != want {
		b.t.Errorf("%q in the image of %v is %q, want %q", name, b.Steps, e, want)
	}
}

// holds fails the test unless a file has the content wanted.
func (b *built) holds(name, want string) {
	b.t.Helper()
	e, ok := b.file(name)
	if !ok || string(e.content) != want {
		b.t.Errorf("%q in the image of %v holds %q, want %q; there are %v", name, b.Steps, e.content, want, b.paths(path.Dir(name)))
	}
}

// lacks fails the test for every path of the layers that matches.
func (b *built) lacks(patterns ...string) {
	b.t.Helper()
	for i, l := range b.layers {
		for file, e := range l {
			if b.mountPoint(file, e) {
				continue
			}
			for _, pattern := range patterns {
				if regexp.MustCompile(pattern).MatchString(file) {
					b.t.Errorf("layer %d of the image of %v has %q", i, b.Steps, file)
				}
			}
		}
	}
}

// mountPoint reports whether e is what the old BuildKit leaves in a layer where
// something was mounted: an empty file or folder. The new one leaves nothing.
func (b *built) mountPoint(file string, e entry) bool {
	return b.at.name == "a" && strings.HasPrefix(file, "tmp/.stack-") && e.Size == 0
}

// paths is what is directly in a folder, over all layers.
func (b *built) paths(folder string) []string {
	folder = strings.Trim(folder, "/")
	var all []string
	for _, l := range b.layers {
		for file := range l {
			if path.Dir(file) == folder {
				all = append(all, file)
			}
		}
	}
	return all
}

// packages is the Python packages that the layers above the base install.
func (b *built) packages() map[string]string {
	found := map[string]string{}
	for _, l := range b.layers {
		for file := range l {
			if m := distInfo.FindStringSubmatch(file); m != nil {
				found[strings.ToLower(strings.ReplaceAll(m[1], "_", "-"))] = m[2]
			}
		}
	}
	return found
}

var distInfo = regexp.MustCompile(`/(?:dist|site)-packages/([^/]+)-([^/-]+)\.(?:dist|egg)-info/METADATA$`)

// installs fails the test unless exactly these packages are installed, each
// written as name==version.
func (b *built) installs(want ...string) {
	b.t.Helper()
	have := b.packages()
	for _, w := range want {
		name, version, _ := strings.Cut(w, "==")
		if got, ok := have[name]; !ok || version != "" && got != version {
			b.t.Errorf("the image of %v has %s %q, want %q; in all %v", b.Steps, name, got, version, b.packages())
		}
		delete(have, name)
	}
	if len(have) > 0 {
		b.t.Errorf("the image of %v has %v too", b.Steps, have)
	}
}

// layerOfPackage is the number of the layer that installs a Python package.
func (b *built) layerOfPackage(name string) int {
	for i, l := range b.layers {
		for file := range l {
			if m := distInfo.FindStringSubmatch(file); m != nil && strings.ToLower(strings.ReplaceAll(m[1], "_", "-")) == name {
				return i
			}
		}
	}
	return -1
}

// debian is the version of an installed Debian package, empty where it is not
// installed by a layer above the base.
func (b *built) debian(name string) string {
	status, _ := b.file("var/lib/dpkg/status")
	for _, p := range bytes.Split(status.content, []byte("\n\n")) {
		if bytes.HasPrefix(p, []byte("Package: "+name+"\n")) && bytes.Contains(p, []byte("\nStatus: install ok installed")) {
			_, rest, _ := bytes.Cut(p, []byte("\nVersion: "))
			version, _, _ := bytes.Cut(rest, []byte("\n"))
			return string(version)
		}
	}
	return ""
}

// variable is a variable of the image's configuration.
func (b *built) variable(name string) (string, bool) {
	for _, v := range b.config.Config.Env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// ascending fails the test unless the numbers of layers rise and all are there.
func (b *built) ascending(what string, layers ...int) {
	b.t.Helper()
	last := -1
	for _, l := range layers {
		if l <= last {
			b.t.Errorf("%s are in layers %v, want them one above the other\n%s", what, layers, b.Dockerfile)
			return
		}
		last = l
	}
}

// inOrder fails the test unless the Dockerfile has the texts, one after the other.
func (b *built) inOrder(texts ...string) {
	b.t.Helper()
	rest := b.Dockerfile
	for _, text := range texts {
		_, after, ok := strings.Cut(rest, text)
		if !ok {
			b.t.Errorf("the Dockerfile lacks %q, or has it elsewhere:\n%s", text, b.Dockerfile)
			return
		}
		rest = after
	}
}
