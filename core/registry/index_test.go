package registry

import (
	"archive/tar"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/stackrun/stack/core/diag"
)

func arm64() v1.Platform { return v1.Platform{OS: "linux", Architecture: "arm64"} }

func labelsFor(value string) map[string]string { return map[string]string{"for": value} }

func TestIndex(t *testing.T) {
	f := newFaulty(t)
	amd := put(t, f.host+"/app:k-linux-amd64", labelsFor("amd64"), amd64())
	arm := put(t, f.host+"/app:k-linux-arm64", labelsFor("arm64"), arm64())
	c := client(nil)
	digest, err := c.Index(t.Context(), f.host+"/app:k", []string{digestOf(t, arm), digestOf(t, amd)}, f.host+"/app:mine")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]string{"linux/amd64": labelsFor("amd64"), "linux/arm64": labelsFor("arm64")}
	for _, tag := range []string{"k", "mine"} {
		got, labels, err := c.Images(t.Context(), f.host+"/app:"+tag)
		if diff := cmp.Diff(want, labels); diff != "" || got != digest || err != nil {
			t.Errorf("Images = %s %v (-want +got):\n%s", got, err, diff)
		}
	}
	if again, err := c.Index(t.Context(), f.host+"/app:k", []string{digestOf(t, amd), digestOf(t, arm)}); err != nil || again != digest {
		t.Errorf("the same images in another order are %s (%v), not %s", again, err, digest)
	}
	ref, err := name.ParseReference(f.host + "/app:k")
	if err != nil {
		t.Fatal(err)
	}
	d, err := remote.Get(ref)
	if err != nil || d.MediaType != types.OCIImageIndex || d.Digest.String() != digest {
		t.Errorf("it is %s of type %s (%v)", d.Digest, d.MediaType, err)
	}
	if resolved, err := c.Resolve(t.Context(), f.host+"/app:k", "linux/arm64", "linux/amd64"); err != nil || resolved != digest {
		t.Errorf("Resolve = %s %v", resolved, err)
	}
}

// A part that is an index itself comes with its attestations.
func TestIndex_OfAnIndex(t *testing.T) {
	f := newFaulty(t)
	amd := put(t, f.host+"/app:amd", labelsFor("amd64"), amd64())
	arm := put(t, f.host+"/app:arm", labelsFor("arm64"), arm64())
	attestation := put(t, f.host+"/app:attestation", nil, v1.Platform{})
	inner := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: attestation, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "unknown", Architecture: "unknown"}, Annotations: map[string]string{"vnd.docker.reference.digest": digestOf(t, amd)}}})
	ref, err := name.ParseReference(f.host + "/app:inner")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, inner); err != nil {
		t.Fatal(err)
	}
	if _, err := client(nil).Index(t.Context(), f.host+"/app:k", []string{digestOf(t, inner), digestOf(t, arm)}); err != nil {
		t.Fatal(err)
	}
	if ref, err = name.ParseReference(f.host + "/app:k"); err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range manifest.Manifests {
		got = append(got, m.Platform.String()+" "+m.Annotations["vnd.docker.reference.digest"])
	}
	if diff := cmp.Diff([]string{"linux/amd64 ", "linux/arm64 ", "unknown/unknown " + digestOf(t, amd)}, got); diff != "" {
		t.Errorf("the index lists (-want +got):\n%s", diff)
	}
	if _, labels, err := client(nil).Images(t.Context(), f.host+"/app:k"); err != nil || len(labels) != 2 {
		t.Errorf("Images = %v %v", labels, err)
	}
}

func TestIndex_FailureMovesNoTag(t *testing.T) {
	f := newFaulty(t)
	amd := put(t, f.host+"/app:k-linux-amd64", nil, amd64())
	c := client(nil)
	missing := "sha256:" + strings.Repeat("0", 64)
	if _, err := c.Index(t.Context(), f.host+"/app:k", []string{digestOf(t, amd), missing}); err == nil {
		t.Error("an index of what is not there was made")
	}
	if _, err := c.Index(t.Context(), f.host+"/app:k", []string{digestOf(t, amd)}, f.host+"/other:k"); err == nil {
		t.Error("a tag in another repository was not refused")
	}
	f.with(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut {
			return false
		}
		status(403)(w, r)
		return true
	})
	_, err := c.Index(t.Context(), f.host+"/app:k", []string{digestOf(t, amd)})
	wantCode(t, err, diag.RegistryDenied)
	if digest, labels, err := c.Images(t.Context(), f.host+"/app:k"); digest != "" || labels != nil || err != nil {
		t.Errorf("the tag is %s (%v)", digest, err)
	}
}

// What an image says of itself counts, not what the index says of it.
func TestImages_PlatformIsTheImages(t *testing.T) {
	f := newFaulty(t)
	amd := put(t, f.host+"/app:1", labelsFor("x"), amd64())
	lying := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: amd, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}})
	ref, err := name.ParseReference(f.host + "/app:lying")
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(ref, lying); err != nil {
		t.Fatal(err)
	}
	for _, tag := range []string{"1", "lying"} {
		if _, labels, err := client(nil).Images(t.Context(), f.host+"/app:"+tag); err != nil || labels["linux/amd64"]["for"] != "x" || len(labels) != 1 {
			t.Errorf("%s: %v %v", tag, labels, err)
		}
	}
}

func TestArchitecture(t *testing.T) {
	program := func(machine byte) string {
		head := make([]byte, 64)
		copy(head, "\x7fELF\x02\x01\x01")
		head[18] = machine
		return string(head)
	}
	for name, c := range map[string]struct {
		layers [][2]string // path, content
		want   string
	}{
		"amd64":          {[][2]string{{"usr/bin/sh", program(62)}}, "amd64"},
		"arm64":          {[][2]string{{"./bin/sh", program(183)}}, "arm64"},
		"the first":      {[][2]string{{"bin/sh", program(183)}, {"bin/other", program(62)}}, "arm64"},
		"a script first": {[][2]string{{"bin/a", "#!/bin/sh\n" + strings.Repeat("x", 99)}, {"sbin/b", program(22)}}, "s390x"},
		"firmware":       {[][2]string{{"lib/firmware/x", program(40)}, {"opt/bin/x", program(40)}}, ""},
		"no program":     {[][2]string{{"a.py", "print()"}}, ""},
		"nothing":        {nil, ""},
		"unknown":        {[][2]string{{"bin/sh", program(1)}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFaulty(t)
			var layers []v1.Layer
			for _, file := range c.layers {
				layers = append(layers, layerOf(t, file[0], file[1]))
			}
			im, err := mutate.AppendLayers(empty.Image, layers...)
			if err != nil {
				t.Fatal(err)
			}
			ref, err := nameOf(f.host + "/app:1")
			if err != nil {
				t.Fatal(err)
			}
			if err := remote.Write(ref, im); err != nil {
				t.Fatal(err)
			}
			if got, err := client(nil).Architecture(t.Context(), f.host+"/app@"+digestOf(t, im)); got != c.want || err != nil {
				t.Errorf("Architecture = %q %v, want %q", got, err, c.want)
			}
		})
	}
}

func nameOf(reference string) (name.Reference, error) { return name.ParseReference(reference) }

func layerOf(t *testing.T, path, content string) v1.Layer {
	t.Helper()
	var raw bytes.Buffer
	w := tar.NewWriter(&raw)
	if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	return layer
}
