package engine

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/stackrun/stack/core/diag"
	"github.com/stackrun/stack/core/plan"
	"github.com/stackrun/stack/core/sbom"
	"github.com/stackrun/stack/core/stackfile"
	"github.com/stackrun/stack/sdk"
)

// shelf is a registry with images by digest and platform.
type shelf struct {
	answering
	images map[string]map[string]v1.Image

	mu       sync.Mutex
	attached map[string]string // by subject and type
	fails    bool
}

func (s *shelf) EachImage(_ context.Context, _, digest string, visit func(string, v1.Image) error) error {
	for _, platform := range slices.Sorted(maps.Keys(s.images[digest])) {
		if err := visit(platform, s.images[digest][platform]); err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) Referrer(_ context.Context, _, digest, kind string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.attached[digest+" "+kind] != "" {
		return "sha256:of " + digest, nil
	}
	return "", nil
}

func (s *shelf) Attach(_ context.Context, _, digest, kind string, _ map[string]string, content []byte) (string, error) {
	if s.fails {
		return "", errors.New("no")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attached[digest+" "+kind] = string(content)
	return "sha256:of " + digest, nil
}

func someImage(t *testing.T) (v1.Image, string) {
	t.Helper()
	im, err := random.Image(100, 2)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := im.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return im, digest.String()
}

// Each image that is built or reused gets a document, each platform of an index
// one; what is taken as it is gets none, and what has one keeps it.
func TestAttachSBOMs(t *testing.T) {
	built, builtDigest := someImage(t)
	amd, amdDigest := someImage(t)
	arm, armDigest := someImage(t)
	used, usedDigest := someImage(t)
	index := "sha256:index"
	s := &shelf{attached: map[string]string{armDigest + " application/spdx+json": "there"}, images: map[string]map[string]v1.Image{
		builtDigest: {"linux/amd64": built}, index: {"linux/amd64": amd, "linux/arm64": arm}, usedDigest: {"linux/amd64": used}}}
	e := &Engine{Now: time.Now}
	p := &Planned{images: &images{registry: s}}
	images := plan.Plan{Images: []plan.Image{
		{Reference: "reg:5000/a:1", Digest: &builtDigest, Action: plan.Build},
		{Reference: "reg:5000/b:1", Digest: &index, Action: plan.Reuse},
		{Reference: "python:3", Digest: &usedDigest, Action: plan.Use},
	}}
	last := map[string]string{}
	got, err := e.AttachSBOMs(t.Context(), p, images, sbom.SPDX, func(ev Event) { last[ev.Image] = ev.To })
	if err != nil {
		t.Fatal(err)
	}
	row := func(image, platform, subject string, existed bool) SBOM {
		return SBOM{Image: image, Platform: platform, Subject: subject, Format: "spdx", Digest: "sha256:of " + subject, Existed: existed, Unlisted: []string{}}
	}
	want := []SBOM{row("reg:5000/a:1", "linux/amd64", builtDigest, false), row("reg:5000/b:1", "linux/amd64", amdDigest, false), row("reg:5000/b:1", "linux/arm64", armDigest, true)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := s.attached[amdDigest+" application/spdx+json"]; !strings.Contains(text, `"reg:5000/b@`+amdDigest) {
		t.Errorf("the document is\n%s", text)
	}
	if s.attached[armDigest+" application/spdx+json"] != "there" || s.attached[usedDigest+" application/spdx+json"] != "" {
		t.Error("a document was attached that should not be")
	}
	if diff := cmp.Diff(map[string]string{"reg:5000/a:1": "built", "reg:5000/b:1": "reuse"}, last); diff != "" {
		t.Errorf("the last events (-want +got):\n%s", diff)
	}
	s.fails = true
	if _, err := e.AttachSBOMs(t.Context(), p, images, sbom.CycloneDX, func(Event) {}); err == nil {
		t.Error("what could not be attached is no error")
	}
}

func TestCheckSBOM(t *testing.T) {
	e := &Engine{}
	at := diag.Range{File: "stacks.hcl", Line: 3, Column: 1}
	for name, c := range map[string]struct {
		images *images
		plan   plan.Image
		says   string
	}{
		"a registry":        {&images{}, plan.Image{}, ""},
		"the local engine":  {&images{}, plan.Image{Local: true, Reference: "stack.local/a:1"}, "stack.local/a:1 stays in the engine"},
		"no images at all":  {nil, plan.Image{}, "runs steps without images"},
		"a foreign one too": {&images{}, plan.Image{Action: plan.Use}, ""},
	} {
		p := &Planned{Plan: plan.Plan{Stack: "s", Images: []plan.Image{c.plan}}, images: c.images,
			Resolved: &plan.Resolved{Stack: &stackfile.Stack{Range: at}}, connection: &connection{info: sdk.Info{Name: "x"}}}
		err := e.CheckSBOM(p)
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		list := diag.FromError(err)
		if len(list) != 1 || list[0].Code != diag.Unsupported || !strings.Contains(list[0].Detail, c.says) || list[0].Suggestion == "" {
			t.Errorf("%s: %+v", name, list)
		}
	}
}

func TestRepositoryOf(t *testing.T) {
	for reference, want := range map[string]string{"a": "a", "a:1": "a", "r:5000/a": "r:5000/a", "r:5000/a/b:1": "r:5000/a/b", "r:5000/a:1@sha256:x": "r:5000/a"} {
		if got := repositoryOf(reference); got != want {
			t.Errorf("%s is in %s, want %s", reference, got, want)
		}
	}
}
