//go:build e2e

package builder

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/stackrun/stack/core/build"
	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/image"
	"github.com/stackrun/stack/core/registry"
	"github.com/stackrun/stack/core/source"
)

// foreign is a program for arm64, as far as a kernel of another machine looks.
func foreign() []byte {
	program := make([]byte, 256)
	copy(program, "\x7fELF\x02\x01\x01")
	program[16], program[18] = 2, 183 // an executable for AArch64
	return program
}

// twoPlatforms is an index for linux/amd64, which is the tests' base image, and
// linux/arm64, which is an image with nothing but a shell that does not run here.
func (e real) twoPlatforms(t *testing.T) string {
	t.Helper()
	ours, err := remote.Image(parse(t, e.base))
	if err != nil {
		t.Fatal(err)
	}
	var files bytes.Buffer
	archive := tar.NewWriter(&files)
	for name, content := range map[string][]byte{"bin/sh": foreign(), "which": []byte(fmt.Sprint("stands-on-arm64 ", time.Now().UnixNano()))} {
		if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o755, Size: int64(len(content)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(files.Bytes())), nil })
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := theirs.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Variant = "linux", "arm64", "v8"
	config.Config.Env = []string{"PATH=/bin"}
	if theirs, err = mutate.ConfigFile(theirs, config); err != nil {
		t.Fatal(err)
	}
	index := mutate.IndexMediaType(mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: ours, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: theirs, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}}}), types.OCIImageIndex)
	reference := fmt.Sprintf("%s/builder/two-platforms-%s:%d", e.registry, strings.ToLower(e.name), time.Now().UnixNano())
	if err := remote.WriteIndex(parse(t, reference), index); err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return reference + "@" + digest.String()
}

func parse(t *testing.T, reference string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// forBoth is a job for both platforms, on the index.
func (e real) forBoth(t *testing.T, dockerfile string, files ...source.File) build.Job {
	t.Helper()
	r := e.request(t, strings.ReplaceAll(dockerfile, "INDEX", e.twoPlatforms(t)), files...)
	r.Push, r.Platforms = true, []string{"linux/amd64", "linux/arm64"}
	return build.Job{Request: r}
}

func (e real) run(ctx context.Context, t *testing.T, j build.Job, during func(build.Progress)) ([]build.Outcome, error) {
	t.Helper()
	return build.Run(ctx, []build.Job{j}, build.Options{Builder: e.Builder, Registry: registry.New(registry.Options{}), Locks: t.TempDir(), Progress: during})
}

// tags says which of the image's references there are.
func tagsOf(t *testing.T, j build.Job) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, reference := range append([]string{j.Request.Destination, j.Request.Destination + "-linux-amd64", j.Request.Destination + "-linux-arm64"}, j.Request.ExtraTags...) {
		digest, _, err := registry.New(registry.Options{}).Images(t.Context(), reference)
		if err != nil {
			t.Fatal(err)
		}
		if digest != "" {
			out[reference] = digest
		}
	}
	return out
}

