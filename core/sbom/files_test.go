package sbom

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// entry is one entry of a layer: a file, or what kind says; text is its content,
// or what it links to.
type entry struct {
	name, text string
	kind       byte
}

func layerOf(t *testing.T, entries ...entry) v1.Layer {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range entries {
		h := &tar.Header{Name: e.name, Mode: 0o644, Typeflag: e.kind}
		switch e.kind {
		case 0, tar.TypeReg:
			h.Typeflag, h.Size = tar.TypeReg, int64(len(e.text))
		case tar.TypeLink, tar.TypeSymlink:
			h.Linkname = e.text
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write([]byte(e.text)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return static.NewLayer(out.Bytes(), types.DockerUncompressedLayer)
}

func imageOf(t *testing.T, layers ...v1.Layer) v1.Image {
	t.Helper()
	im, err := mutate.AppendLayers(empty.Image, layers...)
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// TestLayers: of the files a/1, a/2, b/c/1 and d in the first layer, and what the
// later ones do to them, what is left is what a container would see.
func TestLayers(t *testing.T) {
	first := []entry{{name: "a/1", text: "one"}, {name: "a/2", text: "two"}, {name: "b/c/1", text: "three"}, {name: "d", text: "four"}}
	for name, c := range map[string]struct {
		layers [][]entry
		want   map[string]string
	}{
		"nothing": {nil, map[string]string{"a/1": "one", "a/2": "two", "b/c/1": "three", "d": "four"}},
		"a file changes": {[][]entry{{{name: "./a/1", text: "new"}}},
			map[string]string{"a/1": "new", "a/2": "two", "b/c/1": "three", "d": "four"}},
		"a file is deleted": {[][]entry{{{name: "a/.wh.1"}}},
			map[string]string{"a/2": "two", "b/c/1": "three", "d": "four"}},
		"a folder is deleted": {[][]entry{{{name: ".wh.b"}}},
			map[string]string{"a/1": "one", "a/2": "two", "d": "four"}},
		"a folder is deleted and made again": {[][]entry{{{name: ".wh.a"}}, {{name: "a/3", text: "late"}}},
			map[string]string{"a/3": "late", "b/c/1": "three", "d": "four"}},
		"an opaque folder, its files after it": {[][]entry{{{name: "a/.wh..wh..opq"}, {name: "a/3", text: "new"}}},
			map[string]string{"a/3": "new", "b/c/1": "three", "d": "four"}},
		"an opaque folder, its files before it": {[][]entry{{{name: "a/3", text: "new"}, {name: "a/.wh..wh..opq"}}},
			map[string]string{"a/3": "new", "b/c/1": "three", "d": "four"}},
		"an opaque root": {[][]entry{{{name: ".wh..wh..opq"}, {name: "d", text: "new"}}},
			map[string]string{"d": "new"}},
		"a whiteout hides nothing of its own layer": {[][]entry{{{name: "a/1", text: "new"}, {name: "a/.wh.1"}}},
			map[string]string{"a/1": "new", "a/2": "two", "b/c/1": "three", "d": "four"}},
		"a file where a folder was": {[][]entry{{{name: "b", text: "file"}}},
			map[string]string{"a/1": "one", "a/2": "two", "b": "file", "d": "four"}},
		"a link where a folder was": {[][]entry{{{name: "a", text: "b", kind: tar.TypeSymlink}}},
			map[string]string{"b/c/1": "three", "d": "four"}},
		"a link where a file was": {[][]entry{{{name: "d", text: "b", kind: tar.TypeSymlink}}},
			map[string]string{"a/1": "one", "a/2": "two", "b/c/1": "three"}},
		"a folder where a file was": {[][]entry{{{name: "d/", kind: tar.TypeDir}, {name: "d/1", text: "new"}}},
			map[string]string{"a/1": "one", "a/2": "two", "b/c/1": "three", "d/1": "new"}},
		"a folder again": {[][]entry{{{name: "a/", kind: tar.TypeDir}}},
			map[string]string{"a/1": "one", "a/2": "two", "b/c/1": "three", "d": "four"}},
		"what storage drivers leave": {[][]entry{{{name: ".wh..wh.plnk", kind: tar.TypeDir}, {name: "a/.wh..wh.aufs"}}},
			map[string]string{"a/1": "one", "a/2": "two", "b/c/1": "three", "d": "four"}},
		"a hard link in the layer": {[][]entry{{{name: "e", text: "same"}, {name: "a/3", text: "e", kind: tar.TypeLink}}},
			map[string]string{"a/1": "one", "a/2": "two", "a/3": "same", "b/c/1": "three", "d": "four", "e": "same"}},
		"a hard link to what nobody asked for": {[][]entry{{{name: "unwanted", text: "same"}, {name: "a/1", text: "./unwanted", kind: tar.TypeLink}}},
			map[string]string{"a/1": "same", "a/2": "two", "b/c/1": "three", "d": "four"}},
		"twice in a layer": {[][]entry{{{name: "d", text: "first"}, {name: "d", text: "second"}}},
			map[string]string{"a/1": "one", "a/2": "two", "b/c/1": "three", "d": "second"}},
		"a path that climbs": {[][]entry{{{name: "../../d", text: "new"}}},
			map[string]string{"a/1": "one", "a/2": "two", "b/c/1": "three", "d": "new"}},
	} {
		t.Run(name, func(t *testing.T) {
			memory := newBudget(largestImage)
			f := newFiles(func(name string) string {
				if name == "unwanted" {
					return ""
				}
				return name
			}, memory)
			for _, entries := range append([][]entry{first}, c.layers...) {
				layer := layerOf(t, entries...)
				s, err := scan(t.Context(), layer, f.wanted, memory)
				if err == nil {
					err = f.apply(t.Context(), layer, s)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			got := map[string]string{}
			for name, content := range f.content {
				got[name] = string(content)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for dir, n := range f.below {
				if n < 1 {
					t.Errorf("%d files are below %s", n, dir)
				}
			}
		})
	}
}

func TestADamagedLayer(t *testing.T) {
	im := imageOf(t, layerOf(t, entry{name: "a", text: "x"}), static.NewLayer(bytes.Repeat([]byte("no archive "), 1000), types.DockerUncompressedLayer))
	if _, err := Read(t.Context(), im, nil); err == nil || !bytes.Contains([]byte(err.Error()), []byte("layer 2 of 2")) {
		t.Errorf("%v", err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Read(ctx, imageOf(t, layerOf(t, entry{name: "a"})), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Layers that are read at the same time are put on each other in their order.
func TestManyLayers(t *testing.T) {
	var layers []v1.Layer
	for i := range 40 {
		layers = append(layers, layerOf(t, entry{name: "var/lib/dpkg/status", text: fmt.Sprintf("Package: a\nVersion: %d\n", i)}))
	}
	last := 0
	got, err := Read(t.Context(), imageOf(t, layers...), func(read, layers int) {
		if read != last+1 || layers != 40 {
			t.Errorf("progress goes from %d to %d of %d", last, read, layers)
		}
		last = read
	})
	if err != nil || len(got.Packages) != 1 || got.Packages[0].Version != "39" || last != 40 {
		t.Errorf("%+v, %v, %d layers", got.Packages, err, last)
	}
}
