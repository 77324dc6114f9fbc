//go:build e2e

package e2e_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

const bothPlatforms = "platform: [linux/amd64, linux/arm64]"

// baseForTwo pushes an index of the tests' base image, for linux/amd64, and of
// an image with nothing but a shell of the other kind, for linux/arm64, to the
// repository that stands for Docker Hub's. It gives the name there.
func baseForTwo(t *testing.T) string {
	t.Helper()
	mirror := need(t, "STACK_E2E_REGISTRY")
	ours, err := remote.Image(reference(t, mirror+"/library/"+need(t, "STACK_E2E_BASE")))
	if err != nil {
		t.Fatal(err)
	}
	shell := make([]byte, 256)
	copy(shell, "\x7fELF\x02\x01\x01")
	shell[16], shell[18] = 2, 183 // an executable for AArch64
	theirs, err := mutate.AppendLayers(empty.Image, layerOf(t, "bin/sh", shell))
	if err != nil {
		t.Fatal(err)
	}
	config, err := theirs.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = "linux", "arm64", "v8"
	config.Config.Env = []string{"PATH=/bin", "FOR=" + t.Name()}
	if theirs, err = mutate.ConfigFile(theirs, config); err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: ours, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: theirs, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}})
	base := fmt.Sprintf("e2e/two-platforms:%d", time.Now().UnixNano())
	if err := remote.WriteIndex(reference(t, mirror+"/"+base), index); err != nil {
		t.Fatal(err)
	}
	return base
}

func reference(t *testing.T, text string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func layerOf(t *testing.T, path string, content []byte) v1.Layer {
	t.Helper()
	var raw bytes.Buffer
	w := tar.NewWriter(&raw)
	if err := w.WriteHeader(&tar.Header{Name: path, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
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

// platformsProject is a flow on a base for two platforms.
func platformsProject(t *testing.T, on place, registry, settings string) *project {
	t.Helper()
	text := strings.Replace(flow("platforms", strings.TrimSuffix(bothPlatforms+", "+settings, ", "), "cat data.txt"), "python:3.11-slim", baseForTwo(t), 1)
	return newProject(t, map[string]string{"stacks.hcl": stacks{registry: registry}.hcl(t), "flow.yaml": text, "data.txt": "here it is\n"}).on(on)
}

// TestPlatforms: an image for two platforms is one that is built for each, and
// an index; a step runs the one of its machine; and it is found again.
func TestPlatforms(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := platformsProject(t, on, ownRegistry(t), "runtime_environment: {WORD: said}, image_tag: mine")
		p.wants(p.must(0, "run", "flow.yaml"), "here it is", "linux/arm64")
		built := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]
		if built.Action != "reuse" || built.Digest == nil {
			t.Fatalf("it is not found again: %+v", built)
		}
		index, err := remote.Index(reference(t, built.Reference))
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range manifest.Manifests {
			im, err := index.Image(m.Digest)
			if err != nil {
				t.Fatal(err)
			}
			config, err := im.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(m.Platform.OS, "/", m.Platform.Architecture, " ", config.Architecture, " ", slices.Contains(config.Config.Env, "WORD=said"), " ", slices.Contains(config.Config.Env, "FOR="+t.Name())))
		}
		if want := []string{"linux/amd64 amd64 true false", "linux/arm64 arm64 true true"}; !slices.Equal(got, want) {
			t.Errorf("the index lists %q, want %q", got, want)
		}
		tagged, err := remote.Head(reference(t, built.Reference[:strings.LastIndexByte(built.Reference, ':')]+":mine"))
		if err != nil || tagged.Digest.String() != *built.Digest {
			t.Errorf("image_tag is %v (%v), want %s", tagged, err, *built.Digest)
		}
		// Without one of its platforms it is not the image of its key.
		one, err := index.Image(manifest.Manifests[0].Digest)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(reference(t, built.Reference), one); err != nil {
			t.Fatal(err)
		}
		if again := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]; again.Action != "build" {
			t.Errorf("an image for one platform is taken for that of two: %+v", again)
		}
		// Nothing is built for it again: the parts are there.
		p.must(0, "build", "flow.yaml")
		if again := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]; again.Digest == nil || *again.Digest != *built.Digest {
			t.Errorf("it is %+v, was %s", again, *built.Digest)
		}
	})
}

// TestPlatformsOfADockerfile: the user's own is built for each platform, and
// what the settings add stands on that of its platform.
func TestPlatformsOfADockerfile(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		text := "version: 1\nname: own\nimage: {" + bothPlatforms + ", dockerfile: Dockerfile, runtime_environment: {SECOND: \"2\"}}\nsteps:\n  only: {run: 'echo $FIRST$SECOND'}\n"
		p := newProject(t, map[string]string{"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t), "flow.yaml": text,
			"Dockerfile": "FROM " + baseForTwo(t) + "\nENV FIRST=1\n"}).on(on)
		p.wants(p.must(0, "run", "flow.yaml"), "12")
		built := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]
		im, err := remote.Image(reference(t, built.Reference), remote.WithPlatform(v1.Platform{OS: "linux", Architecture: "arm64"}))
		if err != nil {
			t.Fatal(err)
		}
		config, err := im.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		for _, variable := range []string{"FIRST=1", "SECOND=2", "FOR=" + t.Name()} {
			if !slices.Contains(config.Config.Env, variable) {
				t.Errorf("the image for linux/arm64 has not %s: %q", variable, config.Config.Env)
			}
		}
	})
}

// TestPlatformWithoutEmulation: a command that cannot run says what is missing,
// and no tag is there afterwards.
func TestPlatformWithoutEmulation(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := platformsProject(t, on, ownRegistry(t), "commands: ['echo > /f']")
		p.wants(p.must(5, "run", "flow.yaml"), "STK5007", "linux/arm64", "binfmt")
		if im := images(t, p.must(0, "build", "flow.yaml", "--why", "-o", "json"))[0]; im.Action != "build" {
			t.Errorf("a part of it is taken for all: %+v", im)
		}
	})
}

// TestWrongPlatform: what is for one platform is no base for another.
func TestWrongPlatform(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		for _, platform := range []string{"linux/arm64", "[linux/amd64, linux/arm64]"} {
			for kind, settings := range map[string]string{"base": "", "dockerfile": ", dockerfile: Dockerfile"} {
				text := flow("wrong", "platform: "+platform+settings, "true")
				if kind == "dockerfile" {
					text = strings.Replace(text, `base_image: "python:3.11-slim", `, "", 1)
				}
				p := newProject(t, map[string]string{"stacks.hcl": stacks{registry: ownRegistry(t)}.hcl(t), "flow.yaml": text,
					"Dockerfile": "FROM python:3.11-slim\nENV A=b\n"}).on(on)
				p.wants(p.must(4, "run", "flow.yaml"), "STK4005", "linux/arm64")
			}
		}
	})
}

// TestPlatformsNeedARegistry: an engine's own store holds one platform.
func TestPlatformsNeedARegistry(t *testing.T) {
	onEachEngine(t, func(t *testing.T, on place) {
		p := platformsProject(t, on, "", "")
		p.wants(p.must(2, "run", "flow.yaml"), "STK5005", "container_registry", "flow.yaml:3")
	})
}