func TestReal_PlatformsAreAnIndex(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		j := e.forBoth(t, "FROM INDEX\nENV WORD=said\nCOPY a.txt /app/\n", source.Bytes("a.txt", []byte("hello"), false))
		j.Request.ExtraTags = []string{j.Request.Destination + "-mine"}
		var mu sync.Mutex
		told := map[string]bool{}
		outcomes, err := e.run(t.Context(), t, j, func(p build.Progress) {
			mu.Lock()
			defer mu.Unlock()
			for _, platform := range j.Request.Platforms {
				told[platform] = told[platform] || strings.HasPrefix(p.Vertex, "["+platform+" ")
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if !told["linux/amd64"] || !told["linux/arm64"] {
			t.Errorf("the progress names platforms: %v", told)
		}
		index, err := remote.Index(parse(t, j.Request.Destination))
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if manifest.MediaType != types.OCIImageIndex || len(manifest.Manifests) != 2 {
			t.Fatalf("it is %+v", manifest)
		}
		for i, want := range []string{"linux/amd64", "linux/arm64"} {
			m := manifest.Manifests[i]
			if !build.SamePlatform(m.Platform.String(), want) {
				t.Errorf("manifest %d is for %s, want %s", i, m.Platform, want)
			}
			im, err := index.Image(m.Digest)
			if err != nil {
				t.Fatal(err)
			}
			config, err := im.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			if !build.SamePlatform(config.Platform().String(), want) || config.Config.Labels[image.KeyLabel] != j.Request.Key || !strings.Contains(strings.Join(config.Config.Env, " "), "WORD=said") {
				t.Errorf("the image for %s is for %s, with %+v", want, config.Platform(), config.Config)
			}
			content := mutate.Extract(im)
			defer content.Close()
			all, err := io.ReadAll(content)
			if err != nil || !bytes.Contains(all, []byte("hello")) || bytes.Contains(all, []byte("stands-on-arm64 ")) != (want == "linux/arm64") {
				t.Errorf("the image for %s does not stand on its base (%v)", want, err)
			}
		}
		if tags := tagsOf(t, j); tags[j.Request.Destination] != outcomes[0].Digest || tags[j.Request.ExtraTags[0]] != outcomes[0].Digest {
			t.Errorf("tags %v, want %s", tags, outcomes[0].Digest)
		}
		if again, err := e.run(t.Context(), t, j, nil); err != nil || again[0].Action != build.Reused || again[0].Digest != outcomes[0].Digest {
			t.Errorf("it is not found again: %+v %v", again, err)
		}
	})
}

// The Dockerfile of the user's own is built for each platform, and each second
// image stands on that of its platform.
func TestReal_PlatformsOfTwoStages(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		j := e.forBoth(t, "FROM INDEX\nENV FIRST=1\n")
		below := fmt.Sprintf("stack.invalid/below:%d", time.Now().UnixNano())
		j.Request.Stages = append(j.Request.Stages, image.Stage{Base: below, Dockerfile: []byte("FROM " + below + "\nENV SECOND=2\n")})
		if _, err := e.run(t.Context(), t, j, nil); err != nil {
			t.Fatal(err)
		}
		for _, platform := range []v1.Platform{{OS: "linux", Architecture: "amd64"}, {OS: "linux", Architecture: "arm64"}} {
			im, err := remote.Image(parse(t, j.Request.Destination), remote.WithPlatform(platform))
			if err != nil {
				t.Fatal(err)
			}
			config, err := im.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			env := strings.Join(config.Config.Env, " ")
			if config.Architecture != platform.Architecture || !strings.Contains(env, "FIRST=1") || !strings.Contains(env, "SECOND=2") {
				t.Errorf("%s: %s %s", platform, config.Architecture, env)
			}
		}
	})
}

func TestReal_PlatformWithoutEmulation(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		j := e.forBoth(t, "FROM INDEX\nRUN echo here > /f\n")
		_, err := e.run(t.Context(), t, j, nil)
		wantCode(t, err, diag.NoEmulation)
		if !strings.Contains(err.Error(), "linux/arm64") || !strings.Contains(err.Error(), "RUN echo here") {
			t.Errorf("the error is %v", err)
		}
		if tags := tagsOf(t, j); tags[j.Request.Destination] != "" {
			t.Errorf("a tag moved: %v", tags)
		}
	})
}

// An image that exists for one platform is a base for another to engines.
func TestReal_WrongPlatformIsAnError(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		for _, push := range []bool{true, false} {
			j := build.Job{Request: e.request(t, "FROM BASE\nENV A=b\n")}
			j.Request.Push, j.Request.Platforms = push, []string{"linux/arm64"}
			_, err := e.run(t.Context(), t, j, nil)
			var f *diag.Failure
			if !errors.As(err, &f) || f.Code != diag.WrongPlatform {
				t.Errorf("pushed %v: the error is %v", push, err)
			}
		}
		j := build.Job{Request: e.request(t, "FROM BASE\nENV A=b\n")}
		j.Request.Push, j.Request.Platforms = true, []string{"linux/amd64", "linux/arm64"}
		if _, err := e.run(t.Context(), t, j, nil); err == nil {
			t.Error("an index of one platform was made for two")
		}
		if tags := tagsOf(t, j); tags[j.Request.Destination] != "" {
			t.Errorf("a tag moved: %v", tags)
		}
	})
}

func TestReal_CancelledPlatformsMoveNoTag(t *testing.T) {
	onEngines(t, func(t *testing.T, e real) {
		// The one for arm64 is done at once; the one for amd64 never is.
		dockerfile := "FROM --platform=linux/amd64 BASE AS slow\nRUN echo started && sleep 300\nFROM INDEX\nARG TARGETARCH\nENV A=b\n"
		j := e.forBoth(t, dockerfile+"COPY --from=slow /etc/hostname /x\n")
		j.Request.NoCache = true
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := e.run(ctx, t, j, func(p build.Progress) {
			if p.Message == "started" {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("Run = %v, want context.Canceled", err)
		}
		if tags := tagsOf(t, j); tags[j.Request.Destination] != "" {
			t.Errorf("a tag moved: %v", tags)
		}
	})
}
