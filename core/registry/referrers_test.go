package registry

import (
	"context"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	memory "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/stackrun/stack/core/diag"
)

const spdx = "application/spdx+json"

// registryWith is an in-memory registry, with the referrers API or without.
func registryWith(t *testing.T, api bool) string {
	t.Helper()
	server := httptest.NewServer(memory.New(memory.Logger(log.New(io.Discard, "", 0)), memory.WithReferrersSupport(api)))
	t.Cleanup(server.Close)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}

func onPlatform(t *testing.T, os, arch string) v1.Image {
	t.Helper()
	im, err := random.Image(100, 2)
	if err != nil {
		t.Fatal(err)
	}
	file, err := im.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = os, arch
	if im, err = mutate.ConfigFile(im, file); err != nil {
		t.Fatal(err)
	}
	return im
}

func pushed(t *testing.T, reference string, what remote.Taggable) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Push(ref, what); err != nil {
		t.Fatal(err)
	}
}

// An attached document is found by its type, has the same digest when it is
// attached again, and stands beside those of other types.
func TestAttach(t *testing.T) {
	for name, api := range map[string]bool{"with the API": true, "with the tag": false} {
		t.Run(name, func(t *testing.T) {
			reference := registryWith(t, api) + "/team/app:1"
			im := onPlatform(t, "linux", "amd64")
			pushed(t, reference, im)
			subject := digestOf(t, im)
			c := New(Options{})
			if got, err := c.Referrer(t.Context(), reference, subject, spdx); err != nil || got != "" {
				t.Fatalf("before anything is attached: %q, %v", got, err)
			}
			first, err := c.Attach(t.Context(), reference, subject, spdx, map[string]string{"a": "b"}, []byte(`{"one": 1}`))
			if err != nil {
				t.Fatal(err)
			}
			other, err := c.Attach(t.Context(), reference, subject, "application/other", nil, []byte(`{}`))
			if err != nil {
				t.Fatal(err)
			}
			again, err := New(Options{}).Attach(t.Context(), reference, subject, spdx, map[string]string{"a": "b"}, []byte(`{"one": 1}`))
			if err != nil || again != first {
				t.Errorf("attached again it is %s (%v), was %s", again, err, first)
			}
			for kind, want := range map[string]string{spdx: first, "application/other": other, "application/none": ""} {
				if got, err := c.Referrer(t.Context(), reference, subject, kind); err != nil || got != want {
					t.Errorf("%s: %q, %v; want %q", kind, got, err, want)
				}
			}
			attached(t, reference, first, subject)
		})
	}
}

// attached checks an artifact as another client sees it.
func attached(t *testing.T, reference, digest, subject string) {
	t.Helper()
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	artifact, err := remote.Image(ref.Context().Digest(digest))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := artifact.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if manifest.Subject == nil || manifest.Subject.Digest.String() != subject || manifest.ArtifactType != spdx || manifest.Annotations["a"] != "b" ||
		manifest.Config.MediaType != emptyConfig || len(manifest.Layers) != 1 || string(manifest.Layers[0].MediaType) != spdx {
		t.Errorf("the artifact is %+v", manifest)
	}
	layers, err := artifact.Layers()
	if err != nil {
		t.Fatal(err)
	}
	content, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(content)
	if err != nil || string(text) != `{"one": 1}` {
		t.Errorf("it holds %q, %v", text, err)
	}
}

// Each image of an index is visited, and nothing in it that is no image.
func TestEachImage(t *testing.T) {
	host := registryWith(t, true)
	amd, arm, attestation := onPlatform(t, "linux", "amd64"), onPlatform(t, "linux", "arm64"), onPlatform(t, "unknown", "unknown")
	add := func(im v1.Image, p v1.Platform) mutate.IndexAddendum {
		return mutate.IndexAddendum{Add: im, Descriptor: v1.Descriptor{Platform: &p}}
	}
	index := mutate.AppendManifests(empty.Index, add(amd, v1.Platform{OS: "linux", Architecture: "amd64"}),
		add(arm, v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}), add(attestation, v1.Platform{OS: "unknown", Architecture: "unknown"}))
	pushed(t, host+"/team/app:all", index)
	pushed(t, host+"/team/app:one", amd)
	for _, c := range []struct {
		reference, digest string
		want              []string
	}{
		{"/team/app:all", digestOf(t, index), []string{"linux/amd64 " + digestOf(t, amd), "linux/arm64/v8 " + digestOf(t, arm)}},
		{"/team/app:one", digestOf(t, amd), []string{"linux/amd64 " + digestOf(t, amd)}},
	} {
		var got []string
		err := New(Options{}).EachImage(t.Context(), host+c.reference, c.digest, func(platform string, im v1.Image) error {
			got = append(got, platform+" "+digestOf(t, im))
			return nil
		})
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", c.reference, err, diff)
		}
	}
}

// What goes wrong while an image is read is told without addresses, which hold
// tokens, and its own mistakes are told as they are.
func TestEachImageFails(t *testing.T) {
	host := registryWith(t, true)
	im := onPlatform(t, "linux", "amd64")
	pushed(t, host+"/team/app:1", im)
	visit := func(err error) error {
		return New(Options{}).EachImage(t.Context(), host+"/team/app:1", digestOf(t, im), func(string, v1.Image) error { return err })
	}
	err := visit(&url.Error{Op: "Get", URL: "https://cdn.example/blob?token=hunter2", Err: errors.New("reset")})
	if diag.FromError(err)[0].Code != diag.RegistryDown || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	if err := visit(errors.New("layer 3 is no archive")); err == nil || !strings.Contains(err.Error(), "layer 3 is no archive") || !strings.Contains(err.Error(), "team/app:1") {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := New(Options{}).EachImage(ctx, host+"/team/app:1", digestOf(t, im), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	gone := "sha256:" + strings.Repeat("0", 64)
	if _, err := New(Options{}).Attach(t.Context(), host+"/team/app:1", gone, spdx, nil, nil); err == nil {
		t.Error("something was attached to what does not exist")
	}
}
